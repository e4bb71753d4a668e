//! PCI and the virtio-mmio slots.

use vm_fdt::FdtWriter;

use super::{
    super::map,
    FdtError, phandle,
    soc::{write_plic_interrupt, write_reg},
};

pub(super) fn write_virtio_slots(fdt: &mut FdtWriter) -> Result<(), FdtError> {
    for (window, irq) in (0..map::VIRTIO_SLOTS).filter_map(map::virtio_slot) {
        let node = fdt.begin_node(&format!("virtio_mmio@{:x}", window.base))?;
        fdt.property_string("compatible", "virtio,mmio")?;
        write_reg(fdt, window)?;
        write_plic_interrupt(fdt, irq)?;
        fdt.end_node(node)?;
    }
    Ok(())
}

/// The generic ECAM host (binding `pci/host-generic-pci.yaml`).
pub(super) fn write_pci(fdt: &mut FdtWriter, ram: u64) -> Result<(), FdtError> {
    let node = fdt.begin_node(&format!("pci@{:x}", map::PCI_ECAM.base))?;
    fdt.property_string("compatible", "pci-host-ecam-generic")?;
    fdt.property_string("device_type", "pci")?;
    fdt.property_u32("#address-cells", 3)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_u32("#interrupt-cells", 1)?;
    fdt.property_u32("linux,pci-domain", 0)?;
    let last_bus = (map::PCI_ECAM.len >> 20) as u32 - 1;
    fdt.property_array_u32("bus-range", &[0, last_bus])?;
    fdt.property_null("dma-coherent")?;
    write_reg(fdt, map::PCI_ECAM)?;
    fdt.property_array_u32("ranges", &ranges(ram))?;
    fdt.property_array_u32("interrupt-map-mask", &[0x1800, 0, 0, 7])?;
    fdt.property_array_u32("interrupt-map", &interrupt_map())?;
    fdt.end_node(node)
}

/// Address spaces in the first cell of a PCI address (IEEE 1275 PCI binding §2.2.1.1).
mod space {
    pub(super) const IO: u32 = 0x0100_0000;
    pub(super) const MEMORY_32: u32 = 0x0200_0000;
    pub(super) const MEMORY_64: u32 = 0x0300_0000;
}

fn range(space: u32, pci: u64, cpu: u64, len: u64) -> [u32; 7] {
    let cells = |n: u64| [(n >> 32) as u32, n as u32];
    let ([ph, pl], [ch, cl], [lh, ll]) = (cells(pci), cells(cpu), cells(len));
    [space, ph, pl, ch, cl, lh, ll]
}

fn ranges(ram: u64) -> Vec<u32> {
    let (pio, low, high) = (map::PCI_PIO, map::PCI_MMIO, map::pci_high_mmio(ram));
    [
        range(space::IO, 0, pio.base, pio.len),
        range(space::MEMORY_32, low.base, low.base, low.len),
        range(space::MEMORY_64, high.base, high.base, high.len),
    ]
    .concat()
}

/// Pins are swizzled over the four wires by device number, so that devices
/// that all use INTA spread out.
fn interrupt_map() -> Vec<u32> {
    let pins = (0..4u32).flat_map(|device| (0..4u32).map(move |pin| (device, pin)));
    pins.flat_map(|(device, pin)| {
        let wire = map::PCI_IRQ + (device + pin) % 4;
        [device << 11, 0, 0, pin + 1, phandle::PLIC, wire]
    })
    .collect()
}
