//! Sequences of instructions, in units that can be left out one by one.

use std::fmt::Write as _;

use vm_cross_arch::guest::riscv64::{disassemble, is_compressed};

use super::{environment::Environment, operands::Displacement};

/// The call that ends a sequence.
const ECALL: u32 = 0x73;

/// Instructions that only make sense together.
#[derive(Clone)]
pub struct Unit {
    /// Their bits.
    pub code: Vec<u32>,
    /// The displacement that leads to a later unit.
    pub jump: Option<Jump>,
}

/// A displacement in a unit.
#[derive(Clone, Copy)]
pub struct Jump {
    /// The instruction that has it.
    pub at: usize,
    /// The instruction from whose address it counts.
    pub from: usize,
    /// Its format.
    pub kind: Displacement,
    /// Where it leads.
    pub to: To,
}

/// Where a displacement leads.
#[derive(Clone, Copy)]
pub enum To {
    /// Over so many units after its own, to the end if there are not as many.
    Over(usize),
    /// To the start of the unit so many before its own, at most to the first.
    Back(usize),
    /// To a fixed offset.
    Offset(i32),
}

/// A sequence and the state it starts in.
#[derive(Clone)]
pub struct Sequence {
    /// The state.
    pub environment: Environment,
    /// The instructions.
    pub units: Vec<Unit>,
}

impl Unit {
    /// A single instruction.
    pub fn one(bits: u32) -> Self {
        Self::of(vec![bits])
    }

    /// Several.
    pub fn of(code: Vec<u32>) -> Self {
        Self { code, jump: None }
    }

    /// Bytes of its code.
    pub fn bytes(&self) -> usize {
        self.code.iter().map(|&bits| length(bits)).sum()
    }

    fn offset(&self, index: usize) -> usize {
        self.code[..index].iter().map(|&bits| length(bits)).sum()
    }
}

impl Sequence {
    /// The instructions with all displacements filled in.
    pub fn instructions(&self) -> Vec<u32> {
        assemble(&self.units, 0)
    }

    /// The same as bytes, with the call that ends it.
    pub fn code(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for bits in self.instructions() {
            bytes.extend(&bits.to_le_bytes()[..length(bits)]);
        }
        bytes.extend(ECALL.to_le_bytes());
        bytes
    }

    /// As text, an instruction a line, addresses counted from `start`.
    pub fn listing(&self, start: u64) -> String {
        let mut text = String::new();
        let mut pc = start;
        for bits in self.instructions() {
            let width = 2 * length(bits);
            let line = disassemble(bits, pc);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{pc:x}: {bits:0width$x}  {line}");
            pc += length(bits) as u64;
        }
        text
    }
}

/// The instructions of units, with all displacements filled in, from `offset` on.
pub fn assemble(units: &[Unit], offset: usize) -> Vec<u32> {
    let mut starts = vec![offset];
    for unit in units {
        starts.push(starts[starts.len() - 1] + unit.bytes());
    }
    let mut code = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        let start = code.len();
        code.extend(&unit.code);
        if let Some(jump) = unit.jump {
            let target = match jump.to {
                To::Over(count) => starts[(index + 1 + count).min(units.len())] as i32,
                To::Back(count) => starts[index.saturating_sub(count)] as i32,
                To::Offset(target) => target,
            };
            let from = starts[index] + unit.offset(jump.from);
            let at = start + jump.at;
            code[at] = jump.kind.set(code[at], target - from as i32);
        }
    }
    code
}

/// Length of an instruction in bytes.
pub fn length(bits: u32) -> usize {
    if is_compressed(bits) { 2 } else { 4 }
}
