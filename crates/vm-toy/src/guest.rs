//! The toy as the engine sees it: system registers, traps, interrupts.

use vm_core::{AccessKind, AccessSize};
use vm_engine::{
    guest::{Exception, Fill, Guest, HelperCall, Outcome},
    vcpu::Core,
};

use vm_mem::tlb::Flush;

use crate::{Context, Helper, Sys, ToyIsa, mmu, regs::r};

/// Bits of `STATUS`.
pub mod status {
    /// Interrupts are taken.
    pub const INTERRUPTS: u64 = 1;
    /// User mode.
    pub const USER: u64 = 2;
    /// Addresses are translated.
    pub const PAGING: u64 = 4;
}

/// Values of `CAUSE`.
pub mod cause {
    /// An opcode that there is not, or not in user mode.
    pub const ILLEGAL: u64 = 0;
    /// `trap`.
    pub const TRAP: u64 = 1;
    /// No page grants the access: a load, a store (17) or a fetch (18).
    pub const PAGE: u64 = 16;
    /// Nothing is there: a load, a store (25) or a fetch (26).
    pub const BUS: u64 = 24;
    /// An interrupt; its line's number is in the lower bits.
    pub const INTERRUPT: u64 = 1 << 63;
}

/// The system state of one toy.
#[derive(Debug, Default)]
pub struct Toy {
    pub(crate) sys: [u64; Sys::ALL.len()],
}

impl Toy {
    /// A system register that is storage.
    pub fn sys(&self, register: Sys) -> u64 {
        self.sys[register as usize]
    }

    /// Sets one, and what depends on it.
    pub fn set_sys(&mut self, core: &mut Core, register: Sys, value: u64) {
        self.sys[register as usize] = value;
        self.update(core);
    }

    pub(crate) fn has(&self, bit: u64) -> bool {
        self.sys(Sys::Status) & bit != 0
    }

    fn read(&self, core: &Core, register: Sys) -> u64 {
        match register {
            Sys::Lines => core.control.lines(),
            Sys::Index => core.index as u64,
            Sys::Retired => core.instructions_retired(),
            stored => self.sys(stored),
        }
    }

    fn write(&mut self, core: &mut Core, register: Sys, value: u64) {
        if register == Sys::Flush {
            core.flush_translations(&mmu::page_or_all(value));
        } else {
            self.set_sys(core, register, value);
        }
    }

    /// Enters the handler; returns its address.
    fn enter(&mut self, core: &mut Core, pc: u64, cause: u64, value: u64) -> u64 {
        let old = self.sys(Sys::Status);
        for (register, value) in [
            (Sys::Saved, old),
            (Sys::Status, old & status::PAGING),
            (Sys::Epc, pc),
            (Sys::Cause, cause),
            (Sys::Value, value),
        ] {
            self.sys[register as usize] = value;
        }
        self.update(core);
        self.sys(Sys::Handler)
    }
}

fn exception(cause: u64, value: u64) -> Exception {
    Exception { cause, value }
}

impl Guest for Toy {
    type Isa = ToyIsa;

    fn context(&self) -> Context {
        Context {
            user: self.has(status::USER),
        }
    }

    fn fill(
        &mut self,
        core: &mut Core,
        va: u64,
        _: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        let entry = mmu::walk(self, core, va, kind);
        let entry = entry.ok_or(exception(cause::PAGE + kind as u64, va))?;
        Ok(Fill {
            entry: entry.backed_by(&core.machine.ram),
            cacheable: true,
        })
    }

    fn access_fault(&self, va: u64, kind: AccessKind) -> Exception {
        exception(cause::BUS + kind as u64, va)
    }

    fn misaligned(&self, va: u64, kind: AccessKind) -> Exception {
        self.access_fault(va, kind)
    }

    fn helper(&mut self, core: &mut Core, call: &HelperCall) -> Result<Outcome, Exception> {
        let illegal = exception(cause::ILLEGAL, 0);
        let register = Sys::ALL.get(call.args[0] as usize).copied();
        match Helper::from_id(call.id).ok_or(illegal)? {
            Helper::Illegal => Err(illegal),
            Helper::Trap => Err(exception(cause::TRAP, 0)),
            Helper::Return => {
                let saved = self.sys(Sys::Saved);
                self.set_sys(core, Sys::Status, saved);
                Ok(Outcome::Jump(self.sys(Sys::Epc)))
            }
            Helper::Wait => Ok(Outcome::Halt),
            Helper::Sync => {
                core.sync_instructions();
                Ok(Outcome::Value(0))
            }
            Helper::Read => Ok(Outcome::Value(self.read(core, register.ok_or(illegal)?))),
            Helper::Write => {
                self.write(core, register.ok_or(illegal)?, call.args[1]);
                Ok(Outcome::Value(0))
            }
        }
    }

    fn raise(&mut self, core: &mut Core, pc: u64, exception: Exception) -> u64 {
        self.enter(core, pc, exception.cause, exception.value)
    }

    fn take_interrupt(&mut self, core: &mut Core, pc: u64) -> Option<u64> {
        let lines = core.control.lines();
        let taken = self.has(status::INTERRUPTS) && lines != 0;
        let line = u64::from(lines.trailing_zeros());
        taken.then(|| self.enter(core, pc, cause::INTERRUPT | line, 0))
    }

    fn wake_pending(&self, core: &Core) -> bool {
        core.control.lines() != 0
    }

    fn start(&mut self, core: &mut Core, entry: u64, argument: u64) -> u64 {
        self.sys = Default::default();
        (0..8).for_each(|n| core.set(r(n), 0));
        core.set(r(0), argument);
        core.flush_translations(&Flush::ALL);
        self.update(core);
        entry
    }

    fn mode(&self) -> &'static str {
        ["supervisor", "user"][usize::from(self.has(status::USER))]
    }

    fn flush(&mut self, core: &mut Core, va: u64, pages: u64, _: Option<u16>) {
        let page = if pages == 1 { va } else { u64::MAX };
        core.flush_translations(&mmu::page_or_all(page));
    }
}
