//! `pmpcfg` and `pmpaddr` (Privileged 1.13 §3.7). Of the 64 entries that the
//! architecture allows, the first 16 are there.

use super::{Row, Update};
use crate::{guest::riscv64::Riscv64, vcpu::Core};

const ENTRIES: u16 = 16;
/// RV64 has the even ones of `pmpcfg0` to `pmpcfg3`.
const CONFIGS: u16 = 4;

pub(super) const ROWS: &[Row] = &[
    Row::new(0x3a0, "pmpcfg", read_cfg, write_cfg)
        .numbered(0, CONFIGS)
        .when(|_, _, index| index % 2 == 0),
    Row::new(0x3b0, "pmpaddr", read_addr, write_addr).numbered(0, ENTRIES),
];

fn read_cfg(hart: &Riscv64, _: &Core, index: u16) -> u64 {
    hart.pmp.read_cfg(index.into()).unwrap_or(0)
}

fn read_addr(hart: &Riscv64, _: &Core, index: u16) -> u64 {
    hart.pmp.read_addr(index.into()).unwrap_or(0)
}

fn write_cfg(hart: &mut Riscv64, core: &mut Core, index: u16, update: Update) {
    let changed = hart.pmp.write_cfg(index.into(), update.value);
    hart.forget_protection(core, changed);
}

fn write_addr(hart: &mut Riscv64, core: &mut Core, index: u16, update: Update) {
    let changed = hart.pmp.write_addr(index.into(), update.value);
    hart.forget_protection(core, changed);
}

impl Riscv64 {
    /// Cached translations contain what PMP said of their page.
    fn forget_protection(&self, core: &mut Core, changed: Option<bool>) {
        if changed == Some(true) {
            self.fence(core, None, None);
        }
    }
}
