//! The 256 bytes of a function's configuration space: storage, which bits
//! software can write, and what the base address registers say.

use vm_core::AccessSize;

use super::{
    bar::{Bar, BarWindow},
    spec::{BAR_COUNT, BAR0, COMMAND, COMMAND_MEMORY, CONFIG_LEN},
};

/// Configuration space without behaviour; every offset is safe to access.
#[derive(Debug, Clone)]
pub(super) struct ConfigSpace {
    pub(super) bytes: [u8; CONFIG_LEN],
    pub(super) writable: [u8; CONFIG_LEN],
    pub(super) bars: [Option<Bar>; BAR_COUNT],
}

impl ConfigSpace {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; CONFIG_LEN],
            writable: [0; CONFIG_LEN],
            bars: [None; BAR_COUNT],
        }
    }

    /// Little-endian value at `offset`; bytes beyond the space are zero.
    pub(super) fn read(&self, offset: u16, size: AccessSize) -> u32 {
        (0..size.bytes().min(4) as usize).fold(0, |value, i| {
            let byte = self.bytes.get(usize::from(offset) + i).copied();
            value | u32::from(byte.unwrap_or(0)) << (8 * i)
        })
    }

    /// Stores the writable bits of `value`; bytes beyond the space are ignored.
    pub(super) fn write(&mut self, offset: u16, size: AccessSize, value: u32) {
        for i in 0..size.bytes().min(4) as usize {
            let at = usize::from(offset) + i;
            if let (Some(byte), Some(mask)) = (self.bytes.get_mut(at), self.writable.get(at)) {
                *byte = (*byte & !mask) | ((value >> (8 * i)) as u8 & mask);
            }
        }
    }

    /// The 16-bit register at `offset`, which must be inside the space.
    pub(super) fn u16_at(&self, offset: usize) -> u16 {
        self.read(offset as u16, AccessSize::Half) as u16
    }

    /// Overwrites read-only and writable bits alike.
    pub(super) fn set(&mut self, offset: usize, bytes: &[u8]) {
        self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Whether the command register lets memory BARs answer.
    pub(super) fn memory_enabled(&self) -> bool {
        self.u16_at(COMMAND) & COMMAND_MEMORY != 0
    }

    /// The windows decoded now: none unless memory space is enabled.
    pub(super) fn windows(&self) -> Vec<BarWindow> {
        if !self.memory_enabled() {
            return Vec::new();
        }
        let implemented = self.bars.iter().enumerate();
        implemented
            .filter_map(|(index, bar)| {
                bar.map(|bar| BarWindow {
                    index,
                    addr: self.bar_address(index, bar),
                    len: bar.len,
                })
            })
            .collect()
    }

    fn bar_address(&self, index: usize, bar: Bar) -> u64 {
        let register = |i: usize| u64::from(self.read((BAR0 + 4 * i) as u16, AccessSize::Word));
        let low = register(index) & !0xf;
        if bar.kind.is_64bit() {
            low | register(index + 1) << 32
        } else {
            low
        }
    }
}
