//! Helpers for the tests of several devices.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use vm_core::IrqLine;

/// An interrupt wire that remembers its level and how often it changed.
#[derive(Default)]
pub(crate) struct TestLine {
    level: AtomicBool,
    edges: AtomicUsize,
}

impl TestLine {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn level(&self) -> bool {
        self.level.load(Ordering::SeqCst)
    }

    pub(crate) fn edges(&self) -> usize {
        self.edges.load(Ordering::SeqCst)
    }
}

impl IrqLine for TestLine {
    fn set_level(&self, asserted: bool) {
        if self.level.swap(asserted, Ordering::SeqCst) != asserted {
            self.edges.fetch_add(1, Ordering::SeqCst);
        }
    }
}
