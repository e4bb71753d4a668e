//! Entering and leaving trap handlers (Privileged 1.13 §3.1.6.1, §3.3.2).

use vm_cross_arch::guest::riscv64::regs as slots;

use super::{
    Privilege, Riscv64,
    cause::{exception, interrupt},
    status,
};
use crate::{guest::Exception, vcpu::Core};

/// The illegal-instruction exception of an instruction with these bits.
pub(super) const fn illegal(bits: u64) -> Exception {
    Exception {
        cause: exception::ILLEGAL,
        value: bits,
    }
}

/// The exception of an `ECALL` from `privilege`.
pub(super) const fn ecall(privilege: Privilege) -> Exception {
    Exception {
        cause: exception::ECALL_USER + privilege.bits(),
        value: 0,
    }
}

/// The exception of an `EBREAK` at `pc`.
pub(super) const fn breakpoint(pc: u64) -> Exception {
    Exception {
        cause: exception::BREAKPOINT,
        value: pc,
    }
}

impl Riscv64 {
    /// Enters the handler of `exception`; returns its address.
    pub(super) fn enter_exception(&mut self, core: &mut Core, pc: u64, e: Exception) -> u64 {
        let delegated = self.regs.medeleg >> (e.cause & 63) & 1 != 0;
        self.enter(core, pc, e, delegated && !self.privilege.is_machine())
    }

    /// Enters the handler of interrupt `number`; returns its address.
    pub(super) fn enter_interrupt(&mut self, core: &mut Core, pc: u64, number: u32) -> u64 {
        let delegated = self.regs.mideleg >> number & 1 != 0;
        let e = Exception {
            cause: interrupt::FLAG | u64::from(number),
            value: 0,
        };
        self.enter(core, pc, e, delegated)
    }

    fn enter(&mut self, core: &mut Core, pc: u64, e: Exception, delegated: bool) -> u64 {
        let regs = &mut self.regs;
        let vector = if delegated {
            regs.status.enter_supervisor(self.privilege);
            core.set(slots::SEPC, pc);
            core.set(slots::SCAUSE, e.cause);
            core.set(slots::STVAL, e.value);
            regs.stvec
        } else {
            regs.status.enter_machine(self.privilege);
            (regs.mepc, regs.mcause, regs.mtval) = (pc, e.cause, e.value);
            regs.mtvec
        };
        let to = if delegated {
            Privilege::Supervisor
        } else {
            Privilege::Machine
        };
        self.switch_to(core, to);
        handler(vector, e.cause)
    }

    /// MRET. `bits`: the instruction. Returns the address to go on at.
    pub(super) fn mret(&mut self, core: &mut Core, bits: u64) -> Result<u64, Exception> {
        if !self.privilege.is_machine() {
            return Err(illegal(bits));
        }
        let to = self.regs.status.leave_machine();
        self.switch_to(core, to);
        Ok(self.regs.mepc)
    }

    /// SRET. `bits`: the instruction. Returns the address to go on at.
    pub(super) fn sret(&mut self, core: &mut Core, bits: u64) -> Result<u64, Exception> {
        let trapped = self.privilege.is_supervisor() && self.regs.status.has(status::TSR);
        if self.privilege.is_user() || trapped {
            return Err(illegal(bits));
        }
        let to = self.regs.status.leave_supervisor();
        self.switch_to(core, to);
        Ok(core.get(slots::SEPC))
    }

    /// Goes on in privilege `to`, with what depends on it and on `mstatus`.
    fn switch_to(&mut self, core: &mut Core, to: Privilege) {
        self.privilege = to;
        // A store-conditional of the next context must not pair with a
        // load-reserved of this one.
        core.clear_reservation();
        self.update_translation(core);
    }
}

/// The address that `mtvec` or `stvec` gives for a cause (§3.1.7).
const fn handler(vector: u64, cause: u64) -> u64 {
    let base = vector & !3;
    let vectored = vector & 3 == 1 && cause & interrupt::FLAG != 0;
    if vectored {
        base.wrapping_add(4 * (cause & !interrupt::FLAG))
    } else {
        base
    }
}

#[cfg(test)]
mod tests;
