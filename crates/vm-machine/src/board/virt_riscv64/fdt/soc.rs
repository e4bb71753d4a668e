//! `/soc` and the nodes that refer to its devices.

use vm_fdt::FdtWriter;

use super::{
    super::map::{self, Window},
    Description, FdtError, bus, phandle,
};

/// Interrupt numbers in a hart's `interrupts-extended` (Privileged §3.1.9).
mod hart_irq {
    pub(super) const M_SOFTWARE: u32 = 3;
    pub(super) const M_TIMER: u32 = 7;
    pub(super) const S_EXTERNAL: u32 = 9;
    pub(super) const M_EXTERNAL: u32 = 11;
}

pub(super) fn write(fdt: &mut FdtWriter, description: &Description<'_>) -> Result<(), FdtError> {
    let soc = fdt.begin_node("soc")?;
    fdt.property_u32("#address-cells", 2)?;
    fdt.property_u32("#size-cells", 2)?;
    fdt.property_string("compatible", "simple-bus")?;
    fdt.property_null("ranges")?;
    write_syscon(fdt)?;
    write_rtc(fdt)?;
    write_clint(fdt, description.cpus)?;
    write_plic(fdt, description.cpus)?;
    write_uart(fdt)?;
    bus::write_virtio_slots(fdt)?;
    bus::write_pci(fdt, description.ram)?;
    fdt.end_node(soc)?;
    write_power(fdt, "poweroff", "syscon-poweroff", 0x5555)?;
    write_power(fdt, "reboot", "syscon-reboot", 0x7777)
}

/// The two properties of a device with one window.
pub(super) fn write_reg(fdt: &mut FdtWriter, window: Window) -> Result<(), FdtError> {
    fdt.property_array_u64("reg", &[window.base, window.len])
}

pub(super) fn write_plic_interrupt(fdt: &mut FdtWriter, source: u32) -> Result<(), FdtError> {
    fdt.property_u32("interrupt-parent", phandle::PLIC)?;
    fdt.property_u32("interrupts", source)
}

fn compatible(fdt: &mut FdtWriter, names: &[&str]) -> Result<(), FdtError> {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    fdt.property_string_list("compatible", names)
}

fn write_syscon(fdt: &mut FdtWriter) -> Result<(), FdtError> {
    let node = fdt.begin_node(&format!("test@{:x}", map::SYSCON.base))?;
    compatible(fdt, &["sifive,test1", "sifive,test0", "syscon"])?;
    write_reg(fdt, map::SYSCON)?;
    fdt.property_phandle(phandle::SYSCON)?;
    fdt.end_node(node)
}

fn write_power(fdt: &mut FdtWriter, name: &str, binding: &str, value: u32) -> Result<(), FdtError> {
    let node = fdt.begin_node(name)?;
    fdt.property_string("compatible", binding)?;
    fdt.property_u32("regmap", phandle::SYSCON)?;
    fdt.property_u32("offset", 0)?;
    fdt.property_u32("value", value)?;
    fdt.end_node(node)
}

fn write_rtc(fdt: &mut FdtWriter) -> Result<(), FdtError> {
    let node = fdt.begin_node(&format!("rtc@{:x}", map::RTC.base))?;
    fdt.property_string("compatible", "google,goldfish-rtc")?;
    write_reg(fdt, map::RTC)?;
    write_plic_interrupt(fdt, map::RTC_IRQ)?;
    fdt.end_node(node)
}

/// A list of `(hart's interrupt controller, interrupt)`, two for each hart.
fn per_hart(harts: u32, interrupts: [u32; 2]) -> Vec<u32> {
    (0..harts)
        .flat_map(|hart| interrupts.map(|irq| [phandle::intc(hart), irq]))
        .flatten()
        .collect()
}

fn write_clint(fdt: &mut FdtWriter, harts: u32) -> Result<(), FdtError> {
    let node = fdt.begin_node(&format!("clint@{:x}", map::CLINT.base))?;
    compatible(fdt, &["sifive,clint0", "riscv,clint0"])?;
    write_reg(fdt, map::CLINT)?;
    let wires = per_hart(harts, [hart_irq::M_SOFTWARE, hart_irq::M_TIMER]);
    fdt.property_array_u32("interrupts-extended", &wires)?;
    fdt.end_node(node)
}

fn write_plic(fdt: &mut FdtWriter, harts: u32) -> Result<(), FdtError> {
    let node = fdt.begin_node(&format!("plic@{:x}", map::PLIC.base))?;
    compatible(fdt, &["sifive,plic-1.0.0", "riscv,plic0"])?;
    write_reg(fdt, map::PLIC)?;
    fdt.property_null("interrupt-controller")?;
    fdt.property_u32("#interrupt-cells", 1)?;
    fdt.property_u32("#address-cells", 0)?;
    fdt.property_u32("riscv,ndev", map::PLIC_SOURCES)?;
    let wires = per_hart(harts, [hart_irq::M_EXTERNAL, hart_irq::S_EXTERNAL]);
    fdt.property_array_u32("interrupts-extended", &wires)?;
    fdt.property_phandle(phandle::PLIC)?;
    fdt.end_node(node)
}

fn write_uart(fdt: &mut FdtWriter) -> Result<(), FdtError> {
    let node = fdt.begin_node(&format!("serial@{:x}", map::UART.base))?;
    fdt.property_string("compatible", "ns16550a")?;
    write_reg(fdt, map::UART)?;
    fdt.property_u32("clock-frequency", map::UART_HZ)?;
    write_plic_interrupt(fdt, map::UART_IRQ)?;
    fdt.end_node(node)
}
