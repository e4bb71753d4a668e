//! The architecture that golden files run in: virtual addresses are physical,
//! one page is not there and one is read-only.

use std::sync::Arc;

use vm_core::{
    AccessKind, AccessSize, BusError, GuestPhysAddr, PAGE_SIZE, PhysBus,
    time::{AlarmService, ManualClock},
};
use vm_cross_arch::ir::{Block, Slot};
use vm_engine::{
    guest::{Exception, Fill, Guest, HelperCall, Outcome},
    vcpu::{Core, MachineShared, VcpuControl, VcpuRequest},
};
use vm_mem::{GuestRam, Perms, Space, TlbEntry};

/// RAM starts at 0; nobody answers above.
pub const RAM_BYTES: u64 = 0x1_0000;
/// The page without translation.
const MISSING: u64 = 0x8000;
/// The page that cannot be written.
const READ_ONLY: u64 = 0x9000;

/// Sorts of exceptions; the access kind is added to the cause.
const SORTS: [&str; 4] = ["page", "access", "misaligned", "helper"];
const KINDS: [&str; 3] = ["-read", "-write", "-execute"];

/// The name that files give an exception's cause.
pub fn cause_name(cause: u64) -> String {
    let sort = SORTS[cause as usize / 4];
    let kind = KINDS.get(cause as usize % 4).copied().unwrap_or("");
    format!("{sort}{kind}")
}

fn exception(sort: u64, kind: AccessKind, value: u64) -> Exception {
    Exception {
        cause: 4 * sort + kind as u64,
        value,
    }
}

/// Nobody.
struct NoBus;

impl PhysBus for NoBus {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        Err(BusError { addr, size })
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, _: u64) -> Result<(), BusError> {
        Err(BusError { addr, size })
    }
}

pub fn machine() -> Arc<MachineShared> {
    let ram = GuestRam::new(&[(GuestPhysAddr(0), RAM_BYTES)]).unwrap();
    let alarms = AlarmService::start(Arc::new(ManualClock::default())).unwrap();
    let machine = MachineShared::new(ram, Arc::new(NoBus), Arc::new(alarms));
    Arc::new(machine)
}

/// The space that everything is in.
const SPACE: Space = Space::new(0, 0, 0);

pub fn core(machine: &Arc<MachineShared>) -> Core {
    let mut core = Core::new(0, Arc::new(VcpuControl::new(false)), Arc::clone(machine));
    core.data_space = SPACE;
    let kinds = [AccessKind::Read, AccessKind::Write, AccessKind::Execute];
    core.accept = kinds.map(Perms::supervisor);
    core
}

/// The architecture's state: none.
pub struct Mock;

impl Guest for Mock {
    const MAX_INSN_BYTES: usize = 4;

    fn lift(&self, _: &[u8], _: u16) -> Option<Block> {
        None
    }

    fn context(&self) -> u32 {
        0
    }

    fn fill(
        &mut self,
        core: &mut Core,
        va: u64,
        _: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        let page = va & !(PAGE_SIZE - 1);
        let writable = page != READ_ONLY;
        if page == MISSING || (kind == AccessKind::Write && !writable) {
            return Err(exception(0, kind, va));
        }
        let host = core.machine.ram.host_ptr(GuestPhysAddr(page), PAGE_SIZE);
        let host = host.map_or(0, |host| host.as_ptr() as usize);
        let entry = TlbEntry {
            vpn: va >> 12,
            space: SPACE,
            ppn: va >> 12,
            host,
            host_write: if writable { host } else { 0 },
            page_shift: 12,
            global: false,
            perms: Perms::rwx(true, writable, true),
        };
        Ok(Fill {
            entry,
            cacheable: true,
        })
    }

    fn access_fault(&self, va: u64, kind: AccessKind) -> Exception {
        exception(1, kind, va)
    }

    fn misaligned(&self, va: u64, kind: AccessKind) -> Exception {
        exception(2, kind, va)
    }

    fn helper(&mut self, core: &mut Core, call: &HelperCall) -> Result<Outcome, Exception> {
        let [a, b, c] = call.args;
        Ok(Outcome::Value(match call.id.0 {
            1 => a.wrapping_add(b).wrapping_add(c),
            2 => {
                return Err(Exception {
                    cause: 4 * 3 + 3,
                    value: a,
                });
            }
            3 => call.pc,
            4 => call.next,
            5 => {
                core.set(Slot(a as u8), b);
                core.retired_in_block
            }
            other => panic!("no helper has the number {other}"),
        }))
    }

    fn raise(&mut self, _: &mut Core, _: u64, _: Exception) -> u64 {
        unreachable!("blocks run by themselves here")
    }

    fn take_interrupt(&mut self, _: &mut Core, _: u64) -> Option<u64> {
        unreachable!("blocks run by themselves here")
    }

    fn wake_pending(&self, _: &Core) -> bool {
        unreachable!("blocks run by themselves here")
    }

    fn start(&mut self, _: &mut Core, _: &VcpuRequest) -> Option<u64> {
        unreachable!("blocks run by themselves here")
    }

    fn request(&mut self, _: &mut Core, _: VcpuRequest) {
        unreachable!("blocks run by themselves here")
    }
}
