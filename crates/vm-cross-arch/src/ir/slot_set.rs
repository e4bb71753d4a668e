//! Sets of slots.

use super::{SLOT_COUNT, Slot};

const WORDS: usize = SLOT_COUNT / 64;

/// A set of slots, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotSet([u64; WORDS]);

impl SlotSet {
    /// No slot.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// All that live on outside the block: every slot but the temporaries.
    pub const GUEST: Self = {
        let mut set = Self::EMPTY;
        let mut slot = 0;
        while slot < Slot::FIRST_TEMP as usize {
            set.0[slot / 64] |= 1 << (slot % 64);
            slot += 1;
        }
        set
    };

    /// Whether the slot is in the set.
    #[inline]
    pub const fn contains(&self, slot: Slot) -> bool {
        self.0[slot.0 as usize / 64] >> (slot.0 % 64) & 1 != 0
    }

    /// Adds the slot.
    #[inline]
    pub const fn insert(&mut self, slot: Slot) {
        self.0[slot.0 as usize / 64] |= 1 << (slot.0 % 64);
    }

    /// Takes the slot out.
    #[inline]
    pub const fn remove(&mut self, slot: Slot) {
        self.0[slot.0 as usize / 64] &= !(1 << (slot.0 % 64));
    }

    /// Adds or takes out the slot.
    #[inline]
    pub const fn set(&mut self, slot: Slot, contained: bool) {
        self.remove(slot);
        self.0[slot.0 as usize / 64] |= (contained as u64) << (slot.0 % 64);
    }

    /// Adds all slots of `other`.
    #[inline]
    pub fn insert_all(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_and_go() {
        let mut set = SlotSet::EMPTY;
        for slot in [Slot(0), Slot(63), Slot(64), Slot(255)] {
            assert!(!set.contains(slot));
            set.insert(slot);
            assert!(set.contains(slot));
        }
        set.remove(Slot(64));
        assert!(!set.contains(Slot(64)) && set.contains(Slot(63)));
        set.set(Slot(64), true);
        set.set(Slot(63), false);
        assert!(set.contains(Slot(64)) && !set.contains(Slot(63)));
    }

    #[test]
    fn temporaries_are_not_the_guests() {
        let mut set = SlotSet::EMPTY;
        set.insert_all(&SlotSet::GUEST);
        assert!(set.contains(Slot(Slot::FIRST_TEMP - 1)));
        assert!(!set.contains(Slot::temp(0)));
    }
}
