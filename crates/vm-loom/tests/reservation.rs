//! Load-reserved and store-conditional beside each other, AMOs and stores.

use std::sync::Arc;

use vm_loom::{check, table::Cell};

/// Runs `first` on this thread and `other` on another, on one cell.
fn beside(first: fn(&Cell), other: fn(&Cell)) -> Arc<Cell> {
    let cell = Arc::<Cell>::default();
    let thread = loom::thread::spawn({
        let cell = Arc::clone(&cell);
        move || other(&cell)
    });
    first(&cell);
    thread.join().unwrap();
    cell
}

/// One attempt to store 7; whatever comes between must fail it.
fn attempt(cell: &Cell) {
    let reserved = cell.reserve();
    cell.conditional(reserved, 7);
}

#[test]
fn no_increment_is_lost() {
    check(|| {
        let cell = beside(Cell::increment, Cell::increment);
        assert_eq!(cell.value(), 2);
    });
    check(|| {
        let cell = beside(Cell::increment, |cell| cell.add(2));
        assert_eq!(cell.value(), 3);
    });
}

#[test]
fn an_atomic_in_between_is_seen_even_if_it_changes_nothing() {
    check(|| {
        beside(attempt, |cell| cell.add(0));
    });
    check(|| {
        beside(attempt, |cell| {
            cell.add(1);
            cell.add(u64::MAX);
        });
    });
}

#[test]
fn a_store_that_finds_reservations_is_seen_even_if_it_changes_nothing() {
    check(|| {
        beside(attempt, |cell| cell.store(0));
    });
    check(|| {
        beside(attempt, |cell| {
            cell.store(1);
            cell.store(0);
        });
    });
}
