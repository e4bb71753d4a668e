//! Guest memory of one cell, and the table of its reservations.

use crate::{
    reservation::{Reservation, Reservations},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The cell's address.
const ADDR: u64 = 0x1000;

/// A cell that vCPUs share.
pub struct Cell {
    value: AtomicU64,
    /// How often somebody else than the store-conditional has stored.
    stores: AtomicU64,
    table: Reservations,
}

/// A reservation, and what its vCPU may not notice of the cell.
pub struct Reserved {
    reservation: Reservation,
    stores: u64,
}

impl Default for Cell {
    fn default() -> Self {
        // Two version words: more take time.
        let table = Reservations::with_words(2);
        table.share();
        Self {
            value: AtomicU64::new(0),
            stores: AtomicU64::new(0),
            table,
        }
    }
}

impl Cell {
    /// LR.
    pub fn reserve(&self) -> Reserved {
        let mut stores = 0;
        let reservation = self.table.reserve(ADDR, || {
            stores = self.stores.load(Relaxed);
            self.value.load(Relaxed)
        });
        Reserved {
            reservation,
            stores,
        }
    }

    /// What LR has loaded.
    pub fn loaded(&self, reserved: &Reserved) -> u64 {
        reserved.reservation.value
    }

    /// SC; fails the model if somebody has stored in between.
    pub fn conditional(&self, reserved: Reserved, new: u64) -> bool {
        let Reserved {
            reservation,
            stores,
        } = reserved;
        let old = reservation.value;
        self.table.commit(reservation, || {
            let between = self.stores.load(Relaxed) - stores;
            assert_eq!(between, 0, "stores between LR and SC");
            self.value
                .compare_exchange(old, new, Relaxed, Relaxed)
                .is_ok()
        })
    }

    /// LR and SC until it has added 1.
    pub fn increment(&self) {
        loop {
            let reserved = self.reserve();
            let new = self.loaded(&reserved) + 1;
            if self.conditional(reserved, new) {
                break;
            }
            crate::sync::yield_now();
        }
    }

    /// An AMO.
    pub fn add(&self, number: u64) {
        self.table.with_line(ADDR, || {
            self.stores.fetch_add(1, Relaxed);
            self.value.fetch_add(number, Relaxed);
        });
    }

    /// A plain store by a vCPU that has found reservations in force.
    pub fn store(&self, value: u64) {
        if self.table.are_watched() {
            self.table.with_lines(ADDR, 8, || {
                self.stores.fetch_add(1, Relaxed);
                self.value.store(value, Relaxed);
            });
        }
    }

    /// What it holds.
    pub fn value(&self) -> u64 {
        self.value.load(Relaxed)
    }
}
