//! The instructions: one row each, which decoder, disassembler, assembler and lifter read.

use vm_core::AccessSize;
use vm_cross_arch::{
    guest::BlockBuilder,
    ir::{BinaryOp, Cond},
};

use crate::{Helper, lift};

/// The operands of an instruction, in the order of its bytes behind the opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// None.
    None,
    /// Registers `a` (low half) and `b` of one byte.
    Registers,
    /// Register `a` and a system register, of one byte.
    System,
    /// Registers as before, then 4 bytes: what is added to `b`.
    Memory,
    /// Registers as before, then 2 bytes: distance of the target.
    Branch,
    /// 4 bytes: distance of the target.
    Jump,
    /// Register `a`, then 8 bytes: a constant.
    Constant,
}

impl Format {
    /// Length of the instruction.
    pub const fn bytes(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Registers | Self::System => 2,
            Self::Branch => 4,
            Self::Jump => 5,
            Self::Memory => 6,
            Self::Constant => 10,
        }
    }

    /// Whether the byte after the opcode names registers.
    pub const fn has_registers(self) -> bool {
        !matches!(self, Self::None | Self::Jump)
    }
}

/// The operands of one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Insn {
    /// The first register.
    pub a: u8,
    /// The second register.
    pub b: u8,
    /// The constant, sign-extended.
    pub imm: i64,
}

/// One instruction. Its opcode is its row's number.
#[derive(Debug)]
pub struct Row {
    /// The assembler's name.
    pub name: &'static str,
    /// Its operands.
    pub format: Format,
    /// Whether it is illegal in user mode.
    pub privileged: bool,
    /// What it does.
    pub lift: fn(&mut BlockBuilder, Insn),
}

macro_rules! rows {
    ($($name:literal $format:ident $mode:literal $lift:ident($($arg:expr),*);)*) => {
        /// All instructions.
        pub static ROWS: &[Row] = &[$(Row {
            name: $name,
            format: Format::$format,
            privileged: $mode,
            lift: |builder, insn| lift::$lift(builder, insn $(, $arg)*),
        },)*];
    };
}

/// What opcodes without a row are, and what user mode may not do.
pub static ILLEGAL: &Row = &ROWS[0];

rows! {
    "illegal" None false end(Helper::Illegal);
    "nop" None false nop();
    "trap" None false end(Helper::Trap);
    "sync" None false end(Helper::Sync);
    "rti" None true end(Helper::Return);
    "wait" None true end(Helper::Wait);
    "read" System true read();
    "write" System true write();
    "ret" None false ret();
    "jr" Registers false jump_register();
    "callr" Registers false call_register();
    "jmp" Jump false jump();
    "call" Jump false call();
    "beq" Branch false branch(Cond::Eq);
    "bne" Branch false branch(Cond::Ne);
    "bltu" Branch false branch(Cond::LtU);
    "blt" Branch false branch(Cond::LtS);
    "bnc" Branch false branch_no_carry();
    "mov" Registers false copy();
    "set" Constant false set();
    "cmovc" Registers false move_if_carry();
    "addi" Memory false add_immediate();
    "add" Registers false add();
    "adc" Registers false add_with_carry();
    "sub" Registers false subtract();
    "and" Registers false binary(BinaryOp::And);
    "or" Registers false binary(BinaryOp::Or);
    "xor" Registers false binary(BinaryOp::Xor);
    "mul" Registers false binary(BinaryOp::Mul);
    "shl" Registers false binary(BinaryOp::Shl);
    "shr" Registers false binary(BinaryOp::Shr);
    "sltu" Registers false compare(Cond::LtU);
    "slt" Registers false compare(Cond::LtS);
    "ld8" Memory false load(AccessSize::Byte);
    "ld16" Memory false load(AccessSize::Half);
    "ld32" Memory false load(AccessSize::Word);
    "ld64" Memory false load(AccessSize::Double);
    "st8" Memory false store(AccessSize::Byte);
    "st16" Memory false store(AccessSize::Half);
    "st32" Memory false store(AccessSize::Word);
    "st64" Memory false store(AccessSize::Double);
}

/// The instruction at the start of `code`, whose opcode may be none; `None` if it is not
/// all there.
pub fn decode(code: &[u8]) -> Option<(&'static Row, Insn)> {
    let (&opcode, rest) = code.split_first()?;
    let row = ROWS.get(usize::from(opcode)).unwrap_or(ILLEGAL);
    let operands = rest.get(..usize::from(row.format.bytes()) - 1)?;
    let (registers, constant) = operands.split_at(row.format.has_registers().into());
    let registers = registers.first().copied().unwrap_or(0);
    let mut bytes = [0; 8];
    bytes[8 - constant.len()..].copy_from_slice(constant);
    let unused = 64 - 8 * constant.len() as u32;
    let insn = Insn {
        a: registers & 7,
        b: registers >> 4,
        imm: i64::from_le_bytes(bytes) >> unused.min(63),
    };
    Some((row, insn))
}

/// The instruction's text.
pub fn text((row, Insn { a, b, imm }): (&Row, Insn)) -> String {
    let name = row.name;
    match row.format {
        Format::None => name.to_owned(),
        Format::Registers | Format::System => format!("{name} {a}, {b}"),
        Format::Memory | Format::Branch => format!("{name} {a}, {b}, {imm}"),
        Format::Jump => format!("{name} {imm}"),
        Format::Constant => format!("{name} {a}, {imm}"),
    }
}
