//! Blocks in few bytes, to be kept (ADR 19).

use super::{Block, HelperId, Op, Operand, Rounding, Slot, Terminator, text::Named};

/// A block in few bytes. It is for this run of the program only: the next version may
/// write others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBlock(Box<[u8]>);

impl Block {
    /// The block in few bytes.
    pub fn pack(&self) -> PackedBlock {
        let mut out = Vec::with_capacity(8 * (self.ops.len() + 2));
        self.insns.pack(&mut out);
        self.bytes.pack(&mut out);
        (self.ops.len() as i64).pack(&mut out);
        for op in &self.ops {
            op.pack(&mut out);
        }
        self.end.pack(&mut out);
        PackedBlock(out.into())
    }
}

impl PackedBlock {
    /// The block. `None` only for bytes that no block was packed into.
    pub fn unpack(&self) -> Option<Block> {
        let mut bytes = Bytes(&self.0);
        let (insns, length) = (u16::unpack(&mut bytes)?, u16::unpack(&mut bytes)?);
        let count = usize::try_from(i64::unpack(&mut bytes)?).ok()?;
        let mut ops = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            ops.push(Op::unpack(&mut bytes)?);
        }
        Some(Block {
            ops,
            end: Terminator::unpack(&mut bytes)?,
            insns,
            bytes: length,
        })
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none, which no block has.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes that are yet to be read.
pub(super) struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }
}

/// What can be packed: ops, terminators and their fields.
pub(super) trait Pack: Sized {
    /// Adds it to the bytes.
    fn pack(&self, out: &mut Vec<u8>);

    /// Reads it back.
    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self>;
}

impl Pack for u8 {
    #[inline]
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    #[inline]
    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        bytes.byte()
    }
}

impl Pack for Slot {
    #[inline]
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
    }

    #[inline]
    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        bytes.byte().map(Self)
    }
}

impl Pack for Option<Slot> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(slot) = self {
            slot.pack(out);
        }
    }

    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(if bool::unpack(bytes)? {
            Some(Slot::unpack(bytes)?)
        } else {
            None
        })
    }
}

/// In place of a slot's number: a constant of 1, 2, 4 or 8 bytes follows, or the number.
mod escape {
    pub(super) const BYTE: u8 = 0xff;
    pub(super) const HALF: u8 = 0xfe;
    pub(super) const WORD: u8 = 0xfd;
    pub(super) const DOUBLE: u8 = 0xfc;
    pub(super) const SLOT: u8 = 0xfb;
}

impl Pack for Operand {
    #[inline]
    fn pack(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Slot(slot) => {
                if slot.0 >= escape::SLOT {
                    out.push(escape::SLOT);
                }
                slot.pack(out);
            }
            Self::Imm(value) => {
                if let Ok(value) = i8::try_from(value) {
                    out.extend([escape::BYTE, value as u8]);
                } else if let Ok(value) = i16::try_from(value) {
                    out.push(escape::HALF);
                    out.extend(value.to_le_bytes());
                } else if let Ok(value) = i32::try_from(value) {
                    out.push(escape::WORD);
                    out.extend(value.to_le_bytes());
                } else {
                    out.push(escape::DOUBLE);
                    out.extend(value.to_le_bytes());
                }
            }
        }
    }

    #[inline]
    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(match bytes.byte()? {
            escape::BYTE => Self::Imm(i8::from_le_bytes(bytes.array()?).into()),
            escape::HALF => Self::Imm(i16::from_le_bytes(bytes.array()?).into()),
            escape::WORD => Self::Imm(i32::from_le_bytes(bytes.array()?).into()),
            escape::DOUBLE => Self::Imm(i64::from_le_bytes(bytes.array()?)),
            escape::SLOT => Self::Slot(Slot::unpack(bytes)?),
            slot => Self::Slot(Slot(slot)),
        })
    }
}

impl Pack for [Operand; 3] {
    fn pack(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|operand| operand.pack(out));
    }

    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        let mut operand = || Operand::unpack(bytes);
        Some([operand()?, operand()?, operand()?])
    }
}

/// Plain numbers: as operands, most of them are small.
macro_rules! numbers {
    ($($type:ident)*) => {
        $(
            impl Pack for $type {
                #[inline]
                fn pack(&self, out: &mut Vec<u8>) {
                    Operand::Imm((*self).into()).pack(out);
                }

                #[inline]
                fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
                    Operand::unpack(bytes)?.imm()?.try_into().ok()
                }
            }
        )*
    };
}
numbers! { u16 i32 i64 }

impl Pack for HelperId {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
    }

    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        u16::unpack(bytes).map(Self)
    }
}

impl Pack for Rounding {
    fn pack(&self, out: &mut Vec<u8>) {
        let number = Self::ALL.iter().position(|value| value == self);
        out.push(number.unwrap_or(usize::MAX) as u8);
    }

    fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
        Self::ALL.get(usize::from(bytes.byte()?)).copied()
    }
}

/// What has no fields: its number in the list of all, which is in order.
macro_rules! qualifiers {
    ($($type:ty)*) => {
        $(
            impl Pack for $type {
                #[inline]
                fn pack(&self, out: &mut Vec<u8>) {
                    out.push(*self as u8);
                }

                #[inline]
                fn unpack(bytes: &mut Bytes<'_>) -> Option<Self> {
                    Self::ALL.get(usize::from(bytes.byte()?)).copied()
                }
            }
        )*
    };
}
qualifiers! {
    super::Width super::BinaryOp super::UnaryOp super::Cond vm_core::AccessSize super::Extend
    super::AtomicOp super::Ordering super::FpFormat super::IntFormat super::FpBinaryOp
    super::FpCompareOp super::JumpHint bool
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(block: &Block) -> usize {
        let packed = block.pack();
        assert_eq!(packed.unpack().as_ref(), Some(block));
        packed.len()
    }

    #[test]
    fn every_op_with_every_qualifier_comes_back() {
        let ops = Op::examples();
        assert!(ops.len() > 200);
        for end in Terminator::examples() {
            check(&Block {
                ops: ops.clone(),
                end,
                insns: 64,
                bytes: 512,
            });
        }
    }

    #[test]
    fn every_operand_comes_back() {
        let slots = (0..=u8::MAX).map(|n| Operand::Slot(Slot(n)));
        let near = (0..64).flat_map(|shift| [-1, 0, 1].map(|by| (1_i64 << shift).wrapping_add(by)));
        let constants = near.flat_map(|value| [value, value.wrapping_neg()]);
        for src in slots.chain(constants.map(Operand::Imm)) {
            let dst = Slot(255);
            check(&Block {
                ops: vec![Op::Move { dst, src }],
                end: Terminator::JumpIndirect {
                    target: src,
                    hint: super::super::JumpHint::Plain,
                },
                insns: u16::MAX,
                bytes: 0,
            });
        }
    }

    #[test]
    fn what_is_no_block_is_nothing() {
        let block = Block {
            ops: Op::examples(),
            end: Terminator::examples()[0],
            insns: 1,
            bytes: 4,
        };
        let PackedBlock(bytes) = block.pack();
        for end in 0..bytes.len() {
            let cut = PackedBlock(bytes[..end].into());
            assert!(cut.unpack().is_none(), "{end}");
        }
        assert!(PackedBlock(Box::new([0xff; 64])).unpack().is_none());
    }
}
