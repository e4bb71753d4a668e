//! What a forward walk knows about slots.

use crate::ir::{BinaryOp, Cond, Operand, SLOT_COUNT, Slot, SlotSet, fixed};

/// How a slot's value came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing is known.
    Unknown,
    /// A constant.
    Const(i64),
    /// The block's address plus a constant.
    PcPlus(i64),
    /// A copy of a slot.
    Copy(Slot),
    /// A 64-bit shift of a slot by a constant.
    Shift(BinaryOp, Slot, u8),
    /// The same of 32 bits, sign-extended.
    NarrowShift(BinaryOp, Slot, u8),
    /// A comparison's result.
    Compare(Cond, Operand, Operand),
}

/// A value with the versions of the slots it speaks of.
#[derive(Clone, Copy)]
struct Fact {
    value: Value,
    versions: [u32; 2],
}

/// Facts about slots. A fact holds while the slots it speaks of are not
/// written: each slot has a version that every write changes.
pub(super) struct Values {
    /// A block names few of the slots: only those have facts.
    facts: Vec<Fact>,
    /// Where the fact about a slot is, plus 1; 0 if there is none.
    numbers: [u8; SLOT_COUNT],
    versions: [u32; SLOT_COUNT],
    /// Version that the next write gives.
    next: u32,
    /// Slots that hold sign-extended 32-bit values.
    narrow: SlotSet,
}

/// Room for the facts of most blocks, in a piece of memory that allocators have at hand.
const USUAL_FACTS: usize = 1024 / size_of::<Fact>();

const NOTHING: Fact = Fact {
    value: Value::Unknown,
    versions: [0; 2],
};

impl Values {
    /// Knows nothing but that the block's address is itself.
    pub(super) fn new() -> Self {
        let mut values = Self {
            facts: Vec::with_capacity(USUAL_FACTS),
            numbers: [0; SLOT_COUNT],
            versions: [0; SLOT_COUNT],
            next: 1,
            narrow: SlotSet::EMPTY,
        };
        values.set_pc();
        values
    }

    fn set_pc(&mut self) {
        let value = Value::PcPlus(0);
        self.set(fixed::PC, Fact { value, ..NOTHING });
    }

    fn set(&mut self, slot: Slot, fact: Fact) {
        let count = self.facts.len();
        let number = &mut self.numbers[usize::from(slot.0)];
        if let Some(old) = self.facts.get_mut(usize::from(*number).wrapping_sub(1)) {
            *old = fact;
        } else if let Ok(next) = u8::try_from(count + 1) {
            // Every slot but one has a number.
            self.facts.push(fact);
            *number = next;
        }
    }

    /// Forgets what the slots hold: a helper may have changed them.
    pub(super) fn forget(&mut self, slots: &SlotSet) {
        for slot in slots.iter() {
            self.versions[usize::from(slot.0)] = self.next;
            let number = usize::from(self.numbers[usize::from(slot.0)]);
            if let Some(fact) = self.facts.get_mut(number.wrapping_sub(1)) {
                *fact = NOTHING;
            }
        }
        self.next += 1;
        self.narrow.remove_all(slots);
    }

    /// Notes whether the slot, just written, holds a sign-extended 32-bit value.
    pub(super) fn note_narrow(&mut self, slot: Slot, narrow: bool) {
        self.narrow.set(slot, narrow);
    }

    /// Whether the slot holds a sign-extended 32-bit value.
    pub(super) fn is_narrow(&self, slot: Slot) -> bool {
        self.narrow.contains(slot)
    }

    /// The slot was written with `value`.
    pub(super) fn write(&mut self, slot: Slot, value: Value) {
        self.versions[usize::from(slot.0)] = self.next;
        self.next += 1;
        // A value that speaks of the slot's old content is of no use.
        let sources = sources(value);
        let stale = sources.contains(&Some(slot));
        let versions = sources.map(|source| source.map_or(0, |s| self.version(s)));
        let value = if stale { Value::Unknown } else { value };
        self.set(slot, Fact { value, versions });
    }

    /// The slot, which nobody wrote, turned out to hold the constant.
    pub(super) fn refine(&mut self, slot: Slot, constant: i64) {
        if slot != fixed::PC {
            let value = Value::Const(constant);
            self.set(slot, Fact { value, ..NOTHING });
        }
    }

    fn version(&self, slot: Slot) -> u32 {
        self.versions[usize::from(slot.0)]
    }

    /// What the slot holds.
    pub(super) fn get(&self, slot: Slot) -> Value {
        let number = usize::from(self.numbers[usize::from(slot.0)]);
        let Some(fact) = self.facts.get(number.wrapping_sub(1)) else {
            return Value::Unknown;
        };
        let holds = sources(fact.value)
            .into_iter()
            .zip(fact.versions)
            .all(|(source, version)| source.is_none_or(|slot| self.version(slot) == version));
        if holds { fact.value } else { Value::Unknown }
    }

    /// What the operand is.
    pub(super) fn operand(&self, operand: Operand) -> Value {
        match operand {
            Operand::Imm(value) => Value::Const(value),
            Operand::Slot(slot) => self.get(slot),
        }
    }

    /// The operand, or something simpler of the same value.
    pub(super) fn simplest(&self, operand: Operand) -> Operand {
        match self.operand(operand) {
            Value::Const(value) => Operand::Imm(value),
            Value::PcPlus(0) => Operand::Slot(fixed::PC),
            Value::Copy(source) => Operand::Slot(source),
            _ => operand,
        }
    }
}

/// The slots a value speaks of.
fn sources(value: Value) -> [Option<Slot>; 2] {
    match value {
        Value::Unknown | Value::Const(_) | Value::PcPlus(_) => [None, None],
        Value::Copy(slot) | Value::Shift(_, slot, _) | Value::NarrowShift(_, slot, _) => {
            [Some(slot), None]
        }
        Value::Compare(_, a, b) => [a.slot(), b.slot()],
    }
}
