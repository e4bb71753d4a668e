//! What every block must obey, whoever made it.

use super::{Block, Op, Operand, Slot, Terminator, fixed};

/// A rule of the IR that a block breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// An instruction goes on after an exit.
    #[error("`{op}` follows an exit in the same instruction")]
    AfterExit {
        /// The op, printed.
        op: String,
    },
    /// The number of marks is not the number of instructions.
    #[error("the block has {marks} instruction marks but claims {insns} instructions")]
    WrongCount {
        /// Marks found.
        marks: usize,
        /// Instructions claimed.
        insns: u16,
    },
    /// A temporary is read that no earlier op wrote.
    #[error("`{op}` reads {slot} before it is written")]
    UnwrittenTemp {
        /// The op, printed.
        op: String,
        /// The temporary.
        slot: Slot,
    },
    /// An op writes a slot that blocks may not write.
    #[error("`{op}` writes {slot}")]
    ReadOnlySlot {
        /// The op, printed.
        op: String,
        /// The slot.
        slot: Slot,
    },
    /// A slot has no meaning.
    #[error("`{op}` names {slot}, which is reserved")]
    ReservedSlot {
        /// The op, printed.
        op: String,
        /// The slot.
        slot: Slot,
    },
}

impl Block {
    /// Checks the block against the rules of the IR.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn verify(&self) -> Result<(), VerifyError> {
        self.verify_marks()?;
        self.verify_exits()?;
        let mut written = [false; super::SLOT_COUNT];
        for op in &self.ops {
            let mut result = Ok(());
            op.for_each_operand(|operand| {
                let checked = check_read(operand, &written, op);
                result = std::mem::replace(&mut result, Ok(())).and(checked);
            });
            result?;
            if let Some(dst) = op.dst() {
                check_write(dst, op)?;
                written[usize::from(dst.0)] = true;
            }
        }
        self.verify_end(&written)
    }

    fn verify_marks(&self) -> Result<(), VerifyError> {
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

    /// An exit's instruction has retired: it cannot have more to do.
    fn verify_exits(&self) -> Result<(), VerifyError> {
        for pair in self.ops.windows(2) {
            if let [Op::SideExit { .. }, op] = pair
                && !matches!(op, Op::Insn { .. } | Op::SideExit { .. })
            {
                return Err(VerifyError::AfterExit { op: op.to_string() });
            }
        }
        Ok(())
    }

    fn verify_end(&self, written: &[bool; super::SLOT_COUNT]) -> Result<(), VerifyError> {
        let mut result = Ok(());
        self.end.for_each_operand(|operand| {
            let checked = check_read(operand, written, &self.end);
            result = std::mem::replace(&mut result, Ok(())).and(checked);
        });
        result?;
        match self.end {
            Terminator::Helper { dst: Some(dst), .. } => check_write(dst, &self.end),
            _ => Ok(()),
        }
    }
}

fn check_read(
    operand: Operand,
    written: &[bool; super::SLOT_COUNT],
    op: &impl ToString,
) -> Result<(), VerifyError> {
    match operand {
        Operand::Slot(slot) if slot.is_temp() && !written[usize::from(slot.0)] => {
            Err(VerifyError::UnwrittenTemp {
                op: op.to_string(),
                slot,
            })
        }
        Operand::Slot(slot) if is_reserved(slot) => Err(VerifyError::ReservedSlot {
            op: op.to_string(),
            slot,
        }),
        _ => Ok(()),
    }
}

fn check_write(slot: Slot, op: &impl ToString) -> Result<(), VerifyError> {
    match slot {
        fixed::PC => Err(VerifyError::ReadOnlySlot {
            op: op.to_string(),
            slot,
        }),
        _ if is_reserved(slot) => Err(VerifyError::ReservedSlot {
            op: op.to_string(),
            slot,
        }),
        _ => Ok(()),
    }
}

/// Whether the slot is neither a guest's, nor a named one, nor a temporary.
fn is_reserved(slot: Slot) -> bool {
    slot.0 >= fixed::ZERO.0 && !slot.is_temp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(body: &str) -> Result<(), VerifyError> {
        format!("block 1, 4\n{body}\njump.plain 4")
            .parse::<Block>()
            .unwrap()
            .verify()
    }

    #[test]
    fn accepts_a_sound_block() {
        verify("insn 0, 4\nt0 = add.w64 s1, 1\ns2 = add.w64 t0, pc").unwrap();
        verify("insn 0, 4\nsideexit.eq s1, 1, 8\nsideexit.ne s1, s2, -8").unwrap();
        include_str!("text/all_ops.ir")
            .replace(
                "t0 = move s11",
                "t0 = move s11\n t111 = move 1\n t1 = move 1\n t2 = move 1\n t3 = move 1",
            )
            .parse::<Block>()
            .unwrap()
            .verify()
            .unwrap();
    }

    #[test]
    fn rejects_each_broken_rule() {
        assert_eq!(verify("s1 = move 1"), Err(VerifyError::NoMark));
        assert_eq!(
            verify("insn 2, 4"),
            Err(VerifyError::MarkOutOfOrder { offset: 2 })
        );
        assert_eq!(
            verify("insn 0, 2\ninsn 2, 2"),
            Err(VerifyError::WrongCount { marks: 2, insns: 1 })
        );
        let two = |body: &str| {
            let text = format!("block 2, 8\n{body}\njump.plain 8");
            text.parse::<Block>().unwrap().verify()
        };
        assert_eq!(two("insn 0, 4\ninsn 6, 2"), Ok(()), "a jump over 2 bytes");
        assert_eq!(
            two("insn 0, 4\ninsn 2, 4"),
            Err(VerifyError::MarkOutOfOrder { offset: 2 })
        );
        assert_eq!(
            two("insn 0, 4\ninsn 4, 2"),
            Err(VerifyError::WrongLength { bytes: 8, end: 6 })
        );
        assert!(matches!(
            verify("insn 0, 4\nsideexit.eq s1, 1, 8\ns1 = move 1"),
            Err(VerifyError::AfterExit { .. })
        ));
        assert!(matches!(
            verify("insn 0, 4\ns1 = move t3"),
            Err(VerifyError::UnwrittenTemp { slot, .. }) if slot == Slot::temp(3)
        ));
        assert!(matches!(
            verify("insn 0, 4\npc = move 3"),
            Err(VerifyError::ReadOnlySlot {
                slot: fixed::PC,
                ..
            })
        ));
        assert!(matches!(
            verify("insn 0, 4\ns1 = move s140"),
            Err(VerifyError::ReservedSlot {
                slot: Slot(140),
                ..
            })
        ));
    }
}
