//! RISC-V, 64 bit: RV64GC and the extensions of [`isa::ISA_EXTENSIONS`].
//!
//! Every instruction is one row of a table in `rows`: its bit pattern, name,
//! operand syntax and the function that lifts it. [`decode`], [`disassemble`]
//! and [`lift_block`] all read those rows and know no instruction themselves.

mod builder;
mod csr_names;
mod decode;
mod disasm;
mod field;
pub mod helper;
mod imm;
mod info;
mod insn;
pub mod isa;
mod lift;
mod pattern;
pub mod regs;
mod row;
mod rows;
mod shape;
mod syntax;

#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use csr_names::csr_name;
pub use decode::{decode, is_compressed};
pub use disasm::disassemble;
pub use field::Field;
pub use helper::Helper;
pub use info::INFO;
pub use insn::Insn;
pub use lift::{LiftContext, LiftLimits, Truncated, lift_block};
pub use pattern::Pattern;
pub use row::{Extension, Lift, Row, extensions};
pub use shape::SHAPE;
pub use syntax::Syntax;
