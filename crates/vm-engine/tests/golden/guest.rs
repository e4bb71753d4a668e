//! The architecture that golden files run in: virtual addresses are physical,
//! one page is not there and one is read-only.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use vm_core::{
    AccessKind, AccessSize, BusError, GuestPhysAddr, PAGE_SIZE, PhysBus,
    time::{AlarmService, ManualClock},
};
use vm_cross_arch::{
    guest::{GuestShape, Isa, IsaContext, riscv64::SHAPE},
    ir::{
        Block, GuestInfo, HelperEffects, HelperId, Op, Operand, Slot, SlotSet, Terminator, fixed,
    },
};
use vm_engine::{
    guest::{Exception, Fill, Guest, HelperCall, Outcome},
    vcpu::{Core, MachineShared, VcpuControl, VcpuExit},
};
use vm_mem::{GuestRam, Perms, Space, TlbEntry};

/// RAM starts at 0; nobody answers above.
pub const RAM_BYTES: u64 = 0x1_0000;
/// What fetches find: whatever the virtual address, blocks' marks are here.
/// Loads and stores do not get here.
const CODE: u64 = 0x100_0000;
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

/// A machine; generated code reports its stores if they are `watched`.
pub fn machine(watched: bool) -> Arc<MachineShared> {
    let regions = [
        (GuestPhysAddr(0), RAM_BYTES),
        (GuestPhysAddr(CODE), 2 * PAGE_SIZE),
    ];
    let ram = GuestRam::new(&regions).unwrap();
    let alarms = AlarmService::start(Arc::new(ManualClock::default())).unwrap();
    let machine = Arc::new(MachineShared::new(ram, Arc::new(NoBus), Arc::new(alarms)));
    let controls = (0..1 + usize::from(watched)).map(|_| Arc::new(VcpuControl::new(false)));
    machine.attach(controls.collect());
    machine
}

/// The space of data.
const SPACE: Space = Space::new(0, 0, 0);
/// The space of code.
const CODE_SPACE: Space = Space::new(1, 0, 0);

pub fn core(machine: &Arc<MachineShared>) -> Core {
    let mut core = Core::new(0, Arc::clone(&machine.vcpus()[0]), Arc::clone(machine));
    core.data_space = SPACE;
    core.fetch_space = CODE_SPACE;
    let kinds = [AccessKind::Read, AccessKind::Write, AccessKind::Execute];
    core.accept = kinds.map(Perms::supervisor);
    core
}

/// Where blocks that run on a vCPU lead.
#[derive(Debug)]
pub enum Left {
    /// To an address.
    To(u64),
    /// To a helper.
    Helper(HelperCall),
    /// To the handler of an exception, raised at an address.
    Fault(Exception, u64),
}

/// The helper of the block that stops a vCPU.
const STOP: u16 = 0xffff;
/// Set in the number of a helper that ends the block.
const TERMINATOR: u16 = 0x8000;
/// What the code page holds where the block starts.
const MARK: [u8; 4] = *b"here";

/// What marked code is lifted to, by [`Context::marked`]: no code has bytes enough to
/// say it.
static MARKED: Mutex<BTreeMap<u32, Block>> = Mutex::new(BTreeMap::new());

/// The instruction set: marked code is a block, everything else stops.
pub struct MockIsa;

/// What translations depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Context {
    /// Which block marked code is, of 31 bits.
    marked: u32,
    rounds_to_nearest: bool,
}

impl IsaContext for Context {
    fn key(self) -> u32 {
        self.marked << 1 | u32::from(self.rounds_to_nearest)
    }

    fn from_key(key: u32) -> Self {
        Self {
            marked: key >> 1,
            rounds_to_nearest: key & 1 != 0,
        }
    }

    fn rounds_to_nearest(self) -> bool {
        self.rounds_to_nearest
    }
}

impl Isa for MockIsa {
    type Context = Context;
    const SHAPE: &'static GuestShape = &SHAPE;
    const INFO: &'static GuestInfo = &GuestInfo {
        helper: effects,
        ..GuestInfo::UNKNOWN
    };
    const MAX_BLOCK_BYTES: usize = 512;

    fn lift(context: Context, code: &[u8], _: u16) -> Option<Block> {
        if code.starts_with(&MARK) {
            return MARKED.lock().get(&context.marked).cloned();
        }
        let helper = HelperId(STOP);
        let end = Terminator::Helper {
            helper,
            dst: None,
            args: [Operand::Imm(0); 3],
            next: 2,
        };
        Some(Block {
            ops: vec![Op::Insn { offset: 0, len: 2 }],
            end,
            insns: 1,
            bytes: 2,
        })
    }

    fn disassemble(code: &[u8], _: u64) -> String {
        format!("{code:02x?}")
    }
}

/// The architecture's state.
#[derive(Default)]
pub struct Mock {
    /// Number of its block in [`MARKED`]; 0 if blocks run by themselves.
    marked: u32,
    /// Virtual address of the block.
    pc: u64,
    rounds_to_nearest: bool,
    left: Option<(Left, u64)>,
}

impl Mock {
    /// One that finds `block` at `core`'s PC, and after it nothing but stops.
    pub fn with(block: &Block, core: &Core) -> Self {
        let mut block = block.clone();
        if let Terminator::Helper { helper, .. } = &mut block.end {
            helper.0 |= TERMINATOR;
        }
        let pc = core.get(fixed::PC);
        let ram = &core.machine.ram;
        ram.write(GuestPhysAddr(CODE), &[0; PAGE_SIZE as usize])
            .unwrap();
        let at = GuestPhysAddr(CODE + pc % PAGE_SIZE);
        ram.write(at, &MARK).unwrap();
        let mut all = MARKED.lock();
        let marked = all.last_key_value().map_or(1, |(last, _)| last + 1);
        all.insert(marked, block);
        Self {
            marked,
            pc,
            rounds_to_nearest: core.get(fixed::FP_ROUNDING) == 0,
            left: None,
        }
    }

    /// Where the block led, and the instructions that had retired then.
    pub fn left(&self) -> &(Left, u64) {
        self.left.as_ref().expect("a vCPU stops after its block")
    }

    fn leave(&mut self, how: Left, core: &Core) {
        self.left.get_or_insert((how, core.instructions_retired()));
    }

    fn fill_code(&self, core: &Core, va: u64) -> TlbEntry {
        let own = va / PAGE_SIZE == self.pc / PAGE_SIZE;
        let page = if own { CODE } else { CODE + PAGE_SIZE };
        TlbEntry {
            space: CODE_SPACE,
            ..entry(core, va, page, true)
        }
    }
}

/// What the helpers do; terminators may do anything.
fn effects(helper: HelperId) -> Option<&'static HelperEffects> {
    const FAULT: HelperEffects = HelperEffects {
        may_fault: true,
        ..HelperEffects::NONE
    };
    const SET: HelperEffects = HelperEffects {
        writes: SlotSet::GUEST,
        changes_system: true,
        ..HelperEffects::NONE
    };
    match helper.0 {
        1 | 3 | 4 => Some(&HelperEffects::NONE),
        2 => Some(&FAULT),
        5 => Some(&SET),
        _ => Some(&HelperEffects::ANY),
    }
}

/// The translation of `va` to the physical address `page`.
fn entry(core: &Core, va: u64, page: u64, writable: bool) -> TlbEntry {
    let host = core.machine.ram.host_ptr(GuestPhysAddr(page), PAGE_SIZE);
    let host = host.map_or(0, |host| host.as_ptr() as usize);
    TlbEntry {
        vpn: va >> 12,
        space: SPACE,
        ppn: page >> 12,
        host,
        host_write: if writable { host } else { 0 },
        page_shift: 12,
        global: false,
        perms: Perms::rwx(true, writable, true),
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        MARKED.lock().remove(&self.marked);
    }
}

impl Guest for Mock {
    type Isa = MockIsa;

    fn context(&self) -> Context {
        Context {
            marked: self.marked,
            rounds_to_nearest: self.rounds_to_nearest,
        }
    }

    fn fill(
        &mut self,
        core: &mut Core,
        va: u64,
        _: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        let page = va & !(PAGE_SIZE - 1);
        let cacheable = true;
        if kind == AccessKind::Execute {
            let entry = self.fill_code(core, va);
            return Ok(Fill { entry, cacheable });
        }
        let writable = page != READ_ONLY;
        if page == MISSING || (kind == AccessKind::Write && !writable) {
            return Err(exception(0, kind, va));
        }
        // The code is nowhere to be seen.
        let page = if page < CODE { page } else { page | 1 << 40 };
        let entry = entry(core, va, page, writable);
        Ok(Fill { entry, cacheable })
    }

    fn access_fault(&self, va: u64, kind: AccessKind) -> Exception {
        exception(1, kind, va)
    }

    fn misaligned(&self, va: u64, kind: AccessKind) -> Exception {
        exception(2, kind, va)
    }

    fn helper(&mut self, core: &mut Core, call: &HelperCall) -> Result<Outcome, Exception> {
        let [a, b, c] = call.args;
        Ok(match call.id.0 {
            1 => Outcome::Value(a.wrapping_add(b).wrapping_add(c)),
            2 => {
                return Err(Exception {
                    cause: 4 * 3 + 3,
                    value: a,
                });
            }
            3 => Outcome::Value(call.pc),
            4 => Outcome::Value(call.next),
            5 => {
                core.set(Slot(a as u8), b);
                Outcome::Value(core.instructions_retired())
            }
            STOP => {
                self.leave(Left::To(call.pc), core);
                Outcome::Exit(VcpuExit::Stopped)
            }
            id if id & TERMINATOR != 0 => {
                let id = HelperId(id & !TERMINATOR);
                self.leave(Left::Helper(HelperCall { id, ..*call }), core);
                Outcome::Exit(VcpuExit::Stopped)
            }
            other => panic!("no helper has the number {other}"),
        })
    }

    fn raise(&mut self, core: &mut Core, pc: u64, exception: Exception) -> u64 {
        self.leave(Left::Fault(exception, pc), core);
        // To another page: there is nothing but stops.
        pc ^ 1 << 40
    }

    fn take_interrupt(&mut self, _: &mut Core, _: u64) -> Option<u64> {
        None
    }

    fn wake_pending(&self, _: &Core) -> bool {
        unreachable!("nobody waits here")
    }

    fn start(&mut self, _: &mut Core, _: u64, _: u64) -> u64 {
        unreachable!("nobody is started here")
    }

    fn flush(&mut self, _: &mut Core, _: u64, _: u64, _: Option<u16>) {
        unreachable!("nobody asks for anything here")
    }
}
