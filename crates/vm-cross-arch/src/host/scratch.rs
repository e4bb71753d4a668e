//! What the scratch registers hold within a block.

use std::marker::PhantomData;

use crate::ir::Slot;

/// A back-end's `N` scratch registers.
pub(in crate::host) trait ScratchRegisters<const N: usize> {
    /// Names one.
    type Register: Copy + PartialEq + 'static;
    /// All of them, those first that are taken first.
    const ALL: &'static [Self::Register; N];
}

/// One scratch register.
#[derive(Debug, Clone, Copy)]
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
    const EMPTY: Self = Self {
        slot: None,
        dirty: false,
        locked: false,
        used: 0,
    };

    /// What emptying it costs: less if it holds nothing, more if that must be written
    /// back, and the more the later it was used.
    fn loss(&self) -> u64 {
        u64::from(self.slot.is_some()) << 33 | u64::from(self.dirty) << 32 | u64::from(self.used)
    }
}

/// The scratch registers as a cache of slots.
#[derive(Debug)]
pub(in crate::host) struct Scratch<R, const N: usize> {
    states: [State; N],
    clock: u32,
    registers: PhantomData<R>,
}

/// A slot whose value has to be written back before its register is reused.
pub(in crate::host) type Spill<Register> = Option<(Slot, Register)>;

impl<R, const N: usize> Default for Scratch<R, N> {
    fn default() -> Self {
        Self {
            states: [State::EMPTY; N],
            clock: 0,
            registers: PhantomData,
        }
    }
}

impl<R: ScratchRegisters<N>, const N: usize> Scratch<R, N> {
    fn number(register: R::Register) -> Option<usize> {
        R::ALL.iter().position(|&r| r == register)
    }

    fn state(&mut self, register: R::Register) -> Option<&mut State> {
        Self::number(register).and_then(|number| self.states.get_mut(number))
    }

    /// The register that holds `slot`, which is locked then.
    pub(in crate::host) fn find(&mut self, slot: Slot) -> Option<R::Register> {
        self.clock += 1;
        let clock = self.clock;
        let mut all = R::ALL.iter().zip(&mut self.states);
        let (&register, state) = all.find(|(_, state)| state.slot == Some(slot))?;
        state.locked = true;
        state.used = clock;
        Some(register)
    }

    /// An unlocked register, which is locked and empty then, and what it held
    /// if that must be written back. An op needs at most `N`.
    pub(in crate::host) fn allocate(&mut self) -> (R::Register, Spill<R::Register>) {
        let free = |&number: &usize| !self.states[number].locked;
        let best = (0..N)
            .filter(free)
            .min_by_key(|&number| self.states[number].loss());
        debug_assert!(best.is_some(), "an op needs more registers than there are");
        let number = best.unwrap_or(0);
        (R::ALL[number], self.take_number(number))
    }

    /// Locks and empties `register`; what it held if that must be written back.
    pub(in crate::host) fn take(&mut self, register: R::Register) -> Spill<R::Register> {
        self.take_number(Self::number(register)?)
    }

    fn take_number(&mut self, number: usize) -> Spill<R::Register> {
        self.clock += 1;
        let state = &mut self.states[number];
        let spill = state.slot.filter(|_| state.dirty);
        *state = State {
            locked: true,
            used: self.clock,
            ..State::EMPTY
        };
        spill.map(|slot| (slot, R::ALL[number]))
    }

    /// Notes that `register` holds `slot` now, and no other does.
    pub(in crate::host) fn assign(&mut self, register: R::Register, slot: Slot, dirty: bool) {
        self.forget(slot);
        if let Some(state) = self.state(register) {
            state.slot = Some(slot);
            state.dirty = dirty;
        }
    }

    /// Notes that `slot` has a new value elsewhere, or is dead.
    pub(in crate::host) fn forget(&mut self, slot: Slot) {
        for state in &mut self.states {
            if state.slot == Some(slot) {
                state.slot = None;
                state.dirty = false;
            }
        }
    }

    /// Ends an op: all are unlocked.
    pub(in crate::host) fn unlock(&mut self) {
        for state in &mut self.states {
            state.locked = false;
        }
    }

    /// Gives up a lock before its op has ended.
    pub(in crate::host) fn release(&mut self, register: R::Register) {
        if let Some(state) = self.state(register) {
            state.locked = false;
        }
    }

    /// What must be written back before the registers are clobbered; they
    /// count as clean then.
    pub(in crate::host) fn clean(&mut self) -> [Spill<R::Register>; N] {
        let mut spills = [None; N];
        for ((spill, &register), state) in spills.iter_mut().zip(R::ALL).zip(&mut self.states) {
            if std::mem::take(&mut state.dirty) {
                *spill = state.slot.map(|slot| (slot, register));
            }
        }
        spills
    }

    /// What each register holds, to be loaded again after a call.
    pub(in crate::host) fn contents(&self) -> [Spill<R::Register>; N] {
        let mut held = [None; N];
        for ((held, &register), state) in held.iter_mut().zip(R::ALL).zip(&self.states) {
            *held = state.slot.map(|slot| (slot, register));
        }
        held
    }

    /// Forgets everything: the registers were clobbered.
    pub(in crate::host) fn clear(&mut self) {
        self.states = [State::EMPTY; N];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Three;

    impl ScratchRegisters<3> for Three {
        type Register = u8;
        const ALL: &'static [u8; 3] = &[0, 2, 1];
    }

    #[test]
    fn empty_registers_go_first_and_dirty_ones_last() {
        let mut scratch = Scratch::<Three, 3>::default();
        let (a, spill) = scratch.allocate();
        assert_eq!((a, spill), (0, None));
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
        let mut scratch = Scratch::<Three, 3>::default();
        let (a, _) = scratch.allocate();
        scratch.assign(a, Slot(40), false);
        scratch.unlock();
        assert_eq!(scratch.find(Slot(40)), Some(a));
        scratch.forget(Slot(40));
        assert_eq!(scratch.find(Slot(40)), None);
    }
}
