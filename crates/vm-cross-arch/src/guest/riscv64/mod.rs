//! RISC-V, 64 bit: RV64GC and the extensions of [`isa::ISA_EXTENSIONS`].
//!
//! Every instruction is one row of a table in `rows`: its bit pattern, name,
//! operand syntax and the function that lifts it. [`decode`], [`disassemble`]
//! and [`lift_block`] all read those rows and know no instruction themselves.

mod builder;
mod context;
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

use crate::{
    guest::{GuestShape, Isa},
    ir::{Block, GuestInfo},
};

pub use builder::Builder;
pub use context::Context;
pub use csr_names::csr_name;
pub use decode::{decode, is_compressed};
pub use disasm::disassemble;
pub use field::Field;
pub use helper::Helper;
pub use info::INFO;
pub use insn::Insn;
pub use lift::{LiftLimits, Truncated, lift_block};
pub use pattern::Pattern;
pub use row::{Extension, Lift, Row, extensions};
pub use shape::SHAPE;
pub use syntax::Syntax;

/// RISC-V as an [instruction set](crate::guest::Isa).
#[derive(Debug)]
pub struct Rv64;

impl Isa for Rv64 {
    type Context = Context;

    const SHAPE: &'static GuestShape = &SHAPE;
    const INFO: &'static GuestInfo = &INFO;
    const MAX_BLOCK_BYTES: usize = 512;

    fn lift(context: Context, code: &[u8], max_insns: u16) -> Option<Block> {
        lift_block(code, context, &LiftLimits::insns(max_insns)).ok()
    }

    fn disassemble(code: &[u8], pc: u64) -> String {
        let mut bits = [0; 4];
        bits.iter_mut().zip(code).for_each(|(to, from)| *to = *from);
        disassemble(u32::from_le_bytes(bits), pc)
    }
}
