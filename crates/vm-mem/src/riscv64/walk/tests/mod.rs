//! The walker on hand-made tables, and against a naive model on random ones.

mod cases;
mod model;
mod random;

use std::{cell::RefCell, collections::BTreeMap};

use super::*;

/// A sparse physical memory of page-table entries.
#[derive(Debug, Clone, Default)]
struct Tables {
    entries: RefCell<BTreeMap<u64, u64>>,
    /// Entries can be loaded but not replaced, as behind a read-only PMP entry.
    read_only: bool,
    /// What another hart writes just before the next compare-and-swap.
    interference: RefCell<Option<u64>>,
}

impl PteMemory for Tables {
    fn load(&self, gpa: u64) -> Option<u64> {
        assert_eq!(gpa % 8, 0);
        self.entries.borrow().get(&gpa).copied()
    }

    fn compare_exchange(&self, gpa: u64, current: u64, new: u64) -> Option<Result<u64, u64>> {
        if self.read_only {
            return None;
        }
        let mut entries = self.entries.borrow_mut();
        let slot = entries.get_mut(&gpa)?;
        if let Some(value) = self.interference.borrow_mut().take() {
            *slot = value;
        }
        if *slot != current {
            return Some(Err(*slot));
        }
        *slot = new;
        Some(Ok(current))
    }
}

const ROOT: u64 = 0x80100;

fn context(mode: Mode) -> WalkContext {
    WalkContext {
        mode,
        root_ppn: ROOT,
        pbmte: false,
        hw_update_ad: false,
        sum: false,
        mxr: false,
        user: false,
    }
}
