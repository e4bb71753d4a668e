//! The driver's side of a split virtqueue.

use std::sync::atomic::{Ordering, fence};

use vm_core::{AccessSize, GuestPhysAddr};
use vm_mem::GuestRam;

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
    pub(crate) fn new(memory: &GuestRam, base: u64, size: u16) -> Self {
        memory.write(GuestPhysAddr(base), &[0; 0x3000]).unwrap();
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
    pub(crate) fn add(&mut self, memory: &GuestRam, chain: &[Descriptor]) -> u16 {
        let head = self.next_descriptor % self.size;
        for (position, descriptor) in chain.iter().enumerate() {
            let index = self.next_descriptor % self.size;
            self.next_descriptor = self.next_descriptor.wrapping_add(1);
            let flags = if position + 1 < chain.len() { NEXT } else { 0 };
            let bytes = descriptor.bytes(flags, self.next_descriptor % self.size);
            memory
                .write(GuestPhysAddr(self.descriptor_addr(index)), &bytes)
                .unwrap();
        }
        self.add_head(memory, head);
        head
    }

    /// Makes the chain that begins at descriptor `head` available.
    pub(crate) fn add_head(&mut self, memory: &GuestRam, head: u16) {
        let slot = self.base + 0x1004 + 2 * u64::from(self.available % self.size);
        put(memory, slot, head);
        self.set_available_index(memory, self.available.wrapping_add(1));
    }

    /// Writes `idx` of the available ring.
    pub(crate) fn set_available_index(&mut self, memory: &GuestRam, index: u16) {
        self.available = index;
        put(memory, self.base + 0x1002, index);
    }

    /// Writes `flags` of the available ring.
    pub(crate) fn set_available_flags(&self, memory: &GuestRam, flags: u16) {
        put(memory, self.base + 0x1000, flags);
    }

    /// Writes `used_event` of the available ring.
    pub(crate) fn set_used_event(&self, memory: &GuestRam, index: u16) {
        let at = self.base + 0x1004 + 2 * u64::from(self.size);
        put(memory, at, index);
    }

    pub(crate) fn available_index(&self) -> u16 {
        self.available
    }

    /// `idx` of the used ring.
    pub(crate) fn used_index(&self, memory: &GuestRam) -> u16 {
        get(memory, self.base + 0x2002, AccessSize::Half) as u16
    }

    /// `flags` of the used ring.
    pub(crate) fn used_flags(&self, memory: &GuestRam) -> u16 {
        get(memory, self.base + 0x2000, AccessSize::Half) as u16
    }

    /// `avail_event` of the used ring.
    pub(crate) fn available_event(&self, memory: &GuestRam) -> u16 {
        let at = self.base + 0x2004 + 8 * u64::from(self.size);
        get(memory, at, AccessSize::Half) as u16
    }

    /// The last element of the used ring: head and length.
    pub(crate) fn last_used(&self, memory: &GuestRam) -> (u32, u32) {
        let last = self.used_index(memory).wrapping_sub(1) % self.size;
        let at = self.base + 0x2004 + 8 * u64::from(last);
        let read = |at| get(memory, at, AccessSize::Word) as u32;
        (read(at), read(at + 4))
    }
}

/// Stores after everything before it.
fn put(memory: &GuestRam, at: u64, value: u16) {
    fence(Ordering::SeqCst);
    let stored = memory.store(GuestPhysAddr(at), AccessSize::Half, value.into());
    stored.unwrap();
    fence(Ordering::SeqCst);
}

/// Loads before everything after it.
fn get(memory: &GuestRam, at: u64, size: AccessSize) -> u64 {
    let value = memory.load(GuestPhysAddr(at), size).unwrap();
    fence(Ordering::SeqCst);
    value
}
