//! Addresses and interrupt numbers.

use vm_engine::guest::riscv64::{self, envcfg};

/// A range of guest physical addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first address.
    pub base: u64,
    /// The length in bytes.
    pub len: u64,
}

const fn window(base: u64, len: u64) -> Window {
    Window { base, len }
}

/// The code that runs at reset.
pub const RESET_ROM: Window = window(0x1000, 0xf000);
/// The test finisher: power-off and reset.
pub const SYSCON: Window = window(0x10_0000, 0x1000);
/// The goldfish real-time clock.
pub const RTC: Window = window(0x10_1000, 0x1000);
/// The ACLINT in the layout of SiFive's CLINT.
pub const CLINT: Window = window(0x0200_0000, 0x1_0000);
/// Where the PCI host's port I/O appears.
pub const PCI_PIO: Window = window(0x0300_0000, 0x1_0000);
/// The PLIC.
pub const PLIC: Window = window(0x0c00_0000, 0x60_0000);
/// The UART.
pub const UART: Window = window(0x1000_0000, 0x100);
/// The first of the virtio-mmio slots; the others follow it.
pub const VIRTIO: Window = window(0x1000_1000, 0x1000);
/// How many virtio-mmio slots there are.
pub const VIRTIO_SLOTS: u64 = 8;
/// PCI configuration space.
pub const PCI_ECAM: Window = window(0x3000_0000, 0x1000_0000);
/// PCI memory below 4 GiB.
pub const PCI_MMIO: Window = window(0x4000_0000, 0x4000_0000);
/// Length of PCI memory above 4 GiB. It starts where [`pci_high_mmio`] says.
pub const PCI_HIGH_LEN: u64 = 16 << 30;
/// The first address of RAM.
pub const RAM_BASE: u64 = 0x8000_0000;

/// PLIC source of the first virtio-mmio slot.
pub const VIRTIO_IRQ: u32 = 1;
/// PLIC source of the UART.
pub const UART_IRQ: u32 = 10;
/// PLIC source of the real-time clock.
pub const RTC_IRQ: u32 = 11;
/// PLIC source of PCI INTA of device 0; three more follow it.
pub const PCI_IRQ: u32 = 32;
/// How many interrupt sources the PLIC has.
pub const PLIC_SOURCES: u32 = 95;

/// Frequency of the `time` counter, in hertz.
pub const TIMEBASE_HZ: u64 = riscv64::TIMEBASE_HZ;
/// What `menvcfg` holds after a reset, as on QEMU's board: bare-metal programs may set up
/// page tables without ever setting A and D themselves.
pub const RESET_ENVCFG: u64 = envcfg::ADUE | envcfg::PBMTE;

/// Frequency of the UART's clock, in hertz.
pub const UART_HZ: u32 = 3_686_400;

/// The virtio-mmio slot `index`, and its PLIC source; `None` beyond the last.
pub fn virtio_slot(index: u64) -> Option<(Window, u32)> {
    let base = VIRTIO.base + VIRTIO.len.checked_mul(index)?;
    let irq = VIRTIO_IRQ + u32::try_from(index).ok()?;
    (index < VIRTIO_SLOTS).then_some((window(base, VIRTIO.len), irq))
}

/// PCI memory above 4 GiB, on a machine with `ram` bytes: the first multiple
/// of its own length behind the RAM.
pub fn pci_high_mmio(ram: u64) -> Window {
    let end = RAM_BASE.saturating_add(ram);
    window(end.next_multiple_of(PCI_HIGH_LEN), PCI_HIGH_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_do_not_overlap() {
        let slots = (0..VIRTIO_SLOTS).filter_map(virtio_slot).map(|slot| slot.0);
        let mut windows: Vec<Window> = [
            RESET_ROM, SYSCON, RTC, CLINT, PCI_PIO, PLIC, UART, PCI_ECAM, PCI_MMIO,
        ]
        .into_iter()
        .chain(slots)
        .chain([window(RAM_BASE, 2 << 30), pci_high_mmio(2 << 30)])
        .collect();
        windows.sort_by_key(|window| window.base);
        for pair in windows.windows(2) {
            assert!(pair[0].base + pair[0].len <= pair[1].base, "{pair:?}");
        }
        assert_eq!(windows.len(), 9 + 8 + 2);
    }

    #[test]
    fn high_memory_lies_behind_ram() {
        assert_eq!(pci_high_mmio(1 << 30).base, 16 << 30);
        assert_eq!(pci_high_mmio(14 << 30).base, 16 << 30);
        assert_eq!(pci_high_mmio((14 << 30) + 4096).base, 32 << 30);
    }

    #[test]
    fn there_are_eight_slots() {
        assert_eq!(virtio_slot(7), Some((window(0x1000_8000, 0x1000), 8)));
        assert_eq!(virtio_slot(8), None);
    }
}
