//! The NS16550A UART, registers one byte apart.
//!
//! Baud rate and frame format are kept and ignored: characters take no time.
//! Back-pressure works in both directions. Output that the host does not take
//! stays in the transmit FIFO and the guest sees the transmitter busy; input
//! that the guest does not read stays with the host.
//!
//! Input never gets lost on the way to a guest that is not there yet. It waits
//! until the guest enables the receive interrupt or polls LSR, and outlasts any
//! reset of the receive FIFO, as if it had come just after.

mod spec;
mod state;

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use vm_core::{
    AccessSize, IrqLine, MmioDevice,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use self::state::{INPUT_LEN, State};
use crate::console::{ConsoleOutput, ReadyCallback};

/// Length of the register window in bytes.
pub const WINDOW_LEN: u64 = 8;

const KIND: Kind<State> = Kind::new("ns16550a", 2);

/// A 16550A serial port.
pub struct Ns16550a {
    name: String,
    output: Arc<dyn ConsoleOutput>,
    line: Arc<dyn IrqLine>,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    /// The host was refused input and waits to be told of room.
    host_waits: bool,
    input_ready: Option<ReadyCallback>,
}

impl Inner {
    /// The callback that is due, if any. Room is announced when half the queue
    /// is free, so that the host is not called for every byte.
    fn take_due_callback(&mut self) -> Option<ReadyCallback> {
        if self.host_waits && self.state.input_len() <= INPUT_LEN / 2 {
            self.host_waits = false;
            return self.input_ready.clone();
        }
        None
    }
}

impl Ns16550a {
    /// A port called `name` that sends to `output` and interrupts through `line`.
    pub fn new(
        name: impl Into<String>,
        output: Arc<dyn ConsoleOutput>,
        line: Arc<dyn IrqLine>,
    ) -> Arc<Self> {
        let uart = Arc::new(Self {
            name: name.into(),
            output,
            line,
            inner: Mutex::new(Inner {
                state: State::reset(),
                host_waits: false,
                input_ready: None,
            }),
        });
        let weak: Weak<Self> = Arc::downgrade(&uart);
        uart.output.on_ready(Arc::new(move || {
            if let Some(uart) = weak.upgrade() {
                uart.update(|_| ());
            }
        }));
        uart
    }

    /// Offers input to the guest and returns how many bytes were accepted. The
    /// rest stays with the caller until [`Self::on_input_ready`] tells of room.
    pub fn input(&self, bytes: &[u8]) -> usize {
        self.update(|inner| {
            let accepted = inner.state.push_input(bytes);
            inner.host_waits = accepted < bytes.len();
            accepted
        })
    }

    /// Takes a byte of input without the registers, for a firmware that reads
    /// on the guest's behalf.
    pub fn take_input(&self) -> Option<u8> {
        self.update(|inner| inner.state.take_input())
    }

    /// Takes back all input that the guest has not read.
    pub fn recall_input(&self) -> VecDeque<u8> {
        self.update(|inner| inner.state.recall_input())
    }

    /// Sets what to call, on a vCPU's thread, when input was refused and half
    /// the queue is free again. The callback must be short; it may call
    /// [`Self::input`].
    pub fn on_input_ready(&self, callback: ReadyCallback) {
        self.inner.lock().input_ready = Some(callback);
    }

    /// Changes the state, then transmits and drives the wire. The wire is
    /// driven under the lock so that levels arrive in order.
    fn update<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let (result, callback) = {
            let mut inner = self.inner.lock();
            let result = change(&mut inner);
            inner.state.transmit(|bytes| self.output.try_write(bytes));
            self.line.set_level(inner.state.interrupting());
            (result, inner.take_due_callback())
        };
        if let Some(callback) = callback {
            callback();
        }
        result
    }
}

impl MmioDevice for Ns16550a {
    fn name(&self) -> &str {
        &self.name
    }

    /// Wider accesses reach the one register at `offset`: its bus is 8 bits wide.
    fn read(&self, offset: u64, _size: AccessSize) -> Option<u64> {
        (offset < WINDOW_LEN).then(|| u64::from(self.update(|inner| inner.state.read(offset))))
    }

    fn write(&self, offset: u64, _size: AccessSize, value: u64) -> Option<()> {
        (offset < WINDOW_LEN).then(|| self.update(|inner| inner.state.write(offset, value as u8)))
    }
}

impl Snapshot for Ns16550a {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(&self.inner.lock().state)
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: State = KIND.load(saved)?;
        state.check().map_err(|cause| KIND.damaged(cause))?;
        self.update(|inner| inner.state = state);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
