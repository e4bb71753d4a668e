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
//!
//! What an op is, one row says ([`Op`] in `op.rs`): its text, its effects, its fields,
//! whose types tell results, operands and qualifiers apart, and what they must obey.
//! Printer, parser, verifier and passes go by it. What a guest is to its blocks, its
//! [`GuestInfo`] says: which slots they may name and what its helpers do.

mod block;
mod description;
mod effects;
pub mod eval;
mod field;
mod helper;
mod kind;
mod op;
mod packed;
pub mod pairs;
mod slot;
mod slot_set;
mod text;
mod verify;

pub use block::{Block, Terminator};
pub use effects::Effects;
pub use helper::{GuestInfo, HelperEffects, HelperId, HelperKind};
pub use kind::{
    AtomicOp, BinaryOp, Cond, Extend, FpBinaryOp, FpCompareOp, FpFormat, IntFormat, JumpHint,
    Ordering, Rounding, UnaryOp, Width,
};
pub use op::Op;
pub use packed::PackedBlock;
pub use slot::{Operand, SLOT_COUNT, Slot, fixed};
pub use slot_set::SlotSet;
pub use text::ParseError;
pub use verify::VerifyError;
