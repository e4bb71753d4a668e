//! One output for several devices.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use vm_device::console::{ConsoleOutput, ReadyCallback};

/// Lets several devices print to one output, each of which is told of room.
pub struct SharedOutput {
    inner: Arc<dyn ConsoleOutput>,
    taps: Mutex<Vec<Weak<Tap>>>,
}

/// One device's access to a [`SharedOutput`].
struct Tap {
    inner: Arc<dyn ConsoleOutput>,
    ready: Mutex<Option<ReadyCallback>>,
}

impl SharedOutput {
    /// Shares `inner`.
    pub fn new(inner: Arc<dyn ConsoleOutput>) -> Arc<Self> {
        let shared = Arc::new(Self {
            inner,
            taps: Mutex::default(),
        });
        let weak = Arc::downgrade(&shared);
        shared.inner.on_ready(Arc::new(move || {
            if let Some(shared) = weak.upgrade() {
                shared.announce();
            }
        }));
        shared
    }

    /// An output for one more device.
    pub fn tap(&self) -> Arc<dyn ConsoleOutput> {
        let tap = Arc::new(Tap {
            inner: Arc::clone(&self.inner),
            ready: Mutex::default(),
        });
        let mut taps = self.taps.lock();
        taps.retain(|tap| tap.strong_count() > 0);
        taps.push(Arc::downgrade(&tap));
        tap
    }

    fn announce(&self) {
        let taps: Vec<_> = self.taps.lock().iter().filter_map(Weak::upgrade).collect();
        for tap in taps {
            let ready = tap.ready.lock().clone();
            if let Some(ready) = ready {
                ready();
            }
        }
    }
}

impl ConsoleOutput for Tap {
    fn try_write(&self, bytes: &[u8]) -> usize {
        self.inner.try_write(bytes)
    }

    fn on_ready(&self, callback: ReadyCallback) {
        *self.ready.lock() = Some(callback);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use vm_device::console::MemoryOutput;

    use super::*;

    #[test]
    fn every_live_device_is_told_of_room() {
        let memory = Arc::new(MemoryOutput::with_limit(4));
        let shared = SharedOutput::new(memory.clone());
        let calls = Arc::new(AtomicU32::new(0));
        let taps: Vec<_> = [1, 10, 100]
            .into_iter()
            .map(|weight| {
                let calls = Arc::clone(&calls);
                let tap = shared.tap();
                tap.on_ready(Arc::new(move || {
                    calls.fetch_add(weight, Ordering::SeqCst);
                }));
                tap
            })
            .collect();
        let [first, second, third] = <[_; 3]>::try_from(taps).ok().unwrap();
        drop(third);
        assert_eq!(first.try_write(b"abc") + second.try_write(b"def"), 4);
        assert_eq!(memory.take(), b"abcd");
        assert_eq!(calls.load(Ordering::SeqCst), 11);
    }
}
