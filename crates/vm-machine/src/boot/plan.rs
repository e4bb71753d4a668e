//! From a configuration to a machine that can take its first instruction.

use std::{mem, path::Path};

use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

use super::{
    BootError, Content, Placement, Program, RamRange, ResetTarget, Symbols, Wanted, place,
    read::Source,
};
use crate::{
    board::{BoardModel, Chosen, Description},
    config::{Bios, MachineConfig, Setting},
    debug::Symbol,
    files::Files,
};

/// Random bytes that the kernel is given.
const RNG_SEED_LEN: usize = 32;

/// Makes a program of what a file contains.
type Recognise<'a> = dyn Fn(&Source<'_>, Content) -> Result<Program, BootError> + 'a;

/// Where a guest begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Every vCPU, in its most privileged mode, with the board's code for resets.
    Reset {
        /// The first instruction.
        pc: u64,
    },
    /// The first vCPU only, in the kernel, as firmware would start it; the others are
    /// started by calls to the firmware, which the host serves.
    Kernel {
        /// The first instruction.
        pc: u64,
        /// What the kernel is told of its machine: the address of the device tree.
        info: u64,
    },
}

/// The files of a guest, read, checked and placed. It can be loaded any
/// number of times: a reset does not depend on other files taking their names.
#[derive(Debug, Clone)]
pub struct BootPlan {
    board: &'static dyn BoardModel,
    cpus: u32,
    ram: RamRange,
    bootargs: String,
    /// The kernel, or the bare-metal program.
    kernel: Option<Program>,
    firmware: Option<Program>,
    bare_metal: bool,
    initrd: Option<Content>,
    placement: Placement,
}

impl BootPlan {
    /// Reads and places everything for a machine with this board; tells `files` what it
    /// reads.
    ///
    /// # Errors
    /// [`BootError`] if a file is missing, damaged or does not fit.
    pub(crate) fn read(
        config: &MachineConfig,
        board: &'static dyn BoardModel,
        files: &mut Files,
    ) -> Result<Self, BootError> {
        let memory = config.memory;
        let protocol = board.boot_protocol();
        let source = |setting, path| Source {
            setting,
            path,
            arch: board.arch(),
            memory,
            names: setting == Setting::Kernel && (config.perf_map || config.trace.is_some()),
        };
        let bare_metal = config.bios == Bios::None;
        let mut read = |setting, path, recognise: &Recognise<'_>| {
            let source = source(setting, path);
            recognise(&source, source.open_unpacked(files)?)
        };
        let firmware = match &config.bios {
            Bios::File(path) => Some(read(Setting::Bios, path, &|source, content| {
                protocol.read_firmware(source, content)
            })?),
            Bios::Builtin | Bios::None => None,
        };
        let firmware_end = firmware.as_ref().and_then(Program::end);
        let kernel = match &config.kernel {
            Some(path) if bare_metal => Some(read(Setting::Kernel, path, &|source, content| {
                protocol.read_bare_metal(source, content)
            })?),
            Some(path) => Some(read(Setting::Kernel, path, &|source, content| {
                protocol.read_kernel(source, content, firmware_end)
            })?),
            None => None,
        };
        if kernel.is_none() && firmware.is_none() {
            return Err(BootError::NothingToBoot);
        }
        let initrd = config.initrd.as_deref();
        let initrd = initrd
            .map(|path| source(Setting::Initrd, path).open(files))
            .transpose()?;
        let mut plan = Self {
            board,
            cpus: config.cpus,
            ram: RamRange {
                base: board.ram_base(),
                len: memory.0,
            },
            bootargs: config.append.clone(),
            kernel,
            firmware,
            bare_metal,
            initrd,
            placement: Placement {
                initrd: None,
                dtb: 0,
            },
        };
        plan.placement = plan.place(config)?;
        Ok(plan)
    }

    fn place(&self, config: &MachineConfig) -> Result<Placement, BootError> {
        let kernel_path = config.kernel.as_deref().unwrap_or(Path::new(""));
        let firmware_path = match &config.bios {
            Bios::File(path) => path.as_path(),
            Bios::Builtin | Bios::None => Path::new(""),
        };
        let kernel = self
            .kernel
            .iter()
            .map(|p| (Setting::Kernel, kernel_path, p));
        let firmware = self
            .firmware
            .iter()
            .map(|p| (Setting::Bios, firmware_path, p));
        let programs: Vec<_> = kernel.chain(firmware).collect();
        let initrd_path = config.initrd.as_deref();
        let initrd = self.initrd.as_ref().map(Content::len);
        let wanted = Wanted {
            initrd: initrd_path.zip(initrd),
            dtb: self.device_tree()?.len() as u64,
            dtb_limit: self.board.device_tree_limit(),
        };
        place(self.ram, &programs, wanted)
    }

    /// The device tree, with a fresh seed for the kernel's random numbers.
    ///
    /// # Errors
    /// [`BootError`] if the host has no random numbers.
    pub fn device_tree(&self) -> Result<Vec<u8>, BootError> {
        let mut seed = [0; RNG_SEED_LEN];
        getrandom::fill(&mut seed).map_err(|error| BootError::Random(error.to_string()))?;
        let initrd = self.initrd.as_ref().map(|content| {
            // Before the placement is known, only the length of the blob matters.
            let start = self.placement.initrd.unwrap_or_default();
            (start, start.saturating_add(content.len()))
        });
        let description = Description {
            cpus: self.cpus,
            ram: self.ram.len,
            chosen: Chosen {
                bootargs: &self.bootargs,
                initrd,
                rng_seed: &seed,
            },
        };
        self.board.device_tree(&description)
    }

    /// What the bare-metal program's symbols say; nothing for other guests.
    pub fn symbols(&self) -> Symbols {
        let program = self.kernel.as_ref().filter(|_| self.bare_metal);
        program.map(|program| program.symbols).unwrap_or_default()
    }

    /// The names of the kernel's code, if a tool of the machine wants them.
    pub(crate) fn take_names(&mut self) -> Vec<Symbol> {
        let code = self.kernel.as_mut().map(|program| &mut program.code);
        code.map(mem::take).unwrap_or_default()
    }

    /// Copies everything into `ram`, which is zero.
    ///
    /// # Errors
    /// [`BootError`] if `ram` is not that of this plan's machine.
    pub fn load(&self, ram: &GuestRam) -> Result<Entry, BootError> {
        let programs = self.firmware.iter().chain(&self.kernel);
        for segment in programs.flat_map(|program| &program.segments) {
            segment.content.load(ram, segment.addr)?;
        }
        if let (Some(content), Some(addr)) = (&self.initrd, self.placement.initrd) {
            content.load(ram, addr)?;
        }
        let dtb = self.placement.dtb;
        ram.write(GuestPhysAddr(dtb), &self.device_tree()?)?;
        let kernel = self.kernel.as_ref().map_or(0, |program| program.entry);
        let start = match &self.firmware {
            Some(firmware) => firmware.entry,
            None if self.bare_metal => kernel,
            None => {
                return Ok(Entry::Kernel {
                    pc: kernel,
                    info: dtb,
                });
            }
        };
        let target = ResetTarget {
            start,
            dtb,
            next: kernel,
        };
        let (addr, code) = self.board.boot_protocol().reset_code(&target);
        ram.write(addr, &code)?;
        Ok(Entry::Reset { pc: addr.0 })
    }
}

#[cfg(test)]
mod tests;
