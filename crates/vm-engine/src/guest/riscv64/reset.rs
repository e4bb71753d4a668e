//! Reset, and the state in which firmware hands a hart to a supervisor.

use vm_cross_arch::{guest::riscv64::regs, ir::fixed};
use vm_mem::{riscv64::Pmp, tlb::Flush};

use super::{
    Privilege, Riscv64,
    cause::{exception, interrupt},
    registers::Registers,
    status,
};
use crate::vcpu::Core;

/// `pmpcfg`: readable, writable, executable, naturally aligned power of two.
const PMP_ALLOW_ALL: u64 = 0x1f;
/// `mcounteren`: every counter.
const ALL_COUNTERS: u64 = 0xffff_ffff;
/// `scounteren`: cycle, time and instret.
const BASE_COUNTERS: u64 = 7;

impl Riscv64 {
    /// Resets the hart (Privileged 1.13 §3.4): M-mode at `pc`, with `a0` and
    /// `a1` in those registers and all others 0, as boot ROMs leave them.
    pub fn reset_to_machine(&mut self, core: &mut Core, pc: u64, a0: u64, a1: u64) {
        self.reset(core, Privilege::Machine);
        self.regs.menvcfg = self.config.reset_envcfg & self.config.extensions.envcfg_mask();
        self.update_timer(core);
        core.control.set_line(interrupt::SSI, false);
        set_entry(core, pc, a0, a1);
    }

    /// Resets the hart and starts it in S-mode at the physical address `pc`,
    /// translation and interrupts off, as SBI firmware does (SBI 2.0 §9.1):
    /// everything delegated, the supervisor's extensions switched on, all of
    /// physical memory open to it.
    pub fn reset_to_supervisor(&mut self, core: &mut Core, pc: u64, a0: u64, a1: u64) {
        self.hand_over(core, pc, a0, a1);
        core.control.set_line(interrupt::SSI, false);
    }

    /// The same for a hart that starts while others run: they may have sent it
    /// an interrupt already.
    fn hand_over(&mut self, core: &mut Core, pc: u64, a0: u64, a1: u64) {
        self.reset(core, Privilege::Supervisor);
        self.regs.medeleg = exception::DELEGABLE;
        self.regs.mideleg = interrupt::SUPERVISOR;
        // All of them, though most are 0; and floating point on. OpenSBI does so, and
        // kernels have come to rely on it.
        self.regs.mcounteren = ALL_COUNTERS;
        self.regs.status = self.regs.status.legalized(status::FS_DIRTY);
        // Linux leaves it to the firmware to open `time` to its vDSO in U-mode.
        self.regs.scounteren = BASE_COUNTERS;
        self.regs.menvcfg = self.config.extensions.supervisor_envcfg();
        self.pmp.write_addr(0, u64::MAX);
        self.pmp.write_cfg(0, PMP_ALLOW_ALL);
        self.update_timer(core);
        set_entry(core, pc, a0, a1);
    }

    /// [`VcpuRequest::Start`](crate::vcpu::VcpuRequest::Start): a0 holds the
    /// hart's number, a1 the argument.
    pub(super) fn begin(&mut self, core: &mut Core, pc: u64, arg: u64) {
        self.hand_over(core, pc, self.config.hart_id, arg);
    }

    fn reset(&mut self, core: &mut Core, privilege: Privilege) {
        self.privilege = privilege;
        self.regs = Registers {
            // No interrupt until somebody asks for one.
            stimecmp: u64::MAX,
            ..Registers::default()
        };
        self.pmp = Pmp::new();
        for n in 0..32 {
            core.set(regs::x(n), 0);
            core.set(regs::f(n), 0);
        }
        for csr in [regs::SSCRATCH, regs::SEPC, regs::SCAUSE, regs::STVAL] {
            core.set(csr, 0);
        }
        core.set(fixed::FP_FLAGS, 0);
        core.set(fixed::FP_ROUNDING, 0);
        core.set(fixed::FP_DIRTY, 0);
        core.flush_translations(&Flush::ALL);
        core.clear_reservation();
        self.update_timer(core);
        self.update_translation(core);
    }
}

fn set_entry(core: &mut Core, pc: u64, a0: u64, a1: u64) {
    core.set(fixed::PC, pc);
    core.set(regs::x(10), a0);
    core.set(regs::x(11), a1);
}

#[cfg(test)]
mod tests;
