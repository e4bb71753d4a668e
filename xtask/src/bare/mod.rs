//! Bare-metal programs on the engine, in this process: one hart in M-mode, RAM,
//! and HTIF's `tohost`. No board: what is neither RAM nor `tohost` faults.

mod bus;
mod program;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use vm_core::{
    GuestPhysAddr, PAGE_SIZE,
    time::{AlarmService, HostClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    observe::CodeListener,
    vcpu::{MachineShared, TranslatedVcpu, VcpuControl, exit_request},
};
use vm_mem::GuestRam;

pub use program::Program;

use bus::HtifBus;

/// A program on a hart that has not run yet.
pub struct Bare {
    vcpu: TranslatedVcpu<Riscv64>,
    bus: Arc<HtifBus>,
}

/// How a program ended.
pub struct Ended {
    /// What it wrote to `tohost`: 1 for success, else the failed test's number
    /// times 2, plus 1.
    pub tohost: u64,
    /// Its memory.
    pub ram: GuestRam,
    /// Instructions it retired.
    pub retired: u64,
}

/// Runs a program on a plain hart.
///
/// # Errors
/// If it cannot be loaded or does not end within `limit`.
pub fn run(program: &Program, regions: &[(u64, u64)], limit: Duration) -> Result<Ended> {
    Bare::new(program, regions)?.run(limit)
}

impl Bare {
    /// A program in RAM of the given `(start, bytes)` regions, of which the page
    /// with `tohost` is taken out.
    ///
    /// # Errors
    /// If the program has no `tohost` or does not fit into the regions.
    pub fn new(program: &Program, regions: &[(u64, u64)]) -> Result<Self> {
        let tohost = program.symbol("tohost")?;
        let ram = GuestRam::new(&without_page(regions, tohost & !(PAGE_SIZE - 1)))?;
        for segment in &program.segments {
            load(&ram, segment.address, &segment.bytes, tohost)?;
        }
        let control = Arc::new(VcpuControl::new(false));
        let bus = Arc::new(HtifBus::new(tohost, Arc::clone(&control)));
        let shared = Arc::new(MachineShared::new(ram, bus.clone(), alarms()?.clone()));
        shared.attach(vec![Arc::clone(&control)]);
        let hart = Riscv64::new(HartConfig::default());
        let mut vcpu = TranslatedVcpu::new(0, control, shared, hart, program.entry);
        let TranslatedVcpu { core, guest, .. } = &mut vcpu;
        guest.reset_to_machine(core, program.entry, 0, 0);
        Ok(Self { vcpu, bus })
    }

    /// Has `listener` be told of what is translated.
    pub fn set_listener(&mut self, listener: Arc<dyn CodeListener>) {
        self.vcpu.set_code_listener(listener);
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// If it does not end within `limit`.
    pub fn run(mut self, limit: Duration) -> Result<Ended> {
        let control = Arc::clone(&self.vcpu.core.control);
        let alarms = alarms()?;
        let watchdog = alarms.alarm(move || control.request_exit(exit_request::STOP));
        let limit_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        watchdog.set(Some(alarms.clock().now_ns().saturating_add(limit_ns)));
        self.vcpu.run();
        watchdog.set(None);
        let Some(tohost) = self.bus.value() else {
            let pc = self.vcpu.pc;
            bail!("the program did not end within {limit:?}; it is at {pc:#x}");
        };
        Ok(Ended {
            tohost,
            ram: self.vcpu.core.machine.ram.clone(),
            retired: self.vcpu.core.retired,
        })
    }
}

/// One thread of alarms for all programs.
fn alarms() -> Result<&'static Arc<AlarmService>> {
    static ALARMS: OnceLock<Option<Arc<AlarmService>>> = OnceLock::new();
    let start = || AlarmService::start(Arc::new(HostClock::starting_at(0))).ok();
    let alarms = ALARMS.get_or_init(|| start().map(Arc::new));
    alarms.as_ref().context("cannot start the thread of alarms")
}

/// The regions with a hole of one page.
fn without_page(regions: &[(u64, u64)], page: u64) -> Vec<(GuestPhysAddr, u64)> {
    let mut pieces = Vec::new();
    for &(start, bytes) in regions {
        let end = start + bytes;
        if (start..end).contains(&page) {
            pieces.push((start, page - start));
            pieces.push((page + PAGE_SIZE, end - page - PAGE_SIZE));
        } else {
            pieces.push((start, bytes));
        }
    }
    pieces.retain(|&(_, bytes)| bytes != 0);
    let typed = |(start, bytes)| (GuestPhysAddr(start), bytes);
    pieces.into_iter().map(typed).collect()
}

/// Copies a segment to RAM, but for `tohost`'s page.
fn load(ram: &GuestRam, address: u64, bytes: &[u8], tohost: u64) -> Result<()> {
    let page = tohost & !(PAGE_SIZE - 1);
    let mut at = address;
    for part in pages(address, bytes) {
        if at & !(PAGE_SIZE - 1) != page {
            ram.write(GuestPhysAddr(at), part)
                .with_context(|| format!("the program needs memory at {at:#x}"))?;
        }
        at += part.len() as u64;
    }
    Ok(())
}

/// The bytes at `address`, cut at page boundaries.
fn pages(address: u64, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let first = (PAGE_SIZE - address % PAGE_SIZE) as usize;
    let (head, rest) = bytes.split_at(first.min(bytes.len()));
    std::iter::once(head).chain(rest.chunks(PAGE_SIZE as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_taken_out() {
        let typed = |pieces: &[(u64, u64)]| -> Vec<_> {
            pieces.iter().map(|&(a, b)| (GuestPhysAddr(a), b)).collect()
        };
        let regions = [(0x1000, 0x3000), (0x8000, 0x1000)];
        assert_eq!(
            without_page(&regions, 0x2000),
            typed(&[(0x1000, 0x1000), (0x3000, 0x1000), (0x8000, 0x1000)])
        );
        assert_eq!(without_page(&regions, 0x8000), typed(&regions[..1]));
        assert_eq!(without_page(&regions, 0x9000), typed(&regions));
    }

    #[test]
    fn bytes_are_cut_at_pages() {
        let bytes = vec![0; 0x2010];
        let sizes: Vec<_> = pages(0x1ff0, &bytes).map(<[u8]>::len).collect();
        assert_eq!(sizes, [0x10, 0x1000, 0x1000]);
    }
}
