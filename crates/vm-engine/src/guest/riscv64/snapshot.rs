//! Saving and restoring a hart.

use serde::{Deserialize, Serialize};
use vm_core::snapshot::{Kind, SavedState, SnapshotError};
use vm_cross_arch::{guest::riscv64::regs, ir::fixed};
use vm_mem::riscv64::{Pmp, PmpState, Satp};

use super::{
    Privilege, Riscv64,
    cause::{exception, interrupt},
    counter::Counter,
    registers::Registers,
    status::{self, Status},
};
use crate::vcpu::Core;

const KIND: Kind<HartState> = Kind::new("riscv64-hart", 1);

/// One hart between two instructions, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct HartState {
    hart_id: u64,
    pc: u64,
    halted: bool,
    privilege: u8,
    x: [u64; 32],
    f: [u64; 32],
    fcsr: u64,
    mstatus: u64,
    mtvec: u64,
    stvec: u64,
    medeleg: u64,
    mideleg: u64,
    mie: u64,
    /// The bits of `mip` that software has set; other lines belong to devices.
    mip: u64,
    mscratch: u64,
    sscratch: u64,
    mepc: u64,
    sepc: u64,
    mcause: u64,
    scause: u64,
    mtval: u64,
    stval: u64,
    menvcfg: u64,
    senvcfg: u64,
    mcounteren: u64,
    scounteren: u64,
    mcountinhibit: u64,
    mcycle: u64,
    minstret: u64,
    satp: u64,
    stimecmp: u64,
    pmp: PmpState,
}

const SSIP: u64 = 1 << interrupt::SSI;

impl Riscv64 {
    /// Saves the hart, paused with `pc` as its next instruction. The
    /// reservation of load-reserved and cached translations are not kept.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if the state does not serialise.
    pub fn save(&self, core: &Core, pc: u64) -> Result<SavedState, SnapshotError> {
        KIND.save(&self.state(core, pc))
    }

    /// Restores a hart that does not run; returns its next instruction's address.
    ///
    /// # Errors
    /// [`SnapshotError`] if the state is of another kind, version or hart, or
    /// holds values that no hart can have; nothing has changed then.
    pub fn restore(&mut self, core: &mut Core, saved: &SavedState) -> Result<u64, SnapshotError> {
        let state: HartState = KIND.load(saved)?;
        if state.hart_id != self.config.hart_id {
            let (found, own) = (state.hart_id, self.config.hart_id);
            let cause = format!("it is of hart {found}, not of hart {own}");
            return Err(KIND.mismatch(cause));
        }
        let privilege = Privilege::from_bits(state.privilege.into())
            .ok_or_else(|| KIND.damaged("reserved privilege mode"))?;
        if Satp(state.satp).mode().is_none() {
            return Err(KIND.damaged("unsupported satp.MODE"));
        }
        self.apply(core, privilege, &state);
        Ok(state.pc)
    }

    fn state(&self, core: &Core, pc: u64) -> HartState {
        let r = &self.regs;
        let retired = core.instructions_retired();
        HartState {
            hart_id: self.config.hart_id,
            pc,
            halted: core.control.awaits_start(),
            privilege: self.privilege.bits() as u8,
            x: std::array::from_fn(|n| core.get(regs::x(n as u8))),
            f: std::array::from_fn(|n| core.get(regs::f(n as u8))),
            fcsr: self.fcsr(core),
            mstatus: self.mstatus(core),
            mtvec: r.mtvec,
            stvec: r.stvec,
            medeleg: r.medeleg,
            mideleg: r.mideleg,
            mie: r.mie,
            mip: r.soft_pending | core.control.lines() & SSIP,
            mscratch: r.mscratch,
            sscratch: core.get(regs::SSCRATCH),
            mepc: r.mepc,
            sepc: core.get(regs::SEPC),
            mcause: r.mcause,
            scause: core.get(regs::SCAUSE),
            mtval: r.mtval,
            stval: core.get(regs::STVAL),
            menvcfg: r.menvcfg,
            senvcfg: r.senvcfg,
            mcounteren: r.mcounteren,
            scounteren: r.scounteren,
            mcountinhibit: self.inhibited(),
            mcycle: r.cycle.read(retired),
            minstret: r.instret.read(retired),
            satp: r.satp,
            stimecmp: r.stimecmp,
            pmp: self.pmp.save(),
        }
    }

    fn apply(&mut self, core: &mut Core, privilege: Privilege, state: &HartState) {
        for n in 1..32u8 {
            core.set(regs::x(n), state.x[usize::from(n)]);
        }
        for n in 0..32u8 {
            core.set(regs::f(n), state.f[usize::from(n)]);
        }
        core.set(regs::SSCRATCH, state.sscratch);
        core.set(regs::SEPC, state.sepc & !1);
        core.set(regs::SCAUSE, state.scause);
        core.set(regs::STVAL, state.stval);
        core.set(fixed::PC, state.pc);
        core.set(fixed::FP_DIRTY, 0);
        self.privilege = privilege;
        self.regs = self.registers(core, state);
        self.set_inhibited(state.mcountinhibit, core.instructions_retired());
        core.set(fixed::FP_FLAGS, state.fcsr & 0x1f);
        self.set_rounding(core, state.fcsr >> 5);
        self.pmp = Pmp::new();
        self.pmp.restore(&state.pmp);
        core.control.set_line(interrupt::SSI, state.mip & SSIP != 0);
        core.control.set_awaits_start(state.halted);
        core.clear_reservation();
        self.fence(core, None, None);
        self.update_timer(core);
        self.update_translation(core);
    }

    /// The saved registers, without bits that they do not have.
    fn registers(&self, core: &Core, state: &HartState) -> Registers {
        let retired = core.instructions_retired();
        let counter = |value| {
            let mut counter = Counter::default();
            counter.write(value, retired);
            counter
        };
        let envcfg = self.config.extensions.envcfg_mask();
        Registers {
            status: Status::default().legalized(state.mstatus & status::WRITABLE),
            mtvec: state.mtvec & !2,
            stvec: state.stvec & !2,
            medeleg: state.medeleg & exception::DELEGABLE,
            mideleg: state.mideleg & interrupt::SUPERVISOR,
            mie: state.mie & interrupt::ALL,
            soft_pending: state.mip & (1 << interrupt::SEI | 1 << interrupt::STI),
            mscratch: state.mscratch,
            mepc: state.mepc & !1,
            mcause: state.mcause,
            mtval: state.mtval,
            menvcfg: state.menvcfg & envcfg,
            senvcfg: state.senvcfg & envcfg,
            mcounteren: state.mcounteren,
            scounteren: state.scounteren,
            satp: state.satp,
            stimecmp: state.stimecmp,
            frm: 0,
            cycle: counter(state.mcycle),
            instret: counter(state.minstret),
        }
    }
}

#[cfg(test)]
mod tests;
