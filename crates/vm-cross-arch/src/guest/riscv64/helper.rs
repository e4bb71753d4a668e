//! What the lifted code leaves to the engine, and what that may do.

use super::regs;
use crate::ir::{HelperEffects, HelperId, HelperKind, SlotSet, fixed};

macro_rules! helpers {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $effects:expr;)*) => {
        /// A routine of the engine for RISC-V guests. Arguments not named are 0.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Helper {
            $($(#[$doc])* $name = $id,)*
        }

        impl Helper {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The helper with this number.
            pub const fn from_id(id: HelperId) -> Option<Self> {
                match id.0 {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// What it may do besides computing its result.
            pub const fn effects(self) -> &'static HelperEffects {
                match self {
                    $(Self::$name => const { &$effects },)*
                }
            }
        }
    };
}

/// Pairs of integer registers; the one that starts with x0 is the constant 0.
const PAIRS: SlotSet = SlotSet::range(regs::x(2), regs::x(31));
/// The slots that CSRs are in, in part or as a whole.
const CSRS: SlotSet = SlotSet::range(regs::SSCRATCH, regs::STVAL)
    .union(SlotSet::of(&[fixed::FP_FLAGS, fixed::FP_DIRTY]));

/// A helper that returns to the block, unless by an exception.
const OP: HelperEffects = HelperEffects {
    may_fault: true,
    ..HelperEffects::NONE
};
/// A helper that ends the block, perhaps by an exception.
const END: HelperEffects = HelperEffects {
    kind: HelperKind::Terminator,
    ..OP
};
/// One that changes the system besides.
const SYSTEM: HelperEffects = HelperEffects {
    changes_system: true,
    ..END
};

helpers! {
    /// Raises illegal instruction; `args[0]`: the instruction's bits.
    Illegal = 0, END;
    /// `ECALL`.
    Ecall = 1, HelperEffects {
        reads: SlotSet::range(regs::x(10), regs::x(17)),
        writes: SlotSet::range(regs::x(10), regs::x(11)),
        reads_memory: true,
        writes_memory: true,
        ..SYSTEM
    };
    /// `EBREAK`.
    Ebreak = 2, END;
    /// `MRET`; `args[0]`: the bits.
    Mret = 3, SYSTEM;
    /// `SRET`; `args[0]`: the bits.
    Sret = 4, HelperEffects {
        reads: SlotSet::of(&[regs::SEPC]),
        ..SYSTEM
    };
    /// `WFI`; `args[0]`: the bits.
    Wfi = 5, END;
    /// `FENCE.I`.
    FenceI = 6, HelperEffects {
        may_fault: false,
        ..SYSTEM
    };
    /// `SFENCE.VMA`, also `SINVAL.VMA`; `args[0]`: the virtual
    /// address, `args[1]`: the ASID, `args[2]`: the bits, whose rs1 and rs2
    /// fields tell whether address and ASID count.
    SfenceVma = 7, SYSTEM;
    /// `SFENCE.W.INVAL` and `SFENCE.INVAL.IR`; `args[0]`: the bits.
    SfenceOrder = 8, END;
    /// Reads a CSR and writes nothing; `args[0]`: CSR number, `args[2]`: the bits.
    CsrRead = 9, HelperEffects {
        reads: CSRS,
        ..OP
    };
    /// Reads and writes a CSR; result: the old value; `args[0]`: CSR
    /// number, `args[1]`: operand value (rs1 or zero-extended immediate),
    /// `args[2]`: the bits, whose funct3 field is the operation (bits 13:12: 1
    /// write, 2 set, 3 clear).
    CsrWrite = 10, HelperEffects {
        reads: CSRS,
        writes: CSRS.union(SlotSet::of(&[fixed::FP_ROUNDING])),
        ..SYSTEM
    };
    /// `CBO.ZERO`; `args[0]`: address, `args[2]`: the bits.
    CboZero = 11, HelperEffects {
        writes_memory: true,
        ..OP
    };
    /// `CBO.CLEAN`, `CBO.FLUSH` and `CBO.INVAL`; `args[0]`: address,
    /// `args[2]`: the bits, whose imm field tells which.
    CboManage = 12, OP;
    /// `WRS.NTO` and `WRS.STO`; `args[0]`: the bits.
    Wrs = 13, HelperEffects {
        may_fault: false,
        ..END
    };
    /// `AMOCAS.Q`; `args[0]`: address, `args[2]`: the bits, whose rd and rs2
    /// fields name the register pairs, which the helper reads and writes itself.
    AmoCasQ = 14, HelperEffects {
        reads: PAIRS,
        writes: PAIRS,
        reads_memory: true,
        writes_memory: true,
        ..OP
    };
}

impl Helper {
    /// The number lifted code carries.
    pub const fn id(self) -> HelperId {
        HelperId(self as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for &helper in Helper::ALL {
            assert_eq!(Helper::from_id(helper.id()), Some(helper));
        }
        assert_eq!(Helper::from_id(HelperId(15)), None);
    }
}
