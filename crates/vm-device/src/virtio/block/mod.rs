//! The block device (§5.2).

mod backend;
mod config;
mod error;
mod file;
mod request;

#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use vm_core::snapshot::{Kind, SavedState, Snapshot, SnapshotError};

pub use self::{backend::BlockBackend, error::BlockError, file::FileBackend};
use self::{
    config::{QUEUE_SIZES, feature},
    request::{Disk, Policy},
};
use super::{
    device::{Activation, VirtioDevice, read_bytes},
    fault::QueueFault,
    spec::device_id,
    worker::{Control, Handler, Worker},
};

/// The longest serial number, in bytes (`VIRTIO_BLK_ID_BYTES`).
pub const SERIAL_LEN: usize = 20;
/// The unit of capacities and positions, in bytes.
pub const SECTOR_LEN: u64 = 512;

/// A disk: `/dev/vda` in Linux.
pub struct Block {
    server: Arc<Server>,
    worker: Worker,
}

impl Block {
    const KIND: Kind<BlockState> = Kind::new("virtio-blk", 1);

    /// A disk whose contents are the raw file, or host block device, at `path`.
    ///
    /// `serial` (at most [`SERIAL_LEN`] printable ASCII characters, may be
    /// empty) is what `/sys/block/vda/serial` shows.
    ///
    /// # Errors
    /// [`BlockError`] if the file cannot be opened, is empty, is in use, or if the
    /// serial number is not valid.
    pub fn open(path: &Path, read_only: bool, serial: &str) -> Result<Self, BlockError> {
        Self::new(Box::new(FileBackend::open(path, read_only)?), serial)
    }

    /// A disk with the contents of `backend`; bytes that do not fill a sector
    /// are cut off.
    ///
    /// # Errors
    /// [`BlockError`] if the serial number is not valid or the host cannot
    /// start a thread.
    pub fn new(backend: Box<dyn BlockBackend>, serial: &str) -> Result<Self, BlockError> {
        let server = Arc::new(Server {
            disk: Disk::new(backend, padded_serial(serial)?),
            features: AtomicU64::new(0),
            writeback: AtomicBool::new(true),
        });
        let worker =
            Worker::spawn(Self::KIND.name(), server.clone()).map_err(BlockError::Thread)?;
        Ok(Self { server, worker })
    }

    /// The size in sectors of [`SECTOR_LEN`] bytes.
    pub fn capacity(&self) -> u64 {
        self.server.disk.capacity()
    }

    #[cfg(test)]
    pub(super) fn worker(&self) -> &Worker {
        &self.worker
    }
}

fn padded_serial(serial: &str) -> Result<[u8; SERIAL_LEN], BlockError> {
    let printable = serial.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !printable || serial.len() > SERIAL_LEN {
        return Err(BlockError::Serial {
            serial: serial.to_owned(),
        });
    }
    let mut padded = [0; SERIAL_LEN];
    padded[..serial.len()].copy_from_slice(serial.as_bytes());
    Ok(padded)
}

/// What the device and its thread share.
struct Server {
    disk: Disk,
    /// The negotiated features; zero before.
    features: AtomicU64,
    /// Whether completed writes may still be in the host's cache.
    writeback: AtomicBool,
}

impl Handler for Server {
    fn serve(&self, activation: &Activation, control: &Control) -> Result<(), QueueFault> {
        let Some(queue) = activation.queues.first() else {
            return Ok(());
        };
        let mut scratch = Vec::new();
        queue.drain(control, |chain| {
            let policy = Policy {
                discard: activation.has(feature::DISCARD),
                write_zeroes: activation.has(feature::WRITE_ZEROES),
                write_through: !self.writeback.load(Ordering::Acquire),
            };
            let memory = queue.memory();
            self.disk
                .serve(memory, chain, policy, &mut scratch)
                .map(Some)
        })
    }
}

impl VirtioDevice for Block {
    fn device_id(&self) -> u16 {
        device_id::BLOCK
    }

    fn features(&self) -> u64 {
        if self.server.disk.read_only() {
            feature::ALWAYS | feature::READ_ONLY
        } else {
            feature::ALWAYS | feature::WRITABLE
        }
    }

    fn queue_sizes(&self) -> &[u16] {
        &QUEUE_SIZES
    }

    fn read_config(&self, offset: u64, data: &mut [u8]) {
        let writeback = self.server.writeback.load(Ordering::Acquire);
        let config = config::bytes(self.server.disk.capacity(), writeback);
        read_bytes(&config, offset, data);
    }

    fn write_config(&self, offset: u64, data: &[u8]) {
        let negotiated = self.server.features.load(Ordering::Acquire);
        if offset == config::WRITEBACK
            && negotiated & feature::CONFIG_WCE != 0
            && let Some(value) = data.first()
        {
            self.server.writeback.store(*value != 0, Ordering::Release);
        }
    }

    /// §5.2.5.2: the cache starts as write-back exactly if the driver can flush it.
    fn features_accepted(&self, features: u64) {
        self.server.features.store(features, Ordering::Release);
        let writeback = features & feature::FLUSH != 0;
        self.server.writeback.store(writeback, Ordering::Release);
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

    fn reset(&self) {
        self.server.features.store(0, Ordering::Release);
        self.server.writeback.store(true, Ordering::Release);
    }
}

/// The saved form of a [`Block`]; its contents stay where they are.
#[derive(Debug, Serialize, Deserialize)]
struct BlockState {
    /// In sectors.
    capacity: u64,
    features: u64,
    writeback: bool,
}

impl Snapshot for Block {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        let state = BlockState {
            capacity: self.capacity(),
            features: self.server.features.load(Ordering::Acquire),
            writeback: self.server.writeback.load(Ordering::Acquire),
        };
        Self::KIND.save(&state)
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: BlockState = Self::KIND.load(saved)?;
        if state.capacity != self.capacity() {
            return Err(Self::KIND.mismatch(format!(
                "the disk had {} sectors of 512 bytes, {} has {}: attach the image it was saved with",
                state.capacity,
                self.server.disk.describe(),
                self.capacity()
            )));
        }
        self.server
            .features
            .store(state.features, Ordering::Release);
        self.server
            .writeback
            .store(state.writeback, Ordering::Release);
        Ok(())
    }

    fn quiesce(&self) {
        self.worker.quiesce();
    }

    fn resume(&self) {
        self.worker.resume();
    }
}
