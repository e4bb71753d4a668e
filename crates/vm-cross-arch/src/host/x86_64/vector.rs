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
    locked: bool,
    used: u32,
}

/// The vector registers as a cache of slots.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    states: [State; COUNT],
    clock: u32,
}

impl Vectors {
    fn register(number: usize) -> Xmm {
        Xmm(FIRST + number as u8)
    }

    fn state(&mut self, register: Xmm) -> Option<&mut State> {
        let number = register.0.checked_sub(FIRST)?;
        self.states.get_mut(usize::from(number))
    }

    /// How `slot` is held, if it is; its register is locked then.
    pub(super) fn find(&mut self, slot: Slot) -> Option<Entry> {
        self.clock += 1;
        let holds = |state: &&mut State| state.entry.is_some_and(|entry| entry.slot == slot);
        let state = self.states.iter_mut().find(holds)?;
        state.locked = true;
        state.used = self.clock;
        state.entry
    }

    /// An unlocked register, which is locked and empty then, and what it held
    /// if that must be written back.
    pub(super) fn allocate(&mut self) -> (Xmm, Option<Entry>) {
        self.clock += 1;
        let key = |state: &State| {
            let dirty = state.entry.is_some_and(|entry| entry.dirty);
            (state.locked, state.entry.is_some(), dirty, state.used)
        };
        let numbers = 0..COUNT;
        let number = numbers
            .min_by_key(|&number| key(&self.states[number]))
            .unwrap_or(0);
        let state = &mut self.states[number];
        let spill = state.entry.filter(|entry| entry.dirty);
        *state = State {
            entry: None,
            locked: true,
            used: self.clock,
        };
        (Self::register(number), spill)
    }

    /// Notes that `register` holds `slot` now, and no other does. Memory is
    /// older if `dirty`.
    pub(super) fn assign(&mut self, register: Xmm, slot: Slot, kind: Kind, dirty: bool) {
        self.forget(slot);
        let entry = Entry {
            slot,
            kind,
            register,
            dirty,
        };
        if let Some(state) = self.state(register) {
            state.entry = Some(entry);
        }
    }

    /// Notes that `slot` has a new value elsewhere, or is dead.
    pub(super) fn forget(&mut self, slot: Slot) {
        for state in &mut self.states {
            if state.entry.is_some_and(|entry| entry.slot == slot) {
                state.entry = None;
            }
        }
    }

    /// Ends an op.
    pub(super) fn unlock(&mut self) {
        for state in &mut self.states {
            state.locked = false;
        }
    }

    /// What holds `slot` if its memory is older; it counts as clean then.
    pub(super) fn clean_slot(&mut self, slot: Slot) -> Option<Entry> {
        let entries = self
            .states
            .iter_mut()
            .filter_map(|state| state.entry.as_mut());
        let mut dirty = entries.filter(|entry| entry.slot == slot && entry.dirty);
        dirty.next().map(|entry| {
            entry.dirty = false;
            *entry
        })
    }

    /// All whose memory is older; they count as clean then.
    pub(super) fn clean(&mut self) -> Vec<Entry> {
        let entries = self
            .states
            .iter_mut()
            .filter_map(|state| state.entry.as_mut());
        let dirty = entries.filter_map(|entry| std::mem::take(&mut entry.dirty).then_some(*entry));
        dirty.collect()
    }

    /// All that is held, to be loaded again after a call.
    pub(super) fn contents(&self) -> Vec<Entry> {
        self.states.iter().filter_map(|state| state.entry).collect()
    }

    /// Forgets everything: the registers were clobbered.
    pub(super) fn clear(&mut self) {
        self.states = Default::default();
    }
}
