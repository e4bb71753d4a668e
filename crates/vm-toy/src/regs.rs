//! Where registers live, and what they are called.

use vm_cross_arch::{
    guest::GuestShape,
    ir::{GuestInfo, HelperEffects, HelperId, HelperKind, Slot, SlotSet},
};

/// `r<n>`, 0 to 7.
pub const fn r(n: u8) -> Slot {
    Slot(n & 7)
}

/// The carry flag: 0 or 1.
pub const CARRY: Slot = Slot(8);

/// Number of the register that holds return addresses.
pub const LINK: u8 = 7;

/// An enum whose variants are numbered from 0.
macro_rules! numbered {
    ($(#[$outer:meta])* $Name:ident { $($(#[$doc:meta])* $variant:ident,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $Name { $($(#[$doc])* $variant,)* }

        impl $Name {
            /// All, by number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }
    };
}

numbered! {
    /// The system registers.
    Sys {
        /// [`status`](crate::status).
        Status,
        /// `STATUS` before the trap; `rti` makes it `STATUS` again.
        Saved,
        /// Where traps go.
        Handler,
        /// Where `rti` goes: the instruction that trapped.
        Epc,
        /// [`cause`](crate::cause) of the last trap.
        Cause,
        /// The address that the last trap was about.
        Value,
        /// Physical address of the first page table; bits 7 to 0 number the address space.
        Root,
        /// Written: forgets translations of the page at that address, of all for -1.
        Flush,
        /// Levels of the interrupt lines.
        Lines,
        /// Number of the vCPU.
        Index,
        /// Instructions retired.
        Retired,
    }
}

numbered! {
    /// What lifted code leaves to the engine. All but `Read` end a block.
    Helper {
        /// Illegal instruction.
        Illegal,
        /// `trap`.
        Trap,
        /// `rti`.
        Return,
        /// `wait`.
        Wait,
        /// `sync`: what was stored before is executed from now on, and seen by others
        /// before what is stored later.
        Sync,
        /// `read`; `args[0]`: the system register's number.
        Read,
        /// `write`; `args[0]`: the system register's number, `args[1]`: the value.
        Write,
    }
}

impl Helper {
    /// Its number.
    pub const fn id(self) -> HelperId {
        HelperId(self as u16)
    }

    /// The helper with this number.
    pub fn from_id(id: HelperId) -> Option<Self> {
        Self::ALL.get(usize::from(id.0)).copied()
    }
}

/// What a helper may do.
fn effects(id: HelperId) -> Option<&'static HelperEffects> {
    const OP: HelperEffects = HelperEffects {
        may_fault: true,
        ..HelperEffects::NONE
    };
    const END: HelperEffects = HelperEffects {
        kind: HelperKind::Terminator,
        changes_system: true,
        ..OP
    };
    Some(match Helper::from_id(id)? {
        Helper::Read => &OP,
        _ => &END,
    })
}

const REGISTERS: SlotSet = SlotSet::range(r(0), CARRY);

/// What verification and passes have to know.
pub static INFO: GuestInfo = GuestInfo {
    readable: REGISTERS.union(GuestInfo::FIXED_READABLE),
    writable: REGISTERS.union(GuestInfo::FIXED_WRITABLE),
    helper: effects,
};

/// What back-ends have to know: `r0` to `r7` are worth a host register each, and `r6`
/// is the stack's, by convention.
pub const SHAPE: GuestShape = GuestShape {
    global_priority: &[r(0), r(1), r(2), r(3), r(4), r(5), r(6), r(7), CARRY],
    steady_bases: &[r(6)],
    insn_align_shift: 0,
    max_insn_bytes: 10,
};
