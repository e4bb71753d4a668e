//! The intermediate representation (IR): small, typed, block-structured.
//!
//! A [`Block`] is entered at its start and ends with a [`Terminator`]; on the way
//! it may be left by an [`Op::SideExit`], so it can follow forward branches and
//! jumps of the guest. Its ops read and write 64-bit *slots*: guest registers, a
//! few fixed cells every guest shares, and temporaries that live no longer than
//! the block. There is no SSA form: a slot is a variable, so a tier can keep it
//! wherever it likes and a guest register needs no load or store of its own.
//!
//! Every guest instruction starts with an [`Op::Insn`] mark. When an op raises
//! an exception, all writes of the guest instructions before its mark have
//! happened and none of its own instruction's register writes have: lifters
//! place faulting ops before the register writes of their instruction, and
//! passes keep guest-register writes on their side of a faulting op. The same
//! goes for an exit, except that its own instruction has retired.

mod access;
mod block;
pub mod eval;
mod op;
pub mod pairs;
mod slot;
mod slot_set;
mod text;
mod verify;

pub use block::{Block, JumpHint, Terminator};
pub use op::{
    AtomicOp, BinaryOp, Cond, Extend, FpBinaryOp, FpCompareOp, FpFormat, HelperId, IntFormat, Op,
    Ordering, Rounding, UnaryOp, Width,
};
pub use slot::{Operand, SLOT_COUNT, Slot, fixed};
pub use slot_set::SlotSet;
pub use text::ParseError;
pub use verify::VerifyError;
