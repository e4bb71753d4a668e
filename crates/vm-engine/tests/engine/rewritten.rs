//! Code that is written to by whoever is no instruction: after a fence, the new one
//! runs.

use vm_core::{AccessSize, GuestPhysAddr};
use vm_cross_arch::guest::riscv64::regs;
use vm_mem::GuestRam;
use vm_toy::{asm::encode, regs::r};

use crate::{
    common::asm::{reg::*, *},
    machine::{Machine, RAM},
};

const ROUNDS: u64 = 200;

/// Fences and calls the function at 0x1000 until `write` has rewritten it, and
/// then on: the new one runs then.
fn rewritten_from_outside(write: impl Fn(&GuestRam, GuestPhysAddr, [u8; 8])) {
    let mut p = vm_toy::asm::Program::default();
    p.set(1, RAM + 0x1000);
    let top = p.here();
    p.put("sync", 0, 0).put("callr", 1, 0).to("jmp", 0, 0, top);
    p.pad(0x1000).put_imm("addi", 3, 3, 1);
    p.put("nop", 0, 0).put("ret", 0, 0);
    let mut machine = Machine::toys(1, &p);
    let hart = &mut machine.vcpus[0];
    let mut run = || {
        assert!(hart.run_for(1200).is_none());
        [3, 4].map(|register| hart.core.get(r(register)))
    };
    let [old, _] = run();
    assert!(old > 190);
    let ram = &machine.shared.ram;
    let counts = [encode("addi", 4, 4, 1), encode("nop", 0, 0, 0)];
    let code = [counts.concat(), encode("ret", 0, 0, 0)].concat();
    write(ram, GuestPhysAddr(RAM + 0x1000), code.try_into().unwrap());
    let [still_old, new] = run();
    assert!(still_old <= old + 1 && new > 190, "{old} {still_old} {new}");
}

#[test]
fn every_way_to_write_to_memory_counts_after_a_fence() {
    let double = u64::from_le_bytes;
    rewritten_from_outside(|ram, at, code| ram.write(at, &code).unwrap());
    rewritten_from_outside(|ram, at, code| {
        ram.store(at, AccessSize::Double, double(code)).unwrap();
    });
    rewritten_from_outside(|ram, at, code| {
        let old = ram.load(at, AccessSize::Double).unwrap();
        let swapped = ram.compare_exchange(at, old, double(code));
        assert_eq!(swapped, Some(Ok(old)));
    });
}

#[test]
fn accessed_bits_count_after_a_fence() {
    // The entry of a gigapage, executed: before it is accessed, a fence with a reserved
    // mode and then nothing legal; afterwards, its first word is FNMADD with the
    // floating-point unit off.
    let (root, handler) = (0x4000, 0x800);
    let entry = root + 2 * 8;
    let readable_executable_leaf = RAM >> 12 << 10 | 0xf;
    let (menvcfg, satp) = (0x30a, 0x180);
    let mut p = Program::new();
    p.li(T0, RAM + handler as u64)
        .put([csrrw(ZERO, csr::MTVEC, T0)]);
    p.put([addi(T0, ZERO, -1), csrrw(ZERO, csr::PMPADDR0, T0)]);
    p.li(T0, 0x1f).put([csrrw(ZERO, csr::PMPCFG0, T0)]);
    // ADUE; Sv39, with the root table that comes in A6.
    p.put([
        addi(T0, ZERO, 1),
        slli(T0, T0, 61),
        csrrw(ZERO, menvcfg, T0),
    ]);
    p.put([csrrw(ZERO, satp, A6)]);
    p.li(A0, ROUNDS).li(A1, RAM + entry).li(A2, RAM);
    let top = p.here();
    p.put([FENCE_I, jalr(RA, A1, 0)]);
    p.pad(handler)
        .put([csrrs(A5, csr::MEPC, ZERO), addi(A0, A0, -1)]);
    p.bne_to(A0, ZERO, top);
    // The second time it is over; the first time the page is accessed, as from S-mode.
    let over = p.here();
    p.put([NOP, addi(S2, ZERO, 1)]);
    p.li(T0, 1 << 17 | 1 << 11);
    p.put([csrrw(ZERO, csr::MSTATUS, T0), lw(A4, A2, 0)]);
    p.put([csrrw(ZERO, csr::MSTATUS, ZERO)]);
    p.li(A0, ROUNDS).j_to(top);
    let end = p.here();
    p.patch(over, bne(S2, ZERO, end - over));
    p.stop_with(A5);
    let mut machine = Machine::new(1, &p);
    let ram = &machine.shared.ram;
    let at = GuestPhysAddr(RAM + entry);
    ram.store(at, AccessSize::Double, readable_executable_leaf)
        .unwrap();
    machine.vcpus[0]
        .core
        .set(regs::x(A6 as u8), 8 << 60 | (RAM + root) >> 12);
    let shared = machine.shared.clone();
    let (trapped_at, _) = machine.run();
    assert_eq!(trapped_at, RAM + entry, "what was there before still ran");
    let accessed = shared.ram.load(at, AccessSize::Double).unwrap();
    assert_eq!(accessed, readable_executable_leaf | 0x40);
}
