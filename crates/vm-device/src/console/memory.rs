//! Console output kept in memory.

use parking_lot::Mutex;

use super::{ConsoleOutput, ReadyCallback};

/// Keeps what a guest printed, up to a limit: for tests and embedders.
pub struct MemoryOutput {
    inner: Mutex<Inner>,
}

struct Inner {
    bytes: Vec<u8>,
    limit: usize,
    ready: Option<ReadyCallback>,
}

impl MemoryOutput {
    /// An output that holds up to `limit` bytes until they are [taken](Self::take).
    pub const fn with_limit(limit: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                bytes: Vec::new(),
                limit,
                ready: None,
            }),
        }
    }

    /// Removes and returns what was printed so far.
    pub fn take(&self) -> Vec<u8> {
        let (bytes, ready) = {
            let mut inner = self.inner.lock();
            let full = inner.bytes.len() >= inner.limit;
            let ready = if full { inner.ready.clone() } else { None };
            (std::mem::take(&mut inner.bytes), ready)
        };
        if let Some(ready) = ready {
            ready();
        }
        bytes
    }
}

impl ConsoleOutput for MemoryOutput {
    fn try_write(&self, bytes: &[u8]) -> usize {
        let mut inner = self.inner.lock();
        let taken = bytes.len().min(inner.limit - inner.bytes.len());
        inner.bytes.extend_from_slice(&bytes[..taken]);
        taken
    }

    fn on_ready(&self, callback: ReadyCallback) {
        self.inner.lock().ready = Some(callback);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn holds_up_to_its_limit_and_tells_when_there_is_room() {
        let output = MemoryOutput::with_limit(4);
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        output.on_ready(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(output.try_write(b"ab"), 2);
        assert_eq!(output.take(), b"ab");
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        assert_eq!(output.try_write(b"cdefg"), 4);
        assert_eq!(output.try_write(b"g"), 0);
        assert_eq!(output.take(), b"cdef");
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}
