//! What a driver can do wrong with a queue.

/// A queue that cannot be served any more; the device then asks for a reset.
#[derive(Debug, thiserror::Error)]
#[error("queue {queue}: {cause}")]
pub struct QueueFault {
    /// The queue's index.
    pub queue: u16,
    /// What is wrong.
    pub cause: FaultCause,
}

/// The reason of a [`QueueFault`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultCause {
    /// Size, alignment, rings or indices are not what the specification allows.
    #[error("{0}")]
    Ring(#[from] virtio_queue::Error),
    /// The rings do not lie in guest memory.
    #[error("the rings lie outside guest memory")]
    RingsOutsideMemory,
    /// A chain leads out of the descriptor table, loops or exceeds 4 GiB.
    #[error("a descriptor chain is empty, endless or leads out of its table")]
    BrokenChain,
    /// A chain is longer than this implementation serves.
    #[error("a descriptor chain is too long")]
    ChainTooLong,
    /// §2.7.4.2: device-readable buffers come first.
    #[error("a device-readable buffer follows a device-writable one")]
    ReadableAfterWritable,
    /// A buffer does not lie in guest memory.
    #[error("a buffer of {len} bytes at {addr:#x} lies outside guest memory")]
    BufferOutsideMemory {
        /// Guest physical address.
        addr: u64,
        /// Length in bytes.
        len: u32,
    },
    /// The buffers do not hold what the device type requires.
    #[error("the buffers of a request are too short")]
    BuffersTooShort,
    /// Guest memory refused an access.
    #[error("guest memory: {0}")]
    Memory(#[from] vm_mem::RamError),
    /// The host cannot provide what the device promises.
    #[error("the host failed: {0}")]
    Host(std::io::Error),
}

impl FaultCause {
    /// Says which queue it happened in.
    pub fn in_queue(self, queue: u16) -> QueueFault {
        QueueFault { queue, cause: self }
    }
}
