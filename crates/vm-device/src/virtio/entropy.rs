//! The entropy device (§5.4).

#[cfg(test)]
mod tests;

use std::{io, sync::Arc};

use vm_core::snapshot::{Kind, SavedState, Snapshot, SnapshotError};

use super::{
    chain::Chain,
    device::{Activation, VirtioDevice},
    dma::DmaMemory,
    fault::{FaultCause, QueueFault},
    spec::device_id,
    worker::{Control, Handler, Worker},
};

/// The most random bytes one request gets; the driver asks again (§5.4.6.2
/// lets the device use less than the whole buffer).
const MAX_REQUEST: u64 = 64 * 1024;
/// Random bytes fetched from the host at once.
const PIECE: usize = 4096;
const QUEUE_SIZES: [u16; 1] = [64];

/// Fills a buffer with random bytes.
pub type EntropySource = Box<dyn Fn(&mut [u8]) -> io::Result<()> + Send + Sync>;

/// Gives the guest random bytes of the host.
pub struct Entropy {
    worker: Worker,
}

impl Entropy {
    const KIND: Kind<()> = Kind::new("virtio-rng", 1);

    /// A device that asks the host's operating system.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn new() -> io::Result<Self> {
        Self::with_source(Box::new(|bytes| {
            getrandom::fill(bytes).map_err(io::Error::other)
        }))
    }

    /// A device that gives what `source` gives: reproducible runs use a seeded one.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn with_source(source: EntropySource) -> io::Result<Self> {
        let worker = Worker::spawn(Self::KIND.name(), Arc::new(Server { source }))?;
        Ok(Self { worker })
    }

    #[cfg(test)]
    pub(super) fn settle(&self) {
        self.worker.settle();
    }
}

struct Server {
    source: EntropySource,
}

impl Server {
    fn fill(&self, memory: &DmaMemory, chain: &Chain) -> Result<u32, FaultCause> {
        let wanted = chain.writable().len().min(MAX_REQUEST);
        let mut piece = [0; PIECE];
        let mut done = 0;
        while done < wanted {
            // At most PIECE, hence a usize.
            let bytes = &mut piece[..(wanted - done).min(PIECE as u64) as usize];
            (self.source)(bytes).map_err(FaultCause::Host)?;
            chain.writable().write_at(memory, done, bytes)?;
            done += bytes.len() as u64;
        }
        // At most MAX_REQUEST.
        Ok(done as u32)
    }
}

impl Handler for Server {
    fn serve(&self, activation: &Activation, control: &Control) -> Result<(), QueueFault> {
        let Some(queue) = activation.queues.first() else {
            return Ok(());
        };
        queue.drain(control, |chain| self.fill(queue.memory(), chain).map(Some))
    }
}

impl VirtioDevice for Entropy {
    fn device_id(&self) -> u16 {
        device_id::ENTROPY
    }

    fn features(&self) -> u64 {
        0
    }

    fn queue_sizes(&self) -> &[u16] {
        &QUEUE_SIZES
    }

    fn read_config(&self, _offset: u64, data: &mut [u8]) {
        data.fill(0);
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
}

impl Snapshot for Entropy {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        Self::KIND.save(&())
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        Self::KIND.load(saved)
    }

    fn quiesce(&self) {
        self.worker.quiesce();
    }

    fn resume(&self) {
        self.worker.resume();
    }
}
