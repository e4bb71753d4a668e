//! What a guest architecture's folder provides to whoever translates its code.

use std::{fmt::Debug, hash::Hash};

use vm_core::AccessSize;

use super::GuestShape;
use crate::ir::{Block, GuestInfo};

/// An instruction set: from the bytes of guest code to IR.
///
/// Nothing here sees a vCPU: what a translation depends on besides the code is
/// in its [`Context`](Self::Context), so any thread may translate, and equal arguments give equal
/// blocks.
///
/// A new guest architecture implements this in `guest/<arch>/` of this crate, with
/// the same file names as the others, and the engine's `Guest` trait, which names
/// this one, in `guest/<arch>/` of `vm-engine`. This one says:
///
/// 1. which registers the guest has: slots 0 to 127, named in `regs`;
/// 2. how its instructions are told apart: one row each, which decoder,
///    disassembler and lifter read;
/// 3. what each does, in ops, with [`BlockBuilder`](super::BlockBuilder);
/// 4. what it cannot say in ops: a number in `helper`, and the engine's part does
///    the work;
/// 5. what decoding depends on: [`IsaContext`];
/// 6. how long its instructions are, and which registers are the busiest:
///    [`GuestShape`].
pub trait Isa: Send + Sync + 'static {
    /// What the translation of a block depends on besides its bytes.
    type Context: IsaContext;

    /// What generated code depends on, beside the IR, and how long instructions are.
    const SHAPE: &'static GuestShape;

    /// What verification and passes have to know: which slots there are, and what
    /// helpers may do.
    const INFO: &'static GuestInfo;

    /// What every instruction is a whole number of: each such piece is fetched, and may
    /// fault, by itself.
    const FETCH: AccessSize = Self::SHAPE.fetch();

    /// The longest instruction, in bytes.
    const MAX_INSN_BYTES: usize = Self::SHAPE.max_insn_bytes as usize;

    /// Bytes of guest code that one block may come from, those that its jumps
    /// skip included.
    const MAX_BLOCK_BYTES: usize;

    /// Lifts the block at the start of `code`, which reaches to the end of the
    /// physical page at most, with no more than `max_insns` instructions (0 counts
    /// as 1). `None` if not even the first is there as a whole.
    fn lift(context: Self::Context, code: &[u8], max_insns: u16) -> Option<Block>;

    /// The text of the instruction `code` at virtual address `pc`, for people.
    fn disassemble(code: &[u8], pc: u64) -> String;
}

/// What the translation of a block depends on besides its bytes: the privilege
/// where decoding or fetching depends on it, which extensions are on, the rounding
/// mode, as far as generated code relies on it.
///
/// It is packed into the keys of caches: equal keys make translations
/// interchangeable. It is asked for after every trap and every helper that ends
/// a block, so it should be one word already.
pub trait IsaContext: Copy + Eq + Hash + Debug + Send + Sync + 'static {
    /// As a key.
    fn key(self) -> u32;

    /// The context with this key, which [`key`](Self::key) has given.
    fn from_key(key: u32) -> Self;

    /// Whether the dynamic rounding mode of floating-point ops is nearest-even, so
    /// that generated code need not set it.
    fn rounds_to_nearest(self) -> bool;
}
