//! Who watches the engine: tools for those who look for what goes wrong, or for
//! what takes long. Without them nothing is different, and nothing slower.

use std::{fmt, ops::Range};

use crate::cache::Code;

/// What a stretch of host code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostCodeKind<'a> {
    /// The engine's own code, by name.
    Runtime(&'a str),
    /// A block of guest code.
    Block {
        /// The virtual address at which it was compiled; others may share it.
        pc: u64,
        /// The guest code, from its first instruction to its last one.
        source: &'a [u8],
    },
}

/// Is told of translations.
pub trait CodeListener: Send + Sync {
    /// A block was translated for tier 0, or again because the first time is gone.
    /// `source` is the guest code, `insns` its instructions: offset there, and length,
    /// in bytes. Called on a vCPU's thread.
    fn translated(&self, _source: &[u8], _insns: &[(u16, u8)]) {}

    /// Code was made at the host addresses `host`, where it is executed; what
    /// was there before is gone. Called on a vCPU's thread.
    fn code_made(&self, host: Range<usize>, kind: HostCodeKind<'_>);
}

/// What runs a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The interpreter.
    Interpreter,
    /// Code of the JIT.
    Jit,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Interpreter => "interp",
            Self::Jit => "jit",
        })
    }
}

/// A block that is about to run.
#[derive(Debug, Clone, Copy)]
pub struct BlockEntry<'a> {
    /// Index of the vCPU.
    pub vcpu: usize,
    /// Guest instructions that it has retired before.
    pub retired: u64,
    /// Name of the privilege mode.
    pub mode: &'static str,
    /// Virtual address of the block.
    pub pc: u64,
    /// What runs it.
    pub tier: Tier,
    pub(crate) code: &'a Code,
    pub(crate) disassemble: fn(&[u8], u64) -> String,
}

impl BlockEntry<'_> {
    /// How many guest instructions the block has. It may be left before its end.
    pub fn insns(&self) -> u16 {
        self.code.program.insns
    }

    /// The virtual addresses of its instructions and their text.
    pub fn disassembly(&self) -> impl Iterator<Item = (u64, String)> {
        self.code.program.instructions().map(|(offset, len)| {
            let start = usize::from(offset);
            let bytes = self.code.source().get(start..start + usize::from(len));
            let pc = self.pc.wrapping_add(offset.into());
            (pc, (self.disassemble)(bytes.unwrap_or_default(), pc))
        })
    }
}

/// Is told of every block before it runs.
pub trait BlockTracer: Send + Sync {
    /// A block is about to run. Called on the vCPU's thread, which waits.
    fn enters(&self, entry: &BlockEntry<'_>);
}
