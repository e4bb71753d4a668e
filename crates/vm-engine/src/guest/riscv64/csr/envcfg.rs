//! `menvcfg` and `senvcfg` (Privileged 1.13 §3.1.18, §12.1.10).

use super::{Row, Update};
use crate::{guest::riscv64::Riscv64, vcpu::Core};

/// Fences order I/O as memory. All accesses are ordered so anyway.
pub const FIOM: u64 = 1;
/// What CBO.INVAL does in the modes below.
pub const CBIE: u64 = 3 << CBIE_SHIFT;
/// CBO.CLEAN and CBO.FLUSH are legal in the modes below.
pub const CBCFE: u64 = 1 << 6;
/// CBO.ZERO is legal in the modes below.
pub const CBZE: u64 = 1 << 7;
/// Page-table walks set A and D (Svadu).
pub const ADUE: u64 = 1 << 61;
/// Pages may override memory types (Svpbmt).
pub const PBMTE: u64 = 1 << 62;
/// `stimecmp` is in use (Sstc).
pub const STCE: u64 = 1 << 63;

const CBIE_SHIFT: u32 = 4;
/// [`CBIE`]: reserved.
const CBIE_RESERVED: u64 = 2 << CBIE_SHIFT;
/// What `senvcfg` has of these.
const SUPERVISOR: u64 = FIOM | CBIE | CBCFE | CBZE;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        0x30a,
        "menvcfg",
        |hart, _, _| hart.regs.menvcfg,
        write_menvcfg,
    ),
    Row::new(
        0x10a,
        "senvcfg",
        |hart, _, _| hart.regs.senvcfg,
        write_senvcfg,
    ),
];

fn write_menvcfg(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    let old = hart.regs.menvcfg;
    let mask = hart.config.extensions.envcfg_mask();
    hart.regs.menvcfg = legalized(update.value & mask, old);
    let changed = old ^ hart.regs.menvcfg;
    if changed & (PBMTE | ADUE) != 0 {
        hart.fence(core, None, None);
    }
    if changed & STCE != 0 {
        hart.update_timer(core);
    }
}

fn write_senvcfg(hart: &mut Riscv64, _: &mut Core, _: u16, update: Update) {
    let mask = hart.config.extensions.envcfg_mask() & SUPERVISOR;
    hart.regs.senvcfg = legalized(update.value & mask, hart.regs.senvcfg);
}

/// A reserved CBIE keeps the old one.
const fn legalized(value: u64, old: u64) -> u64 {
    if value & CBIE == CBIE_RESERVED {
        value & !CBIE | old & CBIE
    } else {
        value
    }
}

impl Riscv64 {
    /// What `menvcfg` and `senvcfg` together grant the current mode of `field`:
    /// everything in M-mode, less below.
    pub(in super::super) fn granted_envcfg(&self, field: u64) -> u64 {
        match self.privilege {
            super::super::Privilege::Machine => field,
            super::super::Privilege::Supervisor => self.regs.menvcfg & field,
            super::super::Privilege::User => self.regs.menvcfg & self.regs.senvcfg & field,
        }
    }
}
