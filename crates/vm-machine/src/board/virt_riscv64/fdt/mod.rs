//! The board's device tree (Devicetree Specification 0.4 and the Linux
//! bindings named at each node).

mod bus;
mod chosen;
mod cpus;
mod soc;

use vm_fdt::FdtWriter;

use crate::board::Description;

/// Phandles of the nodes that others refer to.
mod phandle {
    pub(super) const PLIC: u32 = 1;
    pub(super) const SYSCON: u32 = 2;
    /// The interrupt controller of hart 0; the others follow it, then the harts.
    const HARTS: u32 = 16;

    /// Of the interrupt controller in `hart`.
    pub(super) const fn intc(hart: u32) -> u32 {
        HARTS + 2 * hart
    }

    /// Of the hart itself.
    pub(super) const fn cpu(hart: u32) -> u32 {
        HARTS + 2 * hart + 1
    }
}

/// A device tree that cannot be written.
pub type FdtError = vm_fdt::Error;

/// The device tree as a flattened blob.
///
/// # Errors
/// [`FdtError`] if the command line contains a NUL character.
pub fn build(description: &Description<'_>) -> Result<Vec<u8>, FdtError> {
    let mut fdt = FdtWriter::new()?;
    let root = fdt.begin_node("")?;
    fdt.property_u32("#address-cells", 2)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_string("compatible", "riscv-virtio")?;
    fdt.property_string("model", "riscv-virtio,trine")?;
    chosen::write(&mut fdt, &description.chosen)?;
    write_aliases(&mut fdt)?;
    write_memory(&mut fdt, description.ram)?;
    cpus::write(&mut fdt, description.cpus)?;
    soc::write(&mut fdt, description)?;
    fdt.end_node(root)?;
    fdt.finish()
}

/// Firmware and kernels number serial ports by them.
fn write_aliases(fdt: &mut FdtWriter) -> Result<(), FdtError> {
    let node = fdt.begin_node("aliases")?;
    fdt.property_string("serial0", &chosen::console_path())?;
    fdt.end_node(node)
}

fn write_memory(fdt: &mut FdtWriter, ram: u64) -> Result<(), FdtError> {
    let base = super::map::RAM_BASE;
    let node = fdt.begin_node(&format!("memory@{base:x}"))?;
    fdt.property_string("device_type", "memory")?;
    fdt.property_array_u64("reg", &[base, ram])?;
    fdt.end_node(node)
}

#[cfg(test)]
mod tests;
