//! `/chosen`: what the firmware tells the kernel.

use vm_fdt::FdtWriter;

use super::{super::map, FdtError};
use crate::board::Chosen;

/// The UART's node.
pub(super) fn console_path() -> String {
    format!("/soc/serial@{:x}", map::UART.base)
}

pub(super) fn write(fdt: &mut FdtWriter, chosen: &Chosen<'_>) -> Result<(), FdtError> {
    let node = fdt.begin_node("chosen")?;
    if !chosen.bootargs.is_empty() {
        fdt.property_string("bootargs", chosen.bootargs)?;
    }
    fdt.property_string("stdout-path", &console_path())?;
    if let Some((start, end)) = chosen.initrd {
        fdt.property_u64("linux,initrd-start", start)?;
        fdt.property_u64("linux,initrd-end", end)?;
    }
    if !chosen.rng_seed.is_empty() {
        fdt.property("rng-seed", chosen.rng_seed)?;
    }
    fdt.end_node(node)
}
