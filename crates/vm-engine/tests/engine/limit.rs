//! Running a number of instructions, neither more nor less.

use crate::{
    common::asm::{reg::*, *},
    machine::{Hart, Machine, RAM},
};

/// Where there is nothing.
const NOWHERE: u64 = 0x1000;

/// Loops, calls, traps in the middle of blocks and in a fetch, and reservations.
fn program() -> Program {
    let mut p = Program::new();
    p.li(T0, RAM + 0x400).put([csrrw(ZERO, csr::MTVEC, T0)]);
    p.li(A0, RAM + 0x800).li(A1, NOWHERE).li(S0, 5);
    let top = p.here();
    p.put([addi(A2, A2, 1), ld(A3, A1, 0), addi(A2, A2, 2), ECALL]);
    p.put([addi(A4, A2, 0), 0xffff_ffff, lr_d(A5, A0)]);
    p.put([addi(A5, A5, 1), sc_d(A6, A5, A0), add(A7, A7, A6)]);
    p.put([jalr(RA, A1, 0), beq(ZERO, ZERO, 8), addi(A2, A2, 4)]);
    p.put([addi(S0, S0, -1)]);
    p.bne_to(S0, ZERO, top);
    p.li(S0, 3).j_to(top);
    // Goes on after the instruction, or after the call of what is not there.
    p.pad(0x400);
    p.put([csrrs(T1, csr::MCAUSE, ZERO), csrrs(T2, csr::MEPC, ZERO)]);
    p.put([addi(T1, T1, -1), addi(T2, T2, 4), bne(T1, ZERO, 8)]);
    p.put([addi(T2, RA, 0), csrrw(ZERO, csr::MEPC, T2), MRET]);
    p
}

fn machine(max_insns: u16) -> Machine {
    let mut machine = Machine::new(1, &program());
    machine.vcpus[0].set_max_block_insns(max_insns);
    machine
}

fn registers(hart: &Hart) -> (u64, u64, Vec<u64>) {
    let x = |n: u8| hart.core.get(vm_cross_arch::guest::riscv64::regs::x(n));
    (hart.core.retired, hart.pc, (0..32).map(x).collect())
}

#[test]
fn so_many_instructions_run_however_they_are_cut_into_blocks() {
    const INSNS: u64 = 1_000;
    let mut single = machine(1);
    let single = &mut single.vcpus[0];
    let mut expected = vec![registers(single)];
    for _ in 0..INSNS {
        assert_eq!(single.run_for(1), None);
        expected.push(registers(single));
    }
    assert!(expected.iter().all(|(.., x)| x[17] == 0), "SC never fails");
    for (max_insns, stride) in [(64, 1), (64, 7), (64, 130), (64, INSNS), (3, 50), (1, 9)] {
        let mut whole = machine(max_insns);
        let hart = &mut whole.vcpus[0];
        for at in (0..=INSNS).step_by(stride as usize) {
            let found = registers(hart);
            assert_eq!(
                found, expected[at as usize],
                "blocks of {max_insns} by {stride}"
            );
            assert_eq!(found.0, at);
            assert_eq!(hart.run_for(stride), None);
        }
    }
}
