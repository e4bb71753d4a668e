//! From guest bytes to a block.

pub mod alu;
pub mod atomic;
pub mod compressed;
pub mod control;
pub mod float;
pub mod load_store;
pub mod system;

use super::{Builder, Context, Field, Insn, builder, decode, is_compressed, regs};
use crate::ir::{Block, Op};

/// Where to end a block at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiftLimits {
    /// Number of guest instructions; 0 counts as 1.
    pub max_insns: u16,
    /// Number of conditional branches that it goes on behind.
    pub max_exits: u16,
}

impl LiftLimits {
    /// The limits for at most `max_insns` guest instructions.
    pub fn insns(max_insns: u16) -> Self {
        Self {
            max_insns,
            max_exits: MAX_EXITS,
        }
    }
}

/// Each exit duplicates the code behind it: what it leads to likely comes back there.
const MAX_EXITS: u16 = 8;

/// The first instruction needs more bytes than there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the first instruction needs more bytes than given")]
pub struct Truncated;

/// Lifts the code at the start of `code`, which reaches from the block's first
/// instruction to at most the end of its physical page.
///
/// # Errors
/// [`Truncated`] if not even the first instruction is there as a whole.
pub fn lift_block(code: &[u8], ctx: Context, limits: &LiftLimits) -> Result<Block, Truncated> {
    let mut b = Builder::default();
    while let Some((insn, len)) = fetch(code, b.next()) {
        b.begin(len);
        lift_insn(&mut b, insn, ctx);
        if b.is_ended() || b.insns() >= limits.max_insns || b.exits() > limits.max_exits {
            break;
        }
    }
    if b.insns() == 0 {
        return Err(Truncated);
    }
    Ok(b.finish())
}

/// The instruction at `offset` and its length, if it lies within `code` and
/// ends at an offset that a block can express.
fn fetch(code: &[u8], offset: u16) -> Option<(Insn, u8)> {
    let len = |n: u8| offset.checked_add(n.into()).map(|_| n);
    match *code.get(usize::from(offset)..)? {
        [a, b, ..] if is_compressed(a.into()) => {
            Some((Insn(u16::from_le_bytes([a, b]).into()), len(2)?))
        }
        [a, b, c, d, ..] => Some((Insn(u32::from_le_bytes([a, b, c, d])), len(4)?)),
        _ => None,
    }
}

/// Number of the CSR with the floating-point flags.
const FFLAGS: u16 = 0x001;

/// What is fixed of `CBO.ZERO`.
const CBO_ZERO: u32 = 0x0040_200f;

fn lift_insn(b: &mut Builder, insn: Insn, ctx: Context) {
    let fp_enabled = ctx.has(Context::FP_ENABLED);
    let legal = |row: &&super::Row| {
        let dynamic_rounding = row.pattern.has(Field::Rm) && insn.rm() == 7;
        (fp_enabled || !row.needs_fp()) && (ctx.has(Context::ROUNDING_VALID) || !dynamic_rounding)
    };
    let Some(row) = decode(insn.0).filter(legal) else {
        return b.end_illegal(insn);
    };
    if ctx.has(Context::ZERO_BLOCK) && row.pattern.value == CBO_ZERO {
        return b.op(Op::ZeroBlock {
            addr: builder::x(insn.rs1()),
        });
    }
    let csr = row.pattern.has(Field::Csr).then(|| insn.csr());
    let storage = csr.filter(|_| ctx.is_supervisor()).and_then(regs::csr);
    match (csr, storage) {
        (Some(FFLAGS), _) if fp_enabled => system::fp_flags(b, insn),
        (_, Some((slot, writable))) => system::storage(b, insn, slot, writable),
        _ => (row.lift)(b, insn),
    }
}
