//! What the scratch registers hold within a block.

use super::regs::{Gpr, SCRATCH};
use crate::ir::Slot;

/// One scratch register.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The slot whose value it holds.
    slot: Option<Slot>,
    /// The slot's memory is older. Temporaries only: all else is written through.
    dirty: bool,
    /// The op being emitted uses it.
    locked: bool,
    /// When it was last used.
    used: u32,
}

impl State {
    /// What emptying it costs: less if it holds nothing, more if that must be written
    /// back, and the more the later it was used.
    fn loss(&self) -> u64 {
        u64::from(self.slot.is_some()) << 33 | u64::from(self.dirty) << 32 | u64::from(self.used)
    }
}

/// The scratch registers as a cache of slots.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    states: [State; SCRATCH.len()],
    clock: u32,
}

/// A slot whose value has to be written back before its register is reused.
pub(super) type Spill = Option<(Slot, Gpr)>;

impl Scratch {
    fn number(register: Gpr) -> Option<usize> {
        SCRATCH.iter().position(|&r| r == register)
    }

    fn state(&mut self, register: Gpr) -> Option<&mut State> {
        Self::number(register).and_then(|number| self.states.get_mut(number))
    }

    /// The register that holds `slot`, which is locked then.
    pub(super) fn find(&mut self, slot: Slot) -> Option<Gpr> {
        self.clock += 1;
        let clock = self.clock;
        let mut all = SCRATCH.iter().zip(&mut self.states);
        let (&register, state) = all.find(|(_, state)| state.slot == Some(slot))?;
        state.locked = true;
        state.used = clock;
        Some(register)
    }

    /// An unlocked register, which is locked and empty then, and what it held
    /// if that must be written back. An op needs at most three.
    pub(super) fn allocate(&mut self) -> (Gpr, Spill) {
        let free = |&number: &usize| !self.states[number].locked;
        let best = (0..SCRATCH.len())
            .filter(free)
            .min_by_key(|&number| self.states[number].loss());
        debug_assert!(best.is_some(), "an op needs more than three registers");
        let number = best.unwrap_or(0);
        (SCRATCH[number], self.take_number(number))
    }

    /// Locks and empties `register`; what it held if that must be written back.
    pub(super) fn take(&mut self, register: Gpr) -> Spill {
        self.take_number(Self::number(register)?)
    }

    fn take_number(&mut self, number: usize) -> Spill {
        self.clock += 1;
        let state = &mut self.states[number];
        let spill = state.slot.filter(|_| state.dirty);
        *state = State {
            locked: true,
            used: self.clock,
            ..State::default()
        };
        spill.map(|slot| (slot, SCRATCH[number]))
    }

    /// Notes that `register` holds `slot` now, and no other does.
    pub(super) fn assign(&mut self, register: Gpr, slot: Slot, dirty: bool) {
        self.forget(slot);
        if let Some(state) = self.state(register) {
            state.slot = Some(slot);
            state.dirty = dirty;
        }
    }

    /// Notes that `slot` has a new value elsewhere, or is dead.
    pub(super) fn forget(&mut self, slot: Slot) {
        for state in &mut self.states {
            if state.slot == Some(slot) {
                state.slot = None;
                state.dirty = false;
            }
        }
    }

    /// Ends an op: all are unlocked.
    pub(super) fn unlock(&mut self) {
        for state in &mut self.states {
            state.locked = false;
        }
    }

    /// Gives up a lock before its op has ended.
    pub(super) fn release(&mut self, register: Gpr) {
        if let Some(state) = self.state(register) {
            state.locked = false;
        }
    }

    /// What must be written back before the registers are clobbered; they
    /// count as clean then.
    pub(super) fn clean(&mut self) -> [Spill; SCRATCH.len()] {
        let mut spills = [None; SCRATCH.len()];
        for ((spill, &register), state) in spills.iter_mut().zip(&SCRATCH).zip(&mut self.states) {
            if std::mem::take(&mut state.dirty) {
                *spill = state.slot.map(|slot| (slot, register));
            }
        }
        spills
    }

    /// What each register holds, to be loaded again after a call.
    pub(super) fn contents(&self) -> [Spill; SCRATCH.len()] {
        let mut held = [None; SCRATCH.len()];
        for ((held, &register), state) in held.iter_mut().zip(&SCRATCH).zip(&self.states) {
            *held = state.slot.map(|slot| (slot, register));
        }
        held
    }

    /// Forgets everything: the registers were clobbered.
    pub(super) fn clear(&mut self) {
        self.states = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_registers_go_first_and_dirty_ones_last() {
        let mut scratch = Scratch::default();
        let (a, spill) = scratch.allocate();
        assert_eq!(spill, None);
        scratch.assign(a, Slot::temp(0), true);
        let (b, _) = scratch.allocate();
        scratch.assign(b, Slot(40), false);
        scratch.unlock();
        let (c, _) = scratch.allocate();
        assert!(c != a && c != b);
        let (d, spill) = scratch.allocate();
        assert_eq!((d, spill), (b, None));
        let (e, spill) = scratch.allocate();
        assert_eq!((e, spill), (a, Some((Slot::temp(0), a))));
    }

    #[test]
    fn a_new_value_elsewhere_is_seen() {
        let mut scratch = Scratch::default();
        let (a, _) = scratch.allocate();
        scratch.assign(a, Slot(40), false);
        scratch.unlock();
        assert_eq!(scratch.find(Slot(40)), Some(a));
        scratch.forget(Slot(40));
        assert_eq!(scratch.find(Slot(40)), None);
    }
}
