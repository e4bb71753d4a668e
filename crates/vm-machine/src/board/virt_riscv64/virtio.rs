//! The board's virtio devices.

use std::sync::Arc;

use vm_device::{
    interrupt::plic::Plic,
    pci::PciHost,
    virtio::{
        Block, Console, DmaMemory, Entropy, FileBackend, VacantSlot, VirtioDevice, VirtioMmio,
        VirtioPci,
    },
};
use vm_engine::vcpu::MachineShared;

use super::{
    build::{Builder, internal, plic_line},
    map,
};
use crate::{
    config::{ConsoleDevice, DiskConfig, MachineConfig, Transport},
    console::HostConsole,
    error::MachineError,
};

/// What virtio devices are made of.
pub(super) struct VirtioParts<'a> {
    pub(super) config: &'a MachineConfig,
    pub(super) disks: &'a [Arc<FileBackend>],
    pub(super) console: &'a HostConsole,
    pub(super) shared: &'a Arc<MachineShared>,
    pub(super) plic: &'a Arc<Plic>,
    pub(super) pci: &'a Arc<PciHost>,
}

impl VirtioParts<'_> {
    /// Plugs in the entropy source, the console if it was asked for, and the disks.
    pub(super) fn add_to(&self, builder: &mut Builder) -> Result<(), MachineError> {
        let memory = DmaMemory::new(&self.shared.ram);
        let entropy = Entropy::new().map_err(thread_error("virtio-rng"))?;
        self.plug_pci("virtio-rng", Arc::new(entropy), &memory)?;
        if self.config.console_device == ConsoleDevice::Virtio {
            self.plug_console(&memory)?;
        }
        let mut mmio_slots = (0..map::VIRTIO_SLOTS).filter_map(map::virtio_slot);
        let disks = self.config.disks.iter().zip(self.disks);
        for (number, (disk, contents)) in disks.enumerate() {
            let name = format!("virtio-blk{number}");
            let block = attach(disk, contents, number)?;
            match disk.transport {
                Transport::Pci => self.plug_disk_pci(disk, &name, block, &memory)?,
                Transport::Mmio => {
                    let slot = mmio_slots.next();
                    let (window, irq) = slot.ok_or_else(|| no_slot(disk, "virtio-mmio", 8))?;
                    let line = plic_line(self.plic, irq)?;
                    let device = VirtioMmio::new(name.as_str(), block, &memory, line);
                    builder.add(name, window, Arc::new(device))?;
                }
            }
        }
        // The device tree lists all slots, so drivers look into each.
        for (window, irq) in mmio_slots {
            let name = format!("virtio-mmio{irq}");
            builder.map(window, Arc::new(VacantSlot::new(name)))?;
        }
        Ok(())
    }

    fn plug_console(&self, memory: &DmaMemory) -> Result<(), MachineError> {
        let console = Console::new(self.console.output.tap());
        let console = Arc::new(console.map_err(thread_error("virtio-console"))?);
        self.console.input.connect(&console);
        self.console.screen.connect(&console);
        self.plug_pci("virtio-console", console, memory)
    }

    fn plug_disk_pci(
        &self,
        disk: &DiskConfig,
        name: &str,
        block: Arc<Block>,
        memory: &DmaMemory,
    ) -> Result<(), MachineError> {
        if self.pci.free_slot().is_none() {
            return Err(no_slot(disk, "PCI", 30));
        }
        self.plug_pci(name, block, memory)
    }

    fn plug_pci(
        &self,
        name: &str,
        device: Arc<dyn VirtioDevice>,
        memory: &DmaMemory,
    ) -> Result<(), MachineError> {
        // The PLIC takes no messages, so functions have INTx only.
        let function = VirtioPci::new(name, device, memory, None).map_err(internal)?;
        let slot = self
            .pci
            .free_slot()
            .ok_or_else(|| internal("PCI is full"))?;
        self.pci.plug(slot, Arc::new(function)).map_err(internal)
    }
}

fn attach(
    disk: &DiskConfig,
    contents: &Arc<FileBackend>,
    number: usize,
) -> Result<Arc<Block>, MachineError> {
    let serial = format!("disk{number}");
    Block::new(Box::new(Arc::clone(contents)), &serial)
        .map(Arc::new)
        .map_err(|cause| MachineError::disk(disk, cause))
}

fn no_slot(disk: &DiskConfig, bus: &str, slots: u32) -> MachineError {
    MachineError::NoSlot {
        disk: disk.to_string(),
        cause: format!("the board has at most {slots} {bus} places; use fewer disks"),
    }
}

fn thread_error(what: &str) -> impl Fn(std::io::Error) -> MachineError {
    move |cause| MachineError::Thread {
        what: what.to_owned(),
        cause,
    }
}
