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

    /// Every slot.
    pub const ALL: Self = Self([u64::MAX; WORDS]);

    /// The slots from `first` to `last`.
    pub const fn range(first: Slot, last: Slot) -> Self {
        let mut set = Self::EMPTY;
        let mut slot = first.0 as usize;
        while slot <= last.0 as usize {
            set.0[slot / 64] |= 1 << (slot % 64);
            slot += 1;
        }
        set
    }

    /// These slots.
    pub const fn of(slots: &[Slot]) -> Self {
        let mut set = Self::EMPTY;
        let mut i = 0;
        while i < slots.len() {
            set.insert(slots[i]);
            i += 1;
        }
        set
    }

    /// The slots of both.
    #[must_use]
    pub const fn union(mut self, other: Self) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.0[word] |= other.0[word];
            word += 1;
        }
        self
    }

    /// Whether no slot is in the set.
    pub const fn is_empty(&self) -> bool {
        let mut word = 0;
        while word < WORDS {
            if self.0[word] != 0 {
                return false;
            }
            word += 1;
        }
        true
    }

    /// The slots, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> {
        (0u8..).zip(self.0).flat_map(|(word, mut rest)| {
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as u8)?;
                rest &= rest - 1;
                Some(Slot(64 * word + bit))
            })
        })
    }

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

    /// Takes all slots of `other` out.
    #[inline]
    pub fn remove_all(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= !other;
        }
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
    fn sets_of_several_list_them() {
        let set = SlotSet::range(Slot(62), Slot(65)).union(SlotSet::of(&[Slot(255), Slot(3)]));
        let slots: Vec<u8> = set.iter().map(|slot| slot.0).collect();
        assert_eq!(slots, [3, 62, 63, 64, 65, 255]);
        assert!(!set.is_empty() && SlotSet::EMPTY.is_empty());
        assert_eq!(SlotSet::EMPTY.iter().count(), 0);
        assert_eq!(SlotSet::ALL.iter().count(), SLOT_COUNT);
    }

    #[test]
    fn temporaries_are_not_the_guests() {
        let mut set = SlotSet::EMPTY;
        set.insert_all(&SlotSet::GUEST);
        assert!(set.contains(Slot(Slot::FIRST_TEMP - 1)));
        assert!(!set.contains(Slot::temp(0)));
    }
}
