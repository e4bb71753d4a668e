//! Which pages a real program touches, one after the other.

use anyhow::{Context as _, Result};
use vm_core::PAGE_SHIFT;
use vm_cross_arch::ir::{Op, Operand, fixed};
use vm_engine::vcpu::Engine;
use vm_user::Process;

use crate::{
    code::GuestCode,
    translation::TRANSLATIONS,
    workloads::{Program, SORT},
};

/// Accesses left out at the program's start: its initialisation.
const SKIPPED: usize = 20_000;

/// Page numbers of the `count` loads and stores that busybox's `sort` makes, in
/// their order.
///
/// # Errors
/// If it does not run, or ends before.
pub fn of_sort(code: &GuestCode, count: usize) -> Result<Vec<u64>> {
    let Program {
        arguments, input, ..
    } = SORT;
    let mut process = Process::new(&code.busybox, arguments, &input(), Engine::Interpreter)?;
    process.vcpu().set_max_block_insns(1);
    let mut pages = Vec::new();
    while pages.len() < SKIPPED + count && !process.has_ended() {
        pages.extend(next_pages(&mut process));
        process.vcpu().step();
    }
    let pages = pages.get(SKIPPED..SKIPPED + count);
    Ok(pages.context("the program ended too early")?.to_vec())
}

/// The pages that the next instruction accesses.
fn next_pages(process: &mut Process) -> Vec<u64> {
    let pc = process.vcpu().pc;
    let Some(source) = process.memory().read(pc, 4) else {
        return Vec::new();
    };
    let Some(block) = (TRANSLATIONS[0].lift)(&source, 1) else {
        return Vec::new();
    };
    let core = &process.vcpu().core;
    let read = |operand| match operand {
        Operand::Slot(fixed::PC) => pc,
        Operand::Slot(slot) => core.get(slot),
        Operand::Imm(value) => value as u64,
    };
    let address = |op: &Op| match *op {
        Op::Load { base, offset, .. } | Op::Store { base, offset, .. } => {
            Some(read(base).wrapping_add(i64::from(offset) as u64))
        }
        _ => None,
    };
    let accesses = block.ops.iter().filter_map(address);
    accesses.map(|address| address >> PAGE_SHIFT).collect()
}
