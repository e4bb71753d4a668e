//! Which guest registers live in which host registers, everywhere.

use crate::{
    guest::GuestShape,
    ir::{SLOT_COUNT, Slot},
};

/// The registers of one guest that live in registers `R` of one host at every block
/// edge: the *global registers*. All other slots are in memory there.
#[derive(Debug)]
pub struct GlobalRegisters<R> {
    list: Vec<(Slot, R)>,
    /// The register of each slot.
    by_slot: [Option<R>; SLOT_COUNT],
}

impl<R: Copy> GlobalRegisters<R> {
    /// Gives the registers that a host can spare, the best first, to the slots that the
    /// guest uses most.
    pub fn new(guest: &GuestShape, registers: &[R]) -> Self {
        let slots = guest.global_priority.iter().copied();
        let list: Vec<_> = slots.zip(registers.iter().copied()).collect();
        let mut by_slot = [None; SLOT_COUNT];
        for &(slot, register) in &list {
            by_slot[usize::from(slot.0)] = Some(register);
        }
        Self { list, by_slot }
    }

    /// The host register of `slot`.
    #[inline]
    pub fn get(&self, slot: Slot) -> Option<R> {
        self.by_slot[usize::from(slot.0)]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, R)> {
        self.list.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: GuestShape = GuestShape {
        global_priority: &[Slot(7), Slot(3), Slot(5)],
        ..crate::guest::riscv64::SHAPE
    };

    #[test]
    fn the_busiest_slots_get_the_best_registers_as_far_as_these_go() {
        let globals = GlobalRegisters::new(&GUEST, &['a', 'b']);
        let all: Vec<_> = globals.iter().collect();
        assert_eq!(all, [(Slot(7), 'a'), (Slot(3), 'b')]);
        assert_eq!(globals.get(Slot(3)), Some('b'));
        assert_eq!(globals.get(Slot(5)), None);
        let globals = GlobalRegisters::new(&GUEST, &['a', 'b', 'c', 'd']);
        assert_eq!(globals.iter().count(), GUEST.global_priority.len());
    }
}
