//! Which instructions were compiled.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vm_engine::observe::{CodeListener, HostCodeKind};

use crate::fuzz::coverage::Coverage;

/// Counts what is compiled, which runs at once.
#[derive(Clone, Default)]
pub struct Compiled {
    coverage: Arc<Mutex<Coverage>>,
}

impl Compiled {
    /// How often each instruction was compiled.
    pub fn coverage(&self) -> MutexGuard<'_, Coverage> {
        self.coverage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CodeListener for Compiled {
    fn code_made(&self, _host: Range<usize>, kind: HostCodeKind<'_>) {
        if let HostCodeKind::Block { source, .. } = kind {
            self.coverage().add(source);
        }
    }
}
