//! Input on its way to the guest.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use parking_lot::{Condvar, Mutex};
use vm_device::{console::ReadyCallback, serial::Ns16550a, virtio};

/// Bytes that are kept for a guest that does not read.
const CAPACITY: usize = 4096;

/// A device that takes input.
pub trait InputPort: Send + Sync {
    /// Offers input; returns how many bytes were accepted.
    fn offer(&self, bytes: &[u8]) -> usize;

    /// Sets what to call when input was refused and there is room again.
    fn on_room(&self, callback: ReadyCallback);
}

impl InputPort for Ns16550a {
    fn offer(&self, bytes: &[u8]) -> usize {
        self.input(bytes)
    }

    fn on_room(&self, callback: ReadyCallback) {
        self.on_input_ready(callback);
    }
}

impl InputPort for virtio::Console {
    fn offer(&self, bytes: &[u8]) -> usize {
        self.input(bytes)
    }

    fn on_room(&self, callback: ReadyCallback) {
        self.on_input_ready(callback);
    }
}

/// Input on its way to the guest: a short queue in front of the device, which
/// a reset replaces.
pub struct ConsoleInput {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<u8>,
    port: Option<Weak<dyn InputPort>>,
    closed: bool,
}

impl State {
    /// Passes on what the device takes.
    fn pump(&mut self) {
        let Some(port) = self.port.as_ref().and_then(Weak::upgrade) else {
            return;
        };
        while !self.queue.is_empty() {
            let (front, _) = self.queue.as_slices();
            let accepted = port.offer(front);
            if accepted == 0 {
                return;
            }
            self.queue.drain(..accepted);
        }
    }
}

impl ConsoleInput {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            room: Condvar::new(),
        })
    }

    /// Takes as much of `bytes` as there is room for, without waiting; returns
    /// how much that was. For a person who types: what a guest does not read
    /// must not keep the keys from working that control the machine.
    pub fn offer(&self, bytes: &[u8]) -> usize {
        let mut state = self.state.lock();
        let taken = bytes.len().min(CAPACITY.saturating_sub(state.queue.len()));
        state.queue.extend(bytes.iter().take(taken));
        state.pump();
        taken
    }

    /// Waits until the guest has room for all of `bytes`. For pipes and files.
    /// False if the console was closed meanwhile.
    pub fn send(&self, mut bytes: &[u8]) -> bool {
        loop {
            let taken = self.offer(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            let mut state = self.state.lock();
            if state.closed || bytes.is_empty() {
                return !state.closed;
            }
            while state.queue.len() >= CAPACITY && !state.closed {
                self.room.wait(&mut state);
            }
        }
    }

    /// Ends the waiting of [`send`](Self::send), for good.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.room.notify_all();
    }

    /// Sends input to `port` from now on.
    pub fn connect<P: InputPort + 'static>(self: &Arc<Self>, port: &Arc<P>) {
        let weak = Arc::downgrade(self);
        port.on_room(Arc::new(move || {
            if let Some(input) = weak.upgrade() {
                input.pump();
            }
        }));
        let port: Weak<P> = Arc::downgrade(port);
        self.state.lock().port = Some(port);
        self.pump();
    }

    fn pump(&self) {
        self.state.lock().pump();
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use vm_testing::{join, wait_until, within};

    use super::*;

    /// Takes up to `limit` bytes until told of room.
    struct Port {
        limit: Mutex<usize>,
        taken: Mutex<Vec<u8>>,
        callback: Mutex<Option<ReadyCallback>>,
    }

    impl Port {
        fn new(limit: usize) -> Arc<Self> {
            Arc::new(Self {
                limit: Mutex::new(limit),
                taken: Mutex::default(),
                callback: Mutex::default(),
            })
        }

        fn make_room(&self, bytes: usize) {
            *self.limit.lock() += bytes;
            let callback = self.callback.lock().clone();
            callback.unwrap()();
        }
    }

    impl InputPort for Port {
        fn offer(&self, bytes: &[u8]) -> usize {
            let mut limit = self.limit.lock();
            let count = bytes.len().min(*limit);
            *limit -= count;
            self.taken.lock().extend(&bytes[..count]);
            count
        }

        fn on_room(&self, callback: ReadyCallback) {
            *self.callback.lock() = Some(callback);
        }
    }

    #[test]
    fn early_input_waits_for_the_device() {
        let input = ConsoleInput::new();
        assert_eq!(input.offer(b"hello"), 5);
        let port = Port::new(3);
        input.connect(&port);
        assert_eq!(*port.taken.lock(), b"hel");
        port.make_room(9);
        assert_eq!(*port.taken.lock(), b"hello");
    }

    #[test]
    fn a_new_device_continues() {
        let input = ConsoleInput::new();
        let old = Port::new(1);
        input.connect(&old);
        input.offer(b"ab");
        let new = Port::new(9);
        input.connect(&new);
        assert_eq!(
            (&**old.taken.lock(), &**new.taken.lock()),
            (&b"a"[..], &b"b"[..])
        );
    }

    #[test]
    fn nothing_is_lost_in_a_pipe_and_nothing_waits_at_a_terminal() {
        let input = ConsoleInput::new();
        let data: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        let port = Port::new(10);
        input.connect(&port);
        assert_eq!(input.offer(&vec![b'x'; CAPACITY + 1]), CAPACITY);
        let sender = {
            let (input, data) = (Arc::clone(&input), data.clone());
            thread::spawn(move || input.send(&data))
        };
        wait_until("all input", || {
            port.make_room(100);
            port.taken.lock().len() >= CAPACITY + data.len()
        });
        assert!(join("the sender", sender));
        assert_eq!(port.taken.lock()[CAPACITY..], data);
    }

    #[test]
    fn closing_ends_the_waiting() {
        let input = ConsoleInput::new();
        input.close();
        let sent = within("the end of a closed console", move || {
            input.send(&[b'x'; 2 * CAPACITY])
        });
        assert!(!sent);
    }
}
