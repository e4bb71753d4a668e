//! What every block must obey, whoever made it.

use super::{
    BinaryOp, Block, GuestInfo, HelperEffects, HelperId, Op, Slot, SlotSet, Terminator, Width,
};
use vm_core::AccessSize;

/// A rule of the IR that a block breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The first op is not an instruction mark.
    #[error("the block does not start with an instruction mark")]
    NoMark,
    /// Marks do not ascend from 0, overlap, or lie outside the block.
    #[error("the instruction mark at offset {offset} is out of order or out of the block")]
    MarkOutOfOrder {
        /// The mark's offset.
        offset: u16,
    },
    /// The block does not end where its last instruction does.
    #[error("the block claims {bytes} bytes but its last instruction ends at {end}")]
    WrongLength {
        /// Bytes claimed.
        bytes: u16,
        /// End of the last instruction.
        end: u16,
    },
    /// The number of marks is not the number of instructions.
    #[error("the block has {marks} instruction marks but claims {insns} instructions")]
    WrongCount {
        /// Marks found.
        marks: usize,
        /// Instructions claimed.
        insns: u16,
    },
    /// More ops than tiers can number.
    #[error("the block has {ops} ops")]
    TooManyOps {
        /// How many.
        ops: usize,
    },
    /// An instruction without bytes.
    #[error("`{op}` has no length")]
    NoLength {
        /// The mark, printed.
        op: String,
    },
    /// An operation that does not exist in the op's width.
    #[error("`{op}` exists for 64 bits only")]
    Width {
        /// The op, printed.
        op: String,
    },
    /// An atomic access of a size that no atomic has.
    #[error("`{op}` is atomic, but not of a word or double")]
    Size {
        /// The op, printed.
        op: String,
    },
    /// An instruction goes on after an exit.
    #[error("`{op}` follows an exit in the same instruction")]
    AfterExit {
        /// The op, printed.
        op: String,
    },
    /// An instruction may fault after it has changed the guest's state.
    #[error("`{op}` may fault, and its instruction has written guest slots")]
    FaultAfterWrite {
        /// The op, printed.
        op: String,
    },
    /// A temporary is read that no earlier op wrote.
    #[error("`{op}` reads {slot} before it is written")]
    UnwrittenTemp {
        /// The op, printed.
        op: String,
        /// The temporary.
        slot: Slot,
    },
    /// An op writes a slot that blocks of the guest may not write.
    #[error("`{op}` writes {slot}, which blocks of this guest may not")]
    ReadOnlySlot {
        /// The op, printed.
        op: String,
        /// The slot.
        slot: Slot,
    },
    /// An op reads a slot that blocks of the guest do not have.
    #[error("`{op}` reads {slot}, which blocks of this guest may not")]
    UnknownSlot {
        /// The op, printed.
        op: String,
        /// The slot.
        slot: Slot,
    },
    /// No helper of the guest has the number.
    #[error("`{op}` calls a helper that the guest does not have")]
    UnknownHelper {
        /// The op, printed.
        op: String,
    },
    /// A helper of terminators in the body, or one of the body as terminator.
    #[error("`{op}` calls a helper that may not be called there")]
    MisplacedHelper {
        /// The op, printed.
        op: String,
    },
    /// The block ends before anybody could read a temporary.
    #[error("`{op}` writes {slot} at the block's end")]
    LostResult {
        /// The terminator, printed.
        op: String,
        /// The temporary.
        slot: Slot,
    },
}

/// What the rule of a row says about an op's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They obey it.
    Sound,
    /// An instruction without bytes.
    NoLength,
    /// The operation does not exist in this width.
    Width,
    /// No atomic access has this size.
    Size,
}

impl Verdict {
    /// `self` unless that is sound.
    pub(super) const fn or(self, other: Self) -> Self {
        match self {
            Self::Sound => other,
            _ => self,
        }
    }

    const fn unless(self, sound: bool) -> Self {
        if sound { Self::Sound } else { self }
    }

    fn of(self, op: &impl ToString) -> Result<(), VerifyError> {
        let op = || op.to_string();
        match self {
            Self::Sound => Ok(()),
            Self::NoLength => Err(VerifyError::NoLength { op: op() }),
            Self::Width => Err(VerifyError::Width { op: op() }),
            Self::Size => Err(VerifyError::Size { op: op() }),
        }
    }
}

/// Instructions have bytes.
pub(super) const fn length(len: u8) -> Verdict {
    Verdict::NoLength.unless(len != 0)
}

/// High halves of products are of 64 bits. Shifts take any amount, modulo the width.
pub(super) const fn width(op: BinaryOp, width: Width) -> Verdict {
    use BinaryOp as B;
    let wide_only = matches!(
        op,
        B::MulHighS | B::MulHighU | B::MulHighSU | B::ClMulHigh | B::ClMulRev
    );
    Verdict::Width.unless(!wide_only || matches!(width, Width::W64))
}

/// Atomics are of words and doubles.
pub(super) const fn atomic(size: AccessSize) -> Verdict {
    Verdict::Size.unless(matches!(size, AccessSize::Word | AccessSize::Double))
}

impl Block {
    /// Checks the block against the rules of the IR and what its guest says.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn verify(&self, guest: &GuestInfo) -> Result<(), VerifyError> {
        self.verify_marks()?;
        let mut verifier = Verifier {
            guest,
            temps: SlotSet::EMPTY,
            written: false,
            retired: false,
        };
        for op in &self.ops {
            verifier.op(op)?;
        }
        verifier.end(&self.end)
    }

    fn verify_marks(&self) -> Result<(), VerifyError> {
        if u16::try_from(self.ops.len()).is_err() {
            let ops = self.ops.len();
            return Err(VerifyError::TooManyOps { ops });
        }
        if !matches!(self.ops.first(), Some(Op::Insn { .. })) {
            return Err(VerifyError::NoMark);
        }
        let (mut marks, mut next) = (0, 0);
        for op in &self.ops {
            if let Op::Insn { offset, len } = *op {
                let end = offset.saturating_add(len.into());
                let starts_block = marks == 0 && offset == 0;
                let follows = marks > 0 && offset >= next;
                if !(starts_block || follows) || end > self.bytes {
                    return Err(VerifyError::MarkOutOfOrder { offset });
                }
                next = end;
                marks += 1;
            }
        }
        if next != self.bytes {
            return Err(VerifyError::WrongLength {
                bytes: self.bytes,
                end: next,
            });
        }
        if marks != usize::from(self.insns) {
            return Err(VerifyError::WrongCount {
                marks,
                insns: self.insns,
            });
        }
        Ok(())
    }
}

/// The walk over a block's ops.
struct Verifier<'a> {
    guest: &'a GuestInfo,
    /// Temporaries written so far.
    temps: SlotSet,
    /// The instruction has written guest slots: exceptions would not be precise.
    written: bool,
    /// The instruction has had an exit.
    retired: bool,
}

impl Verifier<'_> {
    fn op(&mut self, op: &Op) -> Result<(), VerifyError> {
        op.check().of(op)?;
        match *op {
            Op::Insn { .. } => (self.written, self.retired) = (false, false),
            Op::SideExit { .. } => self.retired = true,
            // An exit's instruction has retired: it cannot have more to do.
            _ if self.retired => return Err(VerifyError::AfterExit { op: op.to_string() }),
            Op::Helper { helper, .. } => self.helper(helper, op, HelperEffects::is_op)?,
            _ => self.fault(op.may_fault(), op)?,
        }
        let mut result = Ok(());
        op.for_each_read(|slot| {
            if result.is_ok() {
                result = self.read(slot, op);
            }
        });
        result?;
        self.written |= op.accrues_flags();
        match op.dst() {
            Some(dst) => self.write(dst, op),
            None => Ok(()),
        }
    }

    fn end(&mut self, end: &Terminator) -> Result<(), VerifyError> {
        end.check().of(end)?;
        if let Terminator::Helper { helper, .. } = end {
            self.helper(*helper, end, HelperEffects::is_terminator)?;
        }
        let mut result = Ok(());
        end.for_each_read(|slot| {
            if result.is_ok() {
                result = self.read(slot, end);
            }
        });
        result?;
        match end.dst() {
            Some(slot) if slot.is_temp() => {
                let op = end.to_string();
                Err(VerifyError::LostResult { op, slot })
            }
            Some(slot) => self.write(slot, end),
            None => Ok(()),
        }
    }

    fn read(&self, slot: Slot, op: &impl ToString) -> Result<(), VerifyError> {
        let op = || op.to_string();
        if slot.is_temp() {
            let written = self.temps.contains(slot);
            return if written {
                Ok(())
            } else {
                Err(VerifyError::UnwrittenTemp { op: op(), slot })
            };
        }
        if self.guest.readable.contains(slot) {
            Ok(())
        } else {
            Err(VerifyError::UnknownSlot { op: op(), slot })
        }
    }

    fn write(&mut self, slot: Slot, op: &impl ToString) -> Result<(), VerifyError> {
        if slot.is_temp() {
            self.temps.insert(slot);
        } else if !self.guest.writable.contains(slot) {
            let op = op.to_string();
            return Err(VerifyError::ReadOnlySlot { op, slot });
        } else {
            self.written = true;
        }
        Ok(())
    }

    fn fault(&self, may_fault: bool, op: &impl ToString) -> Result<(), VerifyError> {
        if may_fault && self.written {
            return Err(VerifyError::FaultAfterWrite { op: op.to_string() });
        }
        Ok(())
    }

    fn helper(
        &mut self,
        helper: HelperId,
        op: &impl ToString,
        may_be_here: fn(&HelperEffects) -> bool,
    ) -> Result<(), VerifyError> {
        let Some(effects) = (self.guest.helper)(helper) else {
            return Err(VerifyError::UnknownHelper { op: op.to_string() });
        };
        if !may_be_here(effects) {
            return Err(VerifyError::MisplacedHelper { op: op.to_string() });
        }
        self.fault(effects.may_fault, op)?;
        self.written |= !effects.writes.is_empty();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
