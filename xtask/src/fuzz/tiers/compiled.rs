//! Which instructions were compiled.

use std::{
    mem,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vm_cross_arch::ir::Block;
use vm_engine::observe::{CodeListener, HostCodeKind};

use crate::fuzz::{coverage::Coverage, watched::Listener};

/// Counts what is lifted and then compiled, which runs at once.
#[derive(Clone, Default)]
pub struct Compiled {
    /// The code of the latest block that was lifted.
    last: Arc<Mutex<Vec<u8>>>,
    coverage: Arc<Mutex<Coverage>>,
}

impl Compiled {
    /// How often each instruction was compiled.
    pub fn coverage(&self) -> MutexGuard<'_, Coverage> {
        lock(&self.coverage)
    }

    /// The same counts, of another machine.
    pub fn share(&self) -> Self {
        Self {
            last: Arc::default(),
            coverage: Arc::clone(&self.coverage),
        }
    }
}

impl Listener for Compiled {
    fn lifted(&self, code: &[u8], _block: &Block) {
        let mut last = lock(&self.last);
        last.clear();
        last.extend(code);
    }
}

impl CodeListener for Compiled {
    fn code_made(&self, _host: Range<usize>, kind: HostCodeKind<'_>) {
        if let HostCodeKind::Block { .. } = kind {
            let code = mem::take(&mut *lock(&self.last));
            self.coverage().add(&code);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
