//! What generated code and the engine agree on, whatever the host.
//!
//! One register, the *state register*, points into the vCPU's state; generated
//! code reaches everything else by constant offsets from it. At every block
//! edge the back-end's global guest registers are in their host registers and
//! all other slots in memory. Code is position-independent: the virtual address
//! of what runs is [`StateLayout::bias`] plus a *code position*, the low 32 bits
//! of its guest-physical address, sign-extended. The bias is the same for all
//! code of a page, so jumps within one need not touch it.

use vm_core::AccessSize;

use crate::ir::Op;

/// Offsets in bytes from the state register.
#[derive(Debug, Clone, Copy)]
pub struct StateLayout {
    /// Slot 0; the others follow, 8 bytes each.
    pub slots: i32,
    /// `i32`: guest instructions until the vCPU looks around.
    pub budget: i32,
    /// `u64`: virtual address minus code position of what runs.
    pub bias: i32,
    /// `u32` right after `bias`, and 4 bytes of padding: the number of the
    /// mapping that code runs under. Equal numbers mean equal bias and
    /// unchanged translations.
    pub mapping: i32,
    /// Pointer to [`JumpTable`] entries.
    pub jumps: i32,
    /// Pointer to the short TLB ([`ShortTlb`]), plus the back-end's bias.
    pub tlb: i32,
    /// `i32`: code position of the guest instruction that calls the engine for an op or a
    /// helper.
    pub site_pc: i32,
    /// `u32`: [`Site::pack`] of that instruction.
    pub site: i32,
    /// `u32`: what it calls: index of an op, or a helper's number.
    pub callee: i32,
    /// `i32`: code position of what follows a helper that ends a block.
    pub next: i32,
    /// Three `u64`: arguments of a helper that ends a block.
    pub args: i32,
    /// How far these are apart.
    pub arg_bytes: i32,
    /// 64 bytes: the guest's floating-point flags for each set of the host's.
    pub fp_flags: i32,
    /// `u32`: the value of the host's floating-point control and status word
    /// without any flag.
    pub fp_clear: i32,
    /// `u32`: the host's floating-point control and status word of the guest.
    pub fp_control: i32,
    /// `u32`: the same of the engine's own code.
    pub host_fp_control: i32,
}

/// Offsets from the state register of a reservation of load-reserved.
#[derive(Debug, Clone, Copy)]
pub struct ReservationCells {
    /// `u64`: host address of the access; 0 if there is no reservation.
    pub host: i32,
    /// `u64`: what was loaded, sign-extended.
    pub value: i32,
    /// `u32`, beside other vCPUs: not 0 while the store-conditional that runs is
    /// known to follow its load-reserved with no access to memory in between.
    pub proven: i32,
    /// `u32`, beside other vCPUs: not 0 while the engine has to make reservations.
    pub refused: i32,
}

/// Shape of the short TLB. Its entries have 16 bytes: tag (the page's virtual
/// address), then what turns a virtual into a host address when added.
///
/// There is a direct-mapped table for loads and one for stores. Before them
/// comes a small number of *inline caches*: an access looks first at that of
/// its own place in the code, which holds the page it went to last. That is one
/// comparison with memory at a constant offset, and nothing that the address of
/// the access has to wait for (ADR 8).
#[derive(Debug, Clone, Copy)]
pub struct ShortTlb;

impl ShortTlb {
    /// log2 of the number of entries of a table.
    pub const INDEX_BITS: u32 = 10;
    /// Entries of a table.
    pub const ENTRIES: usize = 1 << Self::INDEX_BITS;
    /// log2 of the size of an entry.
    pub const ENTRY_SHIFT: u32 = 4;
    /// log2 of the number of inline caches.
    pub const INLINE_CACHE_BITS: u32 = 8;
    /// Inline caches; each has an entry for loads and one for stores.
    pub const INLINE_CACHES: usize = 1 << Self::INLINE_CACHE_BITS;
    /// Offset of the load table.
    pub const READ: i32 = ((2 * Self::INLINE_CACHES) << Self::ENTRY_SHIFT) as i32;
    /// Offset of the store table.
    pub const WRITE: i32 = Self::READ + (Self::ENTRIES << Self::ENTRY_SHIFT) as i32;
    /// The tag of an unused entry: no page has this address, nor does an access
    /// that keeps the low bits of its address to see whether it is aligned.
    pub const UNUSED: u64 = 0x800;

    /// Offset of the inline cache `number` for loads or for stores.
    pub const fn inline_cache(number: u32, write: bool) -> i32 {
        let entry = number % Self::INLINE_CACHES as u32 * 2 + write as u32;
        (entry << Self::ENTRY_SHIFT) as i32
    }
}

/// Shape of the table that indirect jumps look their target up in:
/// direct-mapped, entries of 32 bytes: virtual address, host code, bias, mapping.
/// Behind it come inline caches: a jump that mostly goes to one target looks
/// at that of its own place in the code first.
#[derive(Debug, Clone, Copy)]
pub struct JumpTable;

impl JumpTable {
    /// log2 of the number of entries.
    pub const INDEX_BITS: u32 = 14;
    /// Entries.
    pub const ENTRIES: usize = 1 << Self::INDEX_BITS;
    /// log2 of the number of inline caches.
    pub const INLINE_CACHE_BITS: u32 = 8;
    /// Inline caches, each with one entry.
    pub const INLINE_CACHES: usize = 1 << Self::INLINE_CACHE_BITS;
    /// log2 of the size of an entry.
    pub const ENTRY_SHIFT: u32 = 5;
    /// Upper address bits are mixed into the index by a shift of so many.
    pub const MIX_SHIFT: u32 = 11;
    /// The address in an unused entry. No guest has code there, for it is none of any page
    /// table nor of any memory; one that goes there nevertheless finds an entry that leads to
    /// [`Runtime::Indirect`]: the code that follows an entry keeps the virtual address
    /// where a miss has it.
    pub const UNUSED: u64 = 1 << 63 | 1;

    /// The entry that may hold `va`, where instructions are aligned to
    /// 1 << `align_shift` (see [`GuestShape`](crate::guest::GuestShape)).
    pub const fn index(va: u64, align_shift: u32) -> usize {
        let low = va as u32;
        ((low ^ (low >> Self::MIX_SHIFT)) >> align_shift) as usize & (Self::ENTRIES - 1)
    }
}

/// What the engine must know of a guest instruction that calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// How many instructions of the block, this one included, have not retired.
    pub unretired: u16,
    /// Length of the instruction in bytes.
    pub len: u8,
}

impl Site {
    /// As one word.
    pub const fn pack(self) -> u32 {
        self.unretired as u32 | (self.len as u32) << 16
    }

    /// The reverse of [`pack`](Self::pack).
    pub const fn unpack(word: u32) -> Self {
        Self {
            unretired: word as u16,
            len: (word >> 16) as u8,
        }
    }
}

/// Code of the engine that generated code jumps to or calls, through stubs
/// that the back-end's runtime provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// An access that the entry of its site did not answer: fills it from the
    /// table if that has the page.
    Refill {
        /// How much is accessed.
        size: AccessSize,
        /// Whether it is a store.
        write: bool,
        /// The host register that has the address, and gets what turns it into
        /// that of the host.
        register: u8,
    },
    /// A load that the short TLB did not answer.
    Load(AccessSize),
    /// A store that the short TLB did not answer.
    Store(AccessSize),
    /// An op that has no native form.
    Op,
    /// A direct jump that is not linked.
    Link,
    /// An indirect jump that the jump table did not answer.
    Indirect,
    /// A helper that ends a block.
    Helper,
    /// The budget is used up.
    Poll,
    /// A block that must not be entered any more.
    Stale,
}

/// A jump, call or branch to a runtime stub, to be [led](super::Backend::lead) there.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeRef {
    /// Its offset in the code: where the back-end patches it.
    pub at: u32,
    /// Which stub.
    pub target: Runtime,
}

/// An access to memory that calls [`Runtime::Load`] or [`Runtime::Store`] when it
/// misses: what an exception there needs to know, kept beside the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessSite {
    /// Offset of the code that the call returns to.
    pub after: u32,
    /// Code position of the guest instruction.
    pub pc: i32,
    /// The rest.
    pub site: Site,
}

/// A direct jump out of a block, for the engine to link.
#[derive(Debug, Clone, Copy)]
pub struct Exit {
    /// Offset of the jump, where the back-end patches it; it leads to `stub` at first.
    pub jump: u32,
    /// Offset of the code that asks the engine for the target.
    pub stub: u32,
    /// Offset of the constant that a guarded jump compares the mapping with; 0 at first.
    pub guard: Option<u32>,
    /// Where to, in bytes from the block's start.
    pub target: i64,
}

/// A translated block.
#[derive(Debug, Default)]
pub struct HostCode {
    /// The code; entered at its start.
    pub bytes: Vec<u8>,
    /// Offset of the code that leads to [`Runtime::Stale`].
    pub stale: u32,
    /// References to runtime stubs.
    pub runtime: Vec<RuntimeRef>,
    /// Direct jumps out of the block.
    pub exits: Vec<Exit>,
    /// Ops that [`Runtime::Op`] runs.
    pub ops: Vec<Op>,
    /// Accesses to memory, by ascending offset.
    pub accesses: Vec<AccessSite>,
}

/// What the translation of one block depends on beside its IR.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Code position of the block's start.
    pub code_pc: i32,
    /// Number of the block's first exit, by which the engine knows it.
    pub first_exit: u32,
    /// Number of the block's first op for [`Runtime::Op`].
    pub first_op: u32,
    /// Whether the dynamic rounding mode is nearest-even wherever the block runs.
    pub rounds_to_nearest: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_round_trip() {
        let site = Site {
            unretired: 64,
            len: 4,
        };
        assert_eq!(Site::unpack(site.pack()), site);
    }
}
