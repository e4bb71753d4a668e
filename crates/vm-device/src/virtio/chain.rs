//! Descriptor chains, checked before a device sees them.

use virtio_queue::DescriptorChain;
use vm_memory::{GuestAddress, GuestMemory, GuestMemoryMmap, Permissions};

use super::{dma::DmaMemory, fault::FaultCause};

/// The longest chain served, in descriptors.
///
/// A chain must not exceed the queue size (§2.7.5.2), but drivers let indirect
/// tables do so; this bounds the work one chain can cause.
const MAX_DESCRIPTORS: usize = 1024;

/// A request: the buffers the driver filled, followed by those for the answer.
#[derive(Debug)]
pub struct Chain {
    head: u16,
    readable: Buffers,
    writable: Buffers,
}

impl Chain {
    /// Walks and checks a chain: properly ended, readable before writable
    /// buffers (§2.7.4.2), all of them in guest memory.
    pub(super) fn parse(
        memory: &GuestMemoryMmap,
        raw: DescriptorChain<&GuestMemoryMmap>,
    ) -> Result<Self, FaultCause> {
        let head = raw.head_index();
        let mut chain = Self {
            head,
            readable: Buffers::default(),
            writable: Buffers::default(),
        };
        // The iterator ends silently at whatever it cannot follow; then the
        // last descriptor it gave still announces another one.
        let mut unfinished = true;
        for (count, descriptor) in raw.enumerate() {
            if count == MAX_DESCRIPTORS {
                return Err(FaultCause::ChainTooLong);
            }
            let (addr, len) = (descriptor.addr(), descriptor.len());
            let access = if descriptor.is_write_only() {
                Permissions::Write
            } else if chain.writable.segments.is_empty() {
                Permissions::Read
            } else {
                return Err(FaultCause::ReadableAfterWritable);
            };
            if !memory.check_range(addr, len as usize, access) {
                return Err(FaultCause::BufferOutsideMemory { addr: addr.0, len });
            }
            match access {
                Permissions::Write => chain.writable.push(addr, len),
                _ => chain.readable.push(addr, len),
            }
            unfinished = descriptor.has_next();
        }
        if unfinished {
            return Err(FaultCause::BrokenChain);
        }
        Ok(chain)
    }

    /// The index of the first descriptor, by which the driver knows the chain.
    pub fn head(&self) -> u16 {
        self.head
    }

    /// What the driver wrote for the device.
    pub fn readable(&self) -> &Buffers {
        &self.readable
    }

    /// Where the device may write.
    pub fn writable(&self) -> &Buffers {
        &self.writable
    }
}

/// Pieces of guest memory, seen as one run of bytes.
#[derive(Debug, Default)]
pub struct Buffers {
    segments: Vec<(GuestAddress, u32)>,
    len: u64,
}

impl Buffers {
    fn push(&mut self, addr: GuestAddress, len: u32) {
        self.segments.push((addr, len));
        self.len += u64::from(len);
    }

    /// The sum of all lengths, in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is not a single byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies the bytes at `offset` into `data`.
    ///
    /// # Errors
    /// [`FaultCause`] if the buffers end before `data` is full.
    pub fn read_at(
        &self,
        memory: &DmaMemory,
        offset: u64,
        data: &mut [u8],
    ) -> Result<(), FaultCause> {
        self.for_each_piece(offset, data.len(), |addr, range| {
            memory
                .read(addr, &mut data[range])
                .map_err(FaultCause::from)
        })
    }

    /// Copies `data` over the bytes at `offset`.
    ///
    /// # Errors
    /// [`FaultCause`] if the buffers end before all of `data` is written.
    pub fn write_at(&self, memory: &DmaMemory, offset: u64, data: &[u8]) -> Result<(), FaultCause> {
        self.for_each_piece(offset, data.len(), |addr, range| {
            memory.write(addr, &data[range]).map_err(FaultCause::from)
        })
    }

    /// Calls `copy` with each contiguous piece of `[offset, offset + count)`
    /// and the part of the host buffer that belongs to it.
    fn for_each_piece(
        &self,
        offset: u64,
        count: usize,
        mut copy: impl FnMut(GuestAddress, std::ops::Range<usize>) -> Result<(), FaultCause>,
    ) -> Result<(), FaultCause> {
        let mut skip = offset;
        let mut done = 0;
        for &(addr, len) in &self.segments {
            if done == count {
                break;
            }
            let len = u64::from(len);
            if skip >= len {
                skip -= len;
                continue;
            }
            // At most `count`, hence a usize.
            let take = (len - skip).min((count - done) as u64) as usize;
            copy(GuestAddress(addr.0.wrapping_add(skip)), done..done + take)?;
            done += take;
            skip = 0;
        }
        if done == count {
            Ok(())
        } else {
            Err(FaultCause::BuffersTooShort)
        }
    }
}
