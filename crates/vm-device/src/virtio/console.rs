//! The console device (§5.3) with one port.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vm_core::snapshot::{Kind, SavedState, Snapshot, SnapshotError};

use super::{
    chain::Chain,
    device::{Activation, VirtioDevice, read_bytes},
    dma::DmaMemory,
    fault::{FaultCause, QueueFault},
    queue::Virtqueue,
    spec::device_id,
    worker::{Control, Handler, Worker},
};
use crate::console::{ConsoleOutput, ReadyCallback};

/// `VIRTIO_CONSOLE_F_SIZE`: the configuration space holds the terminal's size.
const F_SIZE: u64 = 1 << 0;
/// `VIRTIO_CONSOLE_F_EMERG_WRITE`: characters can be written without a queue.
const F_EMERG_WRITE: u64 = 1 << 2;

/// Offset of `emerg_wr` in the configuration space.
const EMERG_WRITE: u64 = 8;

/// Queue 0 carries input to the guest, queue 1 its output.
const RECEIVE: usize = 0;
const TRANSMIT: usize = 1;
const QUEUE_SIZES: [u16; 2] = [128, 128];

/// Input held until the guest takes it, in bytes.
const INPUT_CAPACITY: usize = 4096;
/// Output copied at once, in bytes.
const PIECE: usize = 4096;

/// A terminal's width and height in characters; 0 if unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Characters per line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// A terminal for the guest: `/dev/hvc0` in Linux.
pub struct Console {
    server: Arc<Server>,
    worker: Worker,
    generation: AtomicU32,
}

impl Console {
    const KIND: Kind<ConsoleState> = Kind::new("virtio-console", 1);

    /// A console that prints to `output`, of which it becomes the only user.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn new(output: Arc<dyn ConsoleOutput>) -> io::Result<Self> {
        let server = Arc::new(Server {
            output: Arc::clone(&output),
            size: Mutex::default(),
            input: Mutex::default(),
            printed: AtomicU64::new(0),
        });
        let worker = Worker::spawn(Self::KIND.name(), server.clone())?;
        output.on_ready(Arc::new(worker.kicker()));
        Ok(Self {
            server,
            worker,
            generation: AtomicU32::new(0),
        })
    }

    /// Offers input to the guest and returns how many bytes were accepted. The
    /// rest stays with the caller until [`Self::on_input_ready`] tells of room.
    pub fn input(&self, bytes: &[u8]) -> usize {
        let taken = {
            let mut input = self.server.input.lock();
            let room = INPUT_CAPACITY.saturating_sub(input.bytes.len());
            let taken = bytes.len().min(room);
            input.bytes.extend(&bytes[..taken]);
            input.host_waits |= taken < bytes.len();
            taken
        };
        if taken > 0 {
            self.worker.kick();
        }
        taken
    }

    /// Takes back all input that the guest has not got.
    pub fn recall_input(&self) -> VecDeque<u8> {
        std::mem::take(&mut self.server.input.lock().bytes)
    }

    /// Sets what to call, on the device's thread, when input was refused and
    /// half of the room is free again. The callback may call [`Self::input`].
    pub fn on_input_ready(&self, callback: ReadyCallback) {
        self.server.input.lock().ready = Some(callback);
    }

    /// Tells the guest that its terminal has another size.
    pub fn resize(&self, size: TerminalSize) {
        {
            let mut current = self.server.size.lock();
            if *current == size {
                return;
            }
            *current = size;
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        if let Some(activation) = self.worker.activation()
            && activation.has(F_SIZE)
        {
            activation.link.config_changed();
        }
    }

    #[cfg(test)]
    pub(super) fn settle(&self) {
        self.worker.settle();
    }
}

/// What the device and its thread share.
struct Server {
    output: Arc<dyn ConsoleOutput>,
    size: Mutex<TerminalSize>,
    input: Mutex<Input>,
    /// How much of the next output buffer is already printed, in bytes.
    printed: AtomicU64,
}

/// Input on its way to the guest.
#[derive(Default)]
struct Input {
    bytes: VecDeque<u8>,
    /// The host was refused input and waits to be told of room.
    host_waits: bool,
    ready: Option<ReadyCallback>,
}

impl Input {
    /// Takes up to `count` bytes, and whom to tell that there is room now.
    fn take(&mut self, count: usize) -> (Vec<u8>, Option<ReadyCallback>) {
        let count = count.min(self.bytes.len());
        let bytes = self.bytes.drain(..count).collect();
        if self.host_waits && self.bytes.len() <= INPUT_CAPACITY / 2 {
            self.host_waits = false;
            return (bytes, self.ready.clone());
        }
        (bytes, None)
    }
}

impl Server {
    /// Prints a buffer; `None` if the output is full before its end.
    fn print(&self, memory: &DmaMemory, chain: &Chain) -> Result<Option<u32>, FaultCause> {
        let len = chain.readable().len();
        // Only this thread changes it while the device is active.
        let mut done = self.printed.load(Ordering::Acquire);
        let mut piece = [0; PIECE];
        while done < len {
            // At most PIECE, hence a usize.
            let bytes = &mut piece[..(len - done).min(PIECE as u64) as usize];
            chain.readable().read_at(memory, done, bytes)?;
            let taken = self.output.try_write(bytes);
            done += taken as u64;
            if taken < bytes.len() {
                self.printed.store(done, Ordering::Release);
                return Ok(None);
            }
        }
        self.printed.store(0, Ordering::Release);
        Ok(Some(0))
    }

    /// Hands pending input to the guest, as far as it has buffers for it.
    fn receive(&self, queue: &Virtqueue, control: &Control) -> Result<(), QueueFault> {
        queue.mute()?;
        while !control.should_stop() && !self.input.lock().bytes.is_empty() {
            match queue.pop()? {
                Some(chain) => {
                    let written = self
                        .fill(queue.memory(), &chain)
                        .map_err(|cause| cause.in_queue(RECEIVE as u16))?;
                    queue.complete(&chain, written)?;
                }
                // Only now is it of interest when the driver adds buffers.
                None if !queue.unmute()? => return Ok(()),
                None => queue.mute()?,
            }
        }
        Ok(())
    }

    fn fill(&self, memory: &DmaMemory, chain: &Chain) -> Result<u32, FaultCause> {
        let room = usize::try_from(chain.writable().len()).unwrap_or(usize::MAX);
        let (bytes, ready) = self.input.lock().take(room);
        chain.writable().write_at(memory, 0, &bytes)?;
        if let Some(ready) = ready {
            ready();
        }
        // At most INPUT_CAPACITY.
        Ok(bytes.len() as u32)
    }
}

impl Handler for Server {
    fn serve(&self, activation: &Activation, control: &Control) -> Result<(), QueueFault> {
        if let Some(queue) = activation.queues.get(RECEIVE) {
            self.receive(queue, control)?;
        }
        if let Some(queue) = activation.queues.get(TRANSMIT) {
            queue.drain(control, |chain| self.print(queue.memory(), chain))?;
        }
        Ok(())
    }
}

impl VirtioDevice for Console {
    fn device_id(&self) -> u16 {
        device_id::CONSOLE
    }

    fn features(&self) -> u64 {
        F_SIZE | F_EMERG_WRITE
    }

    fn queue_sizes(&self) -> &[u16] {
        &QUEUE_SIZES
    }

    fn read_config(&self, offset: u64, data: &mut [u8]) {
        let size = *self.server.size.lock();
        let mut config = [0; 12];
        config[0..2].copy_from_slice(&size.columns.to_le_bytes());
        config[2..4].copy_from_slice(&size.rows.to_le_bytes());
        // max_nr_ports; only read with VIRTIO_CONSOLE_F_MULTIPORT.
        config[4..8].copy_from_slice(&1u32.to_le_bytes());
        read_bytes(&config, offset, data);
    }

    /// §5.3.5: a write to `emerg_wr` prints its low byte at once, also before
    /// the driver is ready. What the output has no room for is lost.
    fn write_config(&self, offset: u64, data: &[u8]) {
        if offset == EMERG_WRITE
            && let Some(byte) = data.get(..1)
        {
            self.server.output.try_write(byte);
        }
    }

    fn config_generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    fn activate(&self, activation: Activation) {
        self.worker.activate(activation);
    }

    fn notify(&self, _queue: u16) {
        self.worker.kick();
    }

    fn deactivate(&self) {
        self.worker.deactivate();
    }

    /// Input stays: whoever typed it does not know of the reset.
    fn reset(&self) {
        self.server.printed.store(0, Ordering::Release);
    }
}

/// The saved form of a [`Console`].
#[derive(Debug, Serialize, Deserialize)]
struct ConsoleState {
    size: TerminalSize,
    input: VecDeque<u8>,
    printed: u64,
}

impl Snapshot for Console {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        let state = ConsoleState {
            size: *self.server.size.lock(),
            input: self.server.input.lock().bytes.clone(),
            printed: self.server.printed.load(Ordering::Acquire),
        };
        Self::KIND.save(&state)
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: ConsoleState = Self::KIND.load(saved)?;
        *self.server.size.lock() = state.size;
        self.server.input.lock().bytes = state.input;
        self.server.printed.store(state.printed, Ordering::Release);
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    fn quiesce(&self) {
        self.worker.quiesce();
    }

    fn resume(&self) {
        self.worker.resume();
    }
}
