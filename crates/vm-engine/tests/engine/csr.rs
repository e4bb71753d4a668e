//! CSRs that blocks access themselves.

use vm_cross_arch::guest::riscv64::regs;

use crate::{
    common::asm::{reg::*, *},
    machine::{Machine, RAM},
};

/// `sscratch`, `sepc`, `scause` and `stval`, with the bits that can be written.
const STORAGE: [(u32, u64); 4] = [
    (0x140, u64::MAX),
    (0x141, u64::MAX - 1),
    (0x142, u64::MAX),
    (0x143, u64::MAX),
];

/// The instruction with this funct3: 1 to 3 are CSRRW, CSRRS and CSRRC, 5 to 7
/// the same with an immediate.
const fn csr_insn(funct3: u32, rd: u32, csr: u32, rs1: u32) -> u32 {
    csr << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x73
}

#[test]
fn every_csr_instruction_does_its_work() {
    for (number, writable) in STORAGE {
        let mut p = Program::new();
        p.li(A1, 0x8000_0003).li(A4, 0x11).li(A6, 0x2).li(S0, 6);
        let top = p.here();
        p.put([
            csr_insn(1, A2, number, A1),
            csr_insn(2, A3, number, A4),
            csr_insn(3, A5, number, A6),
            csr_insn(6, A7, number, 5),
            csr_insn(7, S2, number, 1),
            csr_insn(5, S3, number, 30),
            csr_insn(2, T2, number, ZERO),
            // Each gets the other's value.
            csr_insn(1, A4, number, A4),
            addi(S0, S0, -1),
        ]);
        p.bne_to(S0, ZERO, top).stop_with(ZERO);
        let (_, harts) = Machine::new(1, &p).run();

        let (mut value, mut a4) = (0, 0x11);
        let mut seen = [0; 7];
        for _ in 0..6 {
            let new: [&dyn Fn(u64) -> u64; 7] = [
                &|_| 0x8000_0003,
                &|old| old | a4,
                &|old| old & !0x2,
                &|old| old | 5,
                &|old| old & !1,
                &|_| 30,
                &|old| old,
            ];
            for (seen, new) in seen.iter_mut().zip(new) {
                *seen = value;
                value = new(value) & writable;
            }
            (a4, value) = (value, a4 & writable);
        }
        let x = |n: u32| harts[0].core.get(regs::x(n as u8));
        let have = [A2, A3, A5, A7, S2, S3, T2].map(x);
        assert_eq!(have, seen, "of {number:#x}");
        assert_eq!(x(A4), a4, "of {number:#x}");
    }
}

#[test]
fn users_do_not_reach_them_by_code_that_others_may_run() {
    const ALLOW_ALL: u64 = 0x1f;
    for (number, _) in STORAGE {
        let mut p = Program::new();
        p.li(T1, RAM + 0x400).put([csrrw(ZERO, csr::MTVEC, T1)]);
        p.li(T1, ALLOW_ALL).put([csrrw(ZERO, csr::PMPCFG0, T1)]);
        p.put([addi(T1, ZERO, -1), csrrw(ZERO, csr::PMPADDR0, T1)]);
        p.li(S0, 6);
        let probe = p.here();
        p.put([csr_insn(2, A2, number, ZERO), addi(S0, S0, -1)]);
        p.bne_to(S0, ZERO, probe);
        // In U-mode, as MPP is 0.
        p.li(A1, RAM + probe as u64).li(S0, 1);
        p.put([csrrw(ZERO, csr::MEPC, A1), MRET]);
        p.pad(0x400);
        p.put([csrrs(A0, csr::MCAUSE, ZERO), csrrs(A2, csr::MEPC, ZERO)]);
        p.put([beq(A2, A1, 8), addi(A0, ZERO, 99)]);
        p.stop_with(A0);
        assert_eq!(Machine::new(1, &p).run().0, 2, "{number:#x} is illegal");
    }
}
