//! Puts the board together.

use std::{fmt::Display, io, sync::Arc};

use vm_core::{
    GuestPhysAddr, MmioDevice,
    snapshot::Snapshot,
    time::{AlarmService, HostClock},
};
use vm_device::{
    bus::MmioBus,
    interrupt::plic::Plic,
    pci::{PciHost, WindowRange},
    rtc::{HostWallClock, goldfish::GoldfishRtc},
    serial::Ns16550a,
    syscon::TestFinisher,
    timer::aclint::{Aclint, HartLines},
};
use vm_engine::{
    guest::riscv64::{Firmware, interrupt_bits},
    vcpu::{Engine, MachineShared, Vcpu, VcpuControl},
};
use vm_mem::GuestRam;

use super::{
    super::{Board, BoardParts, Component},
    firmware_console::UartConsole,
    harts,
    map::{self, Window},
    virtio::VirtioParts,
};
use crate::{
    boot::Entry,
    config::{Bios, ConsoleDevice, MachineConfig},
    error::MachineError,
    firmware::{
        FirmwareConsole, HostFirmware,
        htif::{Htif, HtifAddresses},
        sbi::Sbi,
    },
};

/// The name of HTIF in saved states.
pub(super) const HTIF: &str = "htif";

/// A board of this model.
pub(super) struct VirtBoard {
    /// RAM, bus and clock, as the harts see them.
    shared: Arc<MachineShared>,
    /// The devices, in the order in which they are restored: interrupt
    /// controllers follow the devices whose wires lead to them.
    components: Vec<Component>,
    /// The firmware, if the host serves it.
    sbi: Option<Arc<Sbi>>,
    htif: Option<Arc<Htif>>,
}

impl VirtBoard {
    pub(super) fn new(parts: &BoardParts<'_>) -> Result<Self, MachineError> {
        let config = parts.config;
        // Other firmware has all harts come to it.
        let builtin = config.bios == Bios::Builtin;
        let controls: Vec<_> = (0..config.cpus)
            .map(|hart| Arc::new(VcpuControl::new(hart != 0 && builtin)))
            .collect();
        let alarms = start_alarms(parts.clock_ns)?;
        let ram = map_ram(config)?;
        let bus = Arc::new(MmioBus::new());
        let shared = Arc::new(MachineShared::new(
            ram,
            bus.clone() as Arc<dyn vm_core::PhysBus>,
            Arc::clone(&alarms),
        ));
        shared.attach(controls.clone());

        let mut builder = Builder {
            bus,
            components: Vec::new(),
        };
        let plic = Plic::new(map::PLIC_SOURCES, external_lines(&controls)).map_err(internal)?;
        let uart = builder.add_legacy(parts, &plic, &alarms)?;
        let pci = PciHost::new(pci_windows(config.memory.0), pci_lines(&plic)?);
        VirtioParts {
            config,
            disks: parts.disks,
            console: parts.console,
            shared: &shared,
            plic: &plic,
            pci: &pci,
        }
        .add_to(&mut builder)?;
        builder.add_pci(&pci)?;
        let aclint = Aclint::new(machine_lines(&controls), map::TIMEBASE_HZ, &alarms);
        builder.add("clint", map::CLINT, aclint.map_err(internal)?)?;
        builder.add("plic", map::PLIC, plic)?;
        let console: Arc<dyn FirmwareConsole> =
            Arc::new(UartConsole::new(parts.console.output.tap(), uart));
        let sbi = builtin.then(|| Arc::new(Sbi::new(controls.len(), Arc::clone(&console))));
        let htif = builder.add_htif(parts, &shared.ram, console);
        Ok(Self {
            shared,
            components: builder.components,
            sbi,
            htif,
        })
    }
}

impl Board for VirtBoard {
    fn ram(&self) -> &GuestRam {
        &self.shared.ram
    }

    fn clock_ns(&self) -> u64 {
        self.shared.alarms.clock().now_ns()
    }

    fn components(&self) -> &[Component] {
        &self.components
    }

    fn firmware(&self) -> Option<&dyn HostFirmware> {
        self.sbi.as_deref().map(|sbi| sbi as &dyn HostFirmware)
    }

    fn make_vcpus(&self, engine: Engine, entry: Option<Entry>) -> io::Result<Vec<Box<dyn Vcpu>>> {
        let firmware = self.sbi.clone().map(|sbi| sbi as Arc<dyn Firmware>);
        harts::make(&self.shared, firmware.as_ref(), engine, entry)
    }

    fn start(&self) -> Result<(), MachineError> {
        let started = self.htif.as_ref().map_or(Ok(()), |htif| htif.start());
        started.map_err(|cause| MachineError::Thread {
            what: "HTIF".to_owned(),
            cause,
        })
    }

    fn stop(&self) {
        if let Some(htif) = &self.htif {
            htif.stop();
        }
    }
}

/// The board so far.
pub(super) struct Builder {
    bus: Arc<MmioBus>,
    components: Vec<Component>,
}

impl Builder {
    /// Maps a device and remembers it for snapshots.
    pub(super) fn add<D>(
        &mut self,
        name: impl Into<String>,
        window: Window,
        device: Arc<D>,
    ) -> Result<(), MachineError>
    where
        D: MmioDevice + Snapshot + 'static,
    {
        self.map(window, device.clone())?;
        self.components.push(Component {
            name: name.into(),
            device,
        });
        Ok(())
    }

    pub(super) fn map(
        &self,
        window: Window,
        device: Arc<dyn MmioDevice>,
    ) -> Result<(), MachineError> {
        let base = GuestPhysAddr(window.base);
        self.bus.map(base, window.len, device).map_err(internal)
    }

    /// The devices that do without virtio.
    fn add_legacy(
        &mut self,
        parts: &BoardParts<'_>,
        plic: &Arc<Plic>,
        alarms: &AlarmService,
    ) -> Result<Arc<Ns16550a>, MachineError> {
        let finisher = Arc::new(TestFinisher::new(Arc::clone(&parts.power)));
        self.add("syscon", map::SYSCON, finisher)?;
        let line = plic_line(plic, map::RTC_IRQ)?;
        let rtc = GoldfishRtc::new(Arc::new(HostWallClock), alarms, line);
        self.add("rtc", map::RTC, rtc)?;
        let line = plic_line(plic, map::UART_IRQ)?;
        let uart = Ns16550a::new("uart0", parts.console.output.tap(), line);
        self.add("uart0", map::UART, Arc::clone(&uart))?;
        if parts.config.console_device == ConsoleDevice::Uart {
            parts.console.input.connect(&uart);
        }
        Ok(uart)
    }

    /// Adds what serves HTIF, if the program uses it.
    fn add_htif(
        &mut self,
        parts: &BoardParts<'_>,
        ram: &GuestRam,
        console: Arc<dyn FirmwareConsole>,
    ) -> Option<Arc<Htif>> {
        let addresses = HtifAddresses {
            tohost: parts.symbols.tohost?,
            fromhost: parts.symbols.fromhost,
        };
        let power = Arc::clone(&parts.power);
        let htif = Arc::new(Htif::new(addresses, ram.clone(), console, power));
        self.components.push(Component {
            name: HTIF.to_owned(),
            device: Arc::clone(&htif) as _,
        });
        Some(htif)
    }

    fn add_pci(&mut self, pci: &Arc<PciHost>) -> Result<(), MachineError> {
        for (range, device) in pci.memory_windows() {
            let window = Window {
                base: range.base,
                len: range.len,
            };
            self.map(window, device)?;
        }
        self.add("pci", map::PCI_ECAM, Arc::clone(pci))
    }
}

/// An error that only a mistake in this program can cause.
pub(super) fn internal(cause: impl Display) -> MachineError {
    MachineError::Board(cause.to_string())
}

pub(super) fn plic_line(
    plic: &Arc<Plic>,
    source: u32,
) -> Result<Arc<dyn vm_core::IrqLine>, MachineError> {
    plic.line(source)
        .ok_or_else(|| internal(format_args!("the PLIC has no source {source}")))
}

fn start_alarms(clock_ns: u64) -> Result<Arc<AlarmService>, MachineError> {
    let clock = Arc::new(HostClock::starting_at(clock_ns));
    let service = AlarmService::start(clock).map_err(|cause| MachineError::Thread {
        what: "timers".to_owned(),
        cause,
    })?;
    Ok(Arc::new(service))
}

/// RAM, and the reset ROM: it is memory too, because harts fetch from memory
/// only. A guest that writes to it harms nobody but itself.
fn map_ram(config: &MachineConfig) -> Result<GuestRam, MachineError> {
    let rom = (GuestPhysAddr(map::RESET_ROM.base), map::RESET_ROM.len);
    let ram = (GuestPhysAddr(map::RAM_BASE), config.memory.0);
    GuestRam::new(&[rom, ram]).map_err(|cause| MachineError::Memory {
        memory: config.memory,
        cause,
    })
}

/// A context for M-mode and one for S-mode, for each hart in turn.
fn external_lines(controls: &[Arc<VcpuControl>]) -> Vec<Arc<dyn vm_core::IrqLine>> {
    let lines = [interrupt_bits::MEI, interrupt_bits::SEI];
    let harts = controls.iter();
    harts
        .flat_map(|hart| lines.map(|line| hart.line(line)))
        .collect()
}

fn machine_lines(controls: &[Arc<VcpuControl>]) -> Vec<HartLines> {
    let lines = |hart: &Arc<VcpuControl>| HartLines {
        software: hart.line(interrupt_bits::MSI),
        timer: hart.line(interrupt_bits::MTI),
    };
    controls.iter().map(lines).collect()
}

fn pci_windows(ram: u64) -> Vec<WindowRange> {
    let range = |window: Window| WindowRange {
        base: window.base,
        len: window.len,
    };
    vec![range(map::PCI_MMIO), range(map::pci_high_mmio(ram))]
}

fn pci_lines(plic: &Arc<Plic>) -> Result<[Arc<dyn vm_core::IrqLine>; 4], MachineError> {
    let [a, b, c, d] = [0, 1, 2, 3].map(|pin| plic_line(plic, map::PCI_IRQ + pin));
    Ok([a?, b?, c?, d?])
}
