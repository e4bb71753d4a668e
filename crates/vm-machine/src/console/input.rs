//! Input on its way to the guest.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use parking_lot::{Condvar, Mutex};
use vm_device::{console::ReadyCallback, serial::Ns16550a, virtio};

/// Bytes that wait for a guest before a pipe or file has to.
const CAPACITY: usize = 4096;
/// Bytes that wait for a guest before a terminal has to: far more than anybody
/// pastes. Keys that come behind are found only when there is room again.
const AHEAD: usize = 64 << 20;

/// A device that takes input.
pub trait InputPort: Send + Sync {
    /// Offers input; returns how many bytes were accepted.
    fn offer(&self, bytes: &[u8]) -> usize;

    /// Sets what to call when input was refused and there is room again.
    fn on_room(&self, callback: ReadyCallback);

    /// Gives back what the guest has not read.
    fn recall(&self) -> VecDeque<u8>;
}

impl InputPort for Ns16550a {
    fn offer(&self, bytes: &[u8]) -> usize {
        self.input(bytes)
    }

    fn on_room(&self, callback: ReadyCallback) {
        self.on_input_ready(callback);
    }

    fn recall(&self) -> VecDeque<u8> {
        self.recall_input()
    }
}

impl InputPort for virtio::Console {
    fn offer(&self, bytes: &[u8]) -> usize {
        self.input(bytes)
    }

    fn on_room(&self, callback: ReadyCallback) {
        self.on_input_ready(callback);
    }

    fn recall(&self) -> VecDeque<u8> {
        self.recall_input()
    }
}

/// Input on its way to the guest: a queue in front of the device, which a reset
/// replaces. Nothing is dropped: what there is no room for waits where it comes from.
pub struct ConsoleInput {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<u8>,
    port: Option<Weak<dyn InputPort>>,
    /// How many want the device to get nothing.
    holds: u32,
    closed: bool,
}

impl State {
    /// Passes on what the device takes.
    fn pump(&mut self) {
        if self.holds > 0 {
            return;
        }
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
        // After a paste, which is rare.
        if self.queue.capacity() > 2 * CAPACITY {
            self.queue = VecDeque::new();
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

    /// Waits until the guest has room for all of `bytes`. For pipes and files.
    /// False if the console was closed meanwhile.
    pub fn send(&self, bytes: &[u8]) -> bool {
        self.queue(bytes, CAPACITY)
    }

    /// Takes `bytes` also if the guest does not read, so that whoever types goes on
    /// being heard: there may be keys among the rest that control the machine.
    /// False if the console was closed meanwhile.
    pub fn send_ahead(&self, bytes: &[u8]) -> bool {
        self.queue(bytes, AHEAD)
    }

    /// Queues `bytes`, as far and as soon as there are less than `limit` of them.
    fn queue(&self, mut bytes: &[u8], limit: usize) -> bool {
        let mut state = self.state.lock();
        while !state.closed {
            let room = limit.saturating_sub(state.queue.len());
            let (now, later) = bytes.split_at(bytes.len().min(room));
            state.queue.extend(now);
            state.pump();
            if later.is_empty() {
                return true;
            }
            bytes = later;
            while state.queue.len() >= limit && !state.closed {
                self.room.wait(&mut state);
            }
        }
        false
    }

    /// Keeps the device from getting anything while the result lives.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        self.state.lock().holds += 1;
        Held(Arc::clone(self))
    }

    /// Takes back what the device's guest has not read, and gives it nothing more.
    pub(crate) fn recall(&self) {
        // Without the lock: that there is room may be told from within.
        let port = self.state.lock().port.take();
        if let Some(port) = port.and_then(|port| port.upgrade()) {
            let mut unread = port.recall();
            let mut state = self.state.lock();
            unread.append(&mut state.queue);
            state.queue = unread;
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

/// Keeps input from the device while it lives.
pub(crate) struct Held(Arc<ConsoleInput>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state.lock().holds -= 1;
        self.0.pump();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

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

        fn recall(&self) -> VecDeque<u8> {
            self.taken.lock().drain(..).collect()
        }
    }

    #[test]
    fn early_input_waits_for_the_device() {
        let input = ConsoleInput::new();
        assert!(input.send(b"hello"));
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
        assert!(input.send(b"ab"));
        let new = Port::new(9);
        input.connect(&new);
        assert_eq!(
            (&**old.taken.lock(), &**new.taken.lock()),
            (&b"a"[..], &b"b"[..])
        );
    }

    #[test]
    fn what_a_guest_has_not_read_is_the_next_ones() {
        let input = ConsoleInput::new();
        let old = Port::new(3);
        input.connect(&old);
        assert!(input.send(b"abcdef"));
        input.recall();
        old.make_room(9);
        assert!(input.send(b"ghi"));
        assert!(old.taken.lock().is_empty());
        let new = Port::new(99);
        input.connect(&new);
        assert_eq!(*new.taken.lock(), b"abcdefghi");
    }

    #[test]
    fn a_pipe_waits_and_a_terminal_is_read_ahead() {
        let input = ConsoleInput::new();
        let paste: Vec<u8> = (0..1u32 << 20).map(|n| n as u8).collect();
        let data: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        let port = Port::new(10);
        input.connect(&port);
        assert!(input.send_ahead(&paste));
        let (sender, ended) = {
            let (input, data) = (Arc::clone(&input), data.clone());
            let (end, ended) = mpsc::channel();
            let send = move || end.send(input.send(&data)).unwrap();
            (thread::spawn(send), ended)
        };
        wait_until("the paste", || {
            assert!(ended.try_recv().is_err(), "the pipe did not wait");
            port.make_room(1000);
            port.taken.lock().len() >= paste.len()
        });
        wait_until("the pipe's end", || {
            port.make_room(1000);
            ended.try_recv().is_ok()
        });
        join("the sender", sender);
        port.make_room(data.len());
        let taken = port.taken.lock();
        assert!(taken[..] == [paste, data].concat());
    }

    #[test]
    fn a_terminal_waits_when_memory_would_run_out() {
        let input = ConsoleInput::new();
        assert!(input.send_ahead(&vec![b'x'; AHEAD]));
        let sender = {
            let input = Arc::clone(&input);
            thread::spawn(move || input.send_ahead(b"y"))
        };
        let port = Port::new(0);
        input.connect(&port);
        port.make_room(usize::MAX >> 1);
        assert!(join("the sender", sender));
        let taken = port.taken.lock();
        assert_eq!((taken.len(), taken.last()), (AHEAD + 1, Some(&b'y')));
    }

    #[test]
    fn closing_ends_the_waiting() {
        let input = ConsoleInput::new();
        input.close();
        let sent = within("the end of a closed console", move || {
            input.send(&[b'x'; 2 * CAPACITY]) || input.send_ahead(b"x")
        });
        assert!(!sent);
    }
}
