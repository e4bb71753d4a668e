//! Where a guest's console output goes, without making a vCPU wait for it.

mod memory;
mod patient;
mod threaded;

use std::sync::Arc;

pub use memory::MemoryOutput;
pub use patient::Patient;
pub use threaded::ThreadedOutput;

/// What to call when a full output has room again.
pub type ReadyCallback = Arc<dyn Fn() + Send + Sync>;

/// Takes console output; called on vCPU threads with a device's lock held.
/// An output serves one device, which alone sets the callback.
pub trait ConsoleOutput: Send + Sync {
    /// Takes as many bytes from the front of `bytes` as it can without
    /// blocking, and returns how many that were.
    fn try_write(&self, bytes: &[u8]) -> usize;

    /// Sets what to call after a [`try_write`](Self::try_write) took less than
    /// it was offered and there is room again. The callback may call
    /// `try_write`; the output must hold no lock when it calls.
    fn on_ready(&self, callback: ReadyCallback);
}
