//! The driver's side of a split virtqueue.

use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap};

use crate::virtio::queue::QueueLayout;

/// `VIRTQ_DESC_F_NEXT`
pub(crate) const NEXT: u16 = 1;
/// `VIRTQ_DESC_F_WRITE`
pub(crate) const WRITE: u16 = 2;
/// `VIRTQ_DESC_F_INDIRECT`
pub(crate) const INDIRECT: u16 = 4;

/// A descriptor, without its link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptor {
    pub(crate) addr: u64,
    pub(crate) len: u32,
    pub(crate) flags: u16,
}

impl Descriptor {
    /// A buffer that the device reads.
    pub(crate) fn readable(addr: u64, len: u32) -> Self {
        Self {
            addr,
            len,
            flags: 0,
        }
    }

    /// A buffer that the device writes.
    pub(crate) fn writable(addr: u64, len: u32) -> Self {
        Self {
            addr,
            len,
            flags: WRITE,
        }
    }

    /// A table of descriptors.
    pub(crate) fn indirect(addr: u64, count: u32) -> Self {
        Self {
            addr,
            len: 16 * count,
            flags: INDIRECT,
        }
    }

    /// The descriptor's bytes in a table.
    pub(crate) fn bytes(self, flags: u16, next: u16) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.addr.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.len.to_le_bytes());
        bytes[12..14].copy_from_slice(&(self.flags | flags).to_le_bytes());
        bytes[14..].copy_from_slice(&next.to_le_bytes());
        bytes
    }
}

/// A queue whose descriptors are used in turn and never run out before the
/// device is done with them.
#[derive(Debug, Clone)]
pub(crate) struct DriverQueue {
    base: u64,
    size: u16,
    next_descriptor: u16,
    available: u16,
}

impl DriverQueue {
    /// A queue of `size` descriptors at `base`; takes less than 64 KiB.
    pub(crate) fn new(memory: &GuestMemoryMmap, base: u64, size: u16) -> Self {
        memory
            .write_slice(&[0; 0x3000], GuestAddress(base))
            .unwrap();
        Self {
            base,
            size,
            next_descriptor: 0,
            available: 0,
        }
    }

    pub(crate) fn layout(&self) -> QueueLayout {
        QueueLayout {
            size: self.size,
            ready: true,
            descriptors: self.base,
            available: self.base + 0x1000,
            used: self.base + 0x2000,
        }
    }

    /// Where descriptor `index` is.
    pub(crate) fn descriptor_addr(&self, index: u16) -> u64 {
        self.base + 16 * u64::from(index % self.size)
    }

    /// Writes a chain into the table and makes it available.
    pub(crate) fn add(&mut self, memory: &GuestMemoryMmap, chain: &[Descriptor]) -> u16 {
        let head = self.next_descriptor % self.size;
        for (position, descriptor) in chain.iter().enumerate() {
            let index = self.next_descriptor % self.size;
            self.next_descriptor = self.next_descriptor.wrapping_add(1);
            let flags = if position + 1 < chain.len() { NEXT } else { 0 };
            let bytes = descriptor.bytes(flags, self.next_descriptor % self.size);
            memory
                .write_slice(&bytes, GuestAddress(self.descriptor_addr(index)))
                .unwrap();
        }
        self.add_head(memory, head);
        head
    }

    /// Makes the chain that begins at descriptor `head` available.
    pub(crate) fn add_head(&mut self, memory: &GuestMemoryMmap, head: u16) {
        let slot = self.base + 0x1004 + 2 * u64::from(self.available % self.size);
        memory.write_obj(head.to_le(), GuestAddress(slot)).unwrap();
        self.set_available_index(memory, self.available.wrapping_add(1));
    }

    /// Writes `idx` of the available ring.
    pub(crate) fn set_available_index(&mut self, memory: &GuestMemoryMmap, index: u16) {
        self.available = index;
        memory
            .store(
                index.to_le(),
                GuestAddress(self.base + 0x1002),
                std::sync::atomic::Ordering::SeqCst,
            )
            .unwrap();
    }

    /// Writes `flags` of the available ring.
    pub(crate) fn set_available_flags(&self, memory: &GuestMemoryMmap, flags: u16) {
        memory
            .write_obj(flags.to_le(), GuestAddress(self.base + 0x1000))
            .unwrap();
    }

    /// Writes `used_event` of the available ring.
    pub(crate) fn set_used_event(&self, memory: &GuestMemoryMmap, index: u16) {
        let at = self.base + 0x1004 + 2 * u64::from(self.size);
        memory.write_obj(index.to_le(), GuestAddress(at)).unwrap();
    }

    pub(crate) fn available_index(&self) -> u16 {
        self.available
    }

    /// `idx` of the used ring.
    pub(crate) fn used_index(&self, memory: &GuestMemoryMmap) -> u16 {
        let index: u16 = memory
            .load(
                GuestAddress(self.base + 0x2002),
                std::sync::atomic::Ordering::SeqCst,
            )
            .unwrap();
        u16::from_le(index)
    }

    /// `flags` of the used ring.
    pub(crate) fn used_flags(&self, memory: &GuestMemoryMmap) -> u16 {
        let flags: u16 = memory.read_obj(GuestAddress(self.base + 0x2000)).unwrap();
        u16::from_le(flags)
    }

    /// `avail_event` of the used ring.
    pub(crate) fn available_event(&self, memory: &GuestMemoryMmap) -> u16 {
        let at = self.base + 0x2004 + 8 * u64::from(self.size);
        let event: u16 = memory.read_obj(GuestAddress(at)).unwrap();
        u16::from_le(event)
    }

    /// The last element of the used ring: head and length.
    pub(crate) fn last_used(&self, memory: &GuestMemoryMmap) -> (u32, u32) {
        let last = self.used_index(memory).wrapping_sub(1) % self.size;
        let at = self.base + 0x2004 + 8 * u64::from(last);
        let read = |at| u32::from_le(memory.read_obj::<u32>(GuestAddress(at)).unwrap());
        (read(at), read(at + 4))
    }
}
