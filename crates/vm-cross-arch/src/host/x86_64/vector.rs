//! What the vector registers hold within a block.

use super::regs::Xmm;
use crate::ir::Slot;

/// Free within an op.
pub(super) const TEMPS: [Xmm; 2] = [Xmm(0), Xmm(1)];
const FIRST: u8 = 2;
const COUNT: usize = 14;

/// How a vector register holds the value of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// All 64 bits.
    F64,
    /// The low half; the slot's upper half is zero.
    F32,
    /// The low half; the slot's upper half is all ones.
    Boxed,
}

/// A slot in a vector register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) slot: Slot,
    pub(super) kind: Kind,
    pub(super) register: Xmm,
    /// The slot's memory is older.
    dirty: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    entry: Option<Entry>,
    used: u32,
}

/// The vector registers as a cache of slots.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    states: [State; COUNT],
    /// The registers, bit by bit, that hold a slot: mostly none.
    occupied: u16,
    /// Those that the op being emitted uses.
    locked: u16,
    clock: u32,
}

impl Vectors {
    fn register(number: usize) -> Xmm {
        Xmm(FIRST + number as u8)
    }

    /// The registers that hold a slot.
    fn numbers(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.occupied;
        std::iter::from_fn(move || {
            let number = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (number < COUNT).then_some(number)
        })
    }

    fn number_of(&self, slot: Slot) -> Option<usize> {
        let holds = |entry: Entry| entry.slot == slot;
        let mut numbers = self.numbers();
        numbers.find(|&number| self.states[number].entry.is_some_and(holds))
    }

    /// How `slot` is held, if it is; its register is locked then.
    pub(super) fn find(&mut self, slot: Slot) -> Option<Entry> {
        let number = self.number_of(slot)?;
        self.clock += 1;
        self.locked |= 1 << number;
        self.states[number].used = self.clock;
        self.states[number].entry
    }

    /// An unlocked register, which is locked and empty then, and what it held
    /// if that must be written back.
    pub(super) fn allocate(&mut self) -> (Xmm, Option<Entry>) {
        self.clock += 1;
        let key = |number: &usize| {
            let state = &self.states[*number];
            let dirty = state.entry.is_some_and(|entry| entry.dirty);
            let locked = self.locked >> number & 1;
            (locked, state.entry.is_some(), dirty, state.used)
        };
        let number = (0..COUNT).min_by_key(key).unwrap_or(0);
        let state = &mut self.states[number];
        let spill = state.entry.filter(|entry| entry.dirty);
        *state = State {
            entry: None,
            used: self.clock,
        };
        self.locked |= 1 << number;
        self.occupied &= !(1 << number);
        (Self::register(number), spill)
    }

    /// Notes that `register` holds `slot` now, and no other does. Memory is
    /// older if `dirty`.
    pub(super) fn assign(&mut self, register: Xmm, slot: Slot, kind: Kind, dirty: bool) {
        self.forget(slot);
        let Some(number) = register.0.checked_sub(FIRST).map(usize::from) else {
            return;
        };
        if let Some(state) = self.states.get_mut(number) {
            self.occupied |= 1 << number;
            state.entry = Some(Entry {
                slot,
                kind,
                register,
                dirty,
            });
        }
    }

    /// Notes that `slot` has a new value elsewhere, or is dead.
    pub(super) fn forget(&mut self, slot: Slot) {
        if let Some(number) = self.number_of(slot) {
            self.states[number].entry = None;
            self.occupied &= !(1 << number);
        }
    }

    /// Ends an op.
    pub(super) fn unlock(&mut self) {
        self.locked = 0;
    }

    /// What holds `slot` if its memory is older; it counts as clean then.
    pub(super) fn clean_slot(&mut self, slot: Slot) -> Option<Entry> {
        let number = self.number_of(slot)?;
        let entry = self.states[number].entry.as_mut()?;
        std::mem::take(&mut entry.dirty).then_some(*entry)
    }

    /// All whose memory is older; they count as clean then.
    pub(super) fn clean(&mut self) -> Vec<Entry> {
        let numbers = self.numbers();
        let clean = |number: usize| {
            let entry = self.states[number].entry.as_mut()?;
            std::mem::take(&mut entry.dirty).then_some(*entry)
        };
        numbers.filter_map(clean).collect()
    }

    /// All that is held, to be loaded again after a call.
    pub(super) fn contents(&self) -> Vec<Entry> {
        self.numbers()
            .filter_map(|number| self.states[number].entry)
            .collect()
    }

    /// Forgets everything: the registers were clobbered.
    pub(super) fn clear(&mut self) {
        self.states = Default::default();
        self.occupied = 0;
        self.locked = 0;
    }
}
