//! `mip`, `mie` and the supervisor's views of them (Privileged 1.13 §3.1.9, §12.1.3).

use super::{Row, Update};
use crate::{
    guest::riscv64::{
        Riscv64,
        cause::interrupt::{self, SEI, SSI, STI},
        csr::envcfg,
    },
    vcpu::Core,
};

const SSIP: u64 = 1 << SSI;
const STIP: u64 = 1 << STI;
const SEIP: u64 = 1 << SEI;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        0x304,
        "mie",
        |hart, _, _| hart.regs.mie,
        |hart, _, _, update| hart.regs.mie = update.value & interrupt::ALL,
    ),
    Row::new(
        0x104,
        "sie",
        |hart, _, _| hart.regs.mie & hart.regs.mideleg,
        write_sie,
    ),
    Row::new(0x344, "mip", |hart, core, _| hart.mip(core), write_mip),
    Row::new(
        0x144,
        "sip",
        |hart, core, _| hart.mip(core) & hart.regs.mideleg,
        write_sip,
    ),
];

/// Undelegated interrupts are read-only zero in `sie`.
fn write_sie(hart: &mut Riscv64, _: &mut Core, _: u16, update: Update) {
    let mask = hart.regs.mideleg;
    hart.regs.mie = hart.regs.mie & !mask | update.value & mask;
}

fn write_mip(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    write_ssip(core, update);
    // With Sstc, STIP is the comparator's alone. Of SEIP, set and clear work on
    // the software's bit, not on what reads show of the external line (§3.1.9).
    let writable = if hart.sstc_enabled() {
        SEIP
    } else {
        SEIP | STIP
    };
    let mask = update.mask & writable;
    hart.regs.soft_pending = hart.regs.soft_pending & !mask | update.value & mask;
}

/// Of `sip`, software may write SSIP only, if it is delegated.
fn write_sip(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    if hart.regs.mideleg & SSIP != 0 {
        write_ssip(core, update);
    }
}

/// SSIP is a line, so that other harts can raise it; it is left alone unless
/// the instruction names it, lest one raised meanwhile be lost.
fn write_ssip(core: &Core, update: Update) {
    if update.mask & SSIP != 0 {
        core.control.set_line(SSI, update.value & SSIP != 0);
    }
}

impl Riscv64 {
    /// Whether `stimecmp` drives STIP.
    pub(in super::super) fn sstc_enabled(&self) -> bool {
        self.regs.menvcfg & envcfg::STCE != 0
    }

    /// `mip` as software reads it.
    fn mip(&self, core: &Core) -> u64 {
        let mut pending = self.pending(core);
        // The alarm that raises the line may be a moment late.
        if self.comparator_drives() && self.time(core) >= self.regs.stimecmp {
            pending |= STIP;
        }
        pending
    }
}
