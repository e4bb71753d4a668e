//! Atomics and reservations, alone and contended.

use vm_cross_arch::guest::riscv64::regs;

use crate::{
    common::asm::{reg::*, *},
    machine::{Machine, RAM},
};

const HARTS: u64 = 4;
const ROUNDS: u64 = 5_000;
const COUNTER: u64 = 0x1000;
/// Counts the harts that are done.
const DONE: u64 = 0x2000;
const DATA: u64 = 0x3000;

/// The counter after every hart has run `increment` (A1: its address, A2: 1)
/// for all rounds.
fn total(increment: impl Fn(&mut Program)) -> u64 {
    let mut p = Program::new();
    p.li(A1, RAM + COUNTER).li(A2, 1).li(A3, RAM + DONE);
    p.li(S0, ROUNDS).li(S1, HARTS - 1);
    let top = p.here();
    increment(&mut p);
    p.put([addi(S0, S0, -1)]).bne_to(S0, ZERO, top);
    // The last one to finish stops the machine.
    p.put([amoadd_d(A4, A2, A3), beq(A4, S1, 12), WFI, jal(0, -4)]);
    p.put([FENCE, ld(A4, A1, 0)]).stop_with(A4);
    Machine::new(HARTS as usize, &p).run().0
}

/// LR and SC until it succeeds, with a `plain` store in between.
fn conditional(p: &mut Program, lr: fn(u32, u32) -> u32, sc: fn(u32, u32, u32) -> u32) {
    p.put([
        lr(A4, A1),
        addi(A4, A4, 1),
        sc(A5, A4, A1),
        bne(A5, ZERO, -12),
    ]);
}

#[test]
fn no_increment_is_lost() {
    assert_eq!(total(|p| conditional(p, lr_d, sc_d)), HARTS * ROUNDS);
    assert_eq!(total(|p| conditional(p, lr_w, sc_w)), HARTS * ROUNDS);
    let amoadd = |p: &mut Program| {
        p.put([amoadd_d(ZERO, A2, A1)]);
    };
    assert_eq!(total(amoadd), HARTS * ROUNDS);
    let amoadd_word = |p: &mut Program| {
        p.put([amoadd_w(ZERO, A2, A1)]);
    };
    assert_eq!(total(amoadd_word), HARTS * ROUNDS);
    let amocas = |p: &mut Program| {
        p.put([ld(A4, A1, 0), addi(A5, A4, 0), addi(S2, A4, 1)]);
        p.put([amocas_d(A4, S2, A1), bne(A4, A5, -16)]);
    };
    assert_eq!(total(amocas), HARTS * ROUNDS);
}

#[test]
fn different_atomics_on_one_line_do_not_disturb_each_other() {
    // A word in the upper half belongs to AMOs, one in the lower half to LR
    // and SC; a neighbour gets plain stores.
    let both = total(|p| {
        conditional(p, lr_w, sc_w);
        p.put([addi(A1, A1, 4), amoadd_w(ZERO, A2, A1), addi(A1, A1, -4)]);
        p.put([sd(A4, A1, 8)]);
    });
    let each = HARTS * ROUNDS;
    assert_eq!(both, each << 32 | each);
}

/// What SC returns after LR and `between`; A1 is the address, which holds 7,
/// as does A2; A3 holds 8, A4 an address in another line. A0 is clobbered.
fn after_reservation(between: &[u32]) -> u64 {
    let mut p = Program::new();
    // Another hart, which sleeps: alone, a hart need not watch its own stores.
    p.put([beq(A0, ZERO, 12), WFI, jal(ZERO, -4)]);
    p.li(A1, RAM + DATA)
        .li(A2, 7)
        .li(A3, 8)
        .li(A4, RAM + DATA + 64);
    p.li(T1, RAM + 0x400).put([csrrw(ZERO, csr::MTVEC, T1)]);
    p.put([sd(A2, A1, 0), lr_d(A5, A1)]);
    p.put(between.iter().copied());
    p.put([sc_d(A0, A3, A1)]).stop_with(A0);
    // The trap handler skips the instruction.
    p.pad(0x400);
    p.put([csrrs(T1, csr::MEPC, ZERO), addi(T1, T1, 4)]);
    p.put([csrrw(ZERO, csr::MEPC, T1), MRET]);
    Machine::new(2, &p).run().0
}

#[test]
fn a_reservation_survives_what_does_not_touch_its_line() {
    assert_eq!(after_reservation(&[]), 0);
    assert_eq!(after_reservation(&[ld(A5, A1, 0), sd(A3, A4, 0)]), 0);
    assert_eq!(after_reservation(&[amoadd_d(A5, A3, A4), NOP, FENCE]), 0);
    // Across the end of the line before, but not into this one.
    assert_eq!(after_reservation(&[sd(A3, A1, -8)]), 0);
}

#[test]
fn a_store_away_and_back_ends_a_reservation() {
    for there_and_back in [
        [sd(A3, A1, 0), sd(A2, A1, 0)],
        [sw(A3, A1, 0), sw(A2, A1, 0)],
        [sb(A3, A1, 0), sb(A2, A1, 0)],
        [amoswap_d(A5, A3, A1), amoswap_d(A5, A2, A1)],
        // Elsewhere in the line.
        [sb(A3, A1, 63), NOP],
        // From the line before into this one, whose first byte is 7 already.
        [slli(A5, A2, 56), sd(A5, A1, -7)],
    ] {
        assert_eq!(after_reservation(&there_and_back), 1, "{there_and_back:x?}");
    }
}

#[test]
fn a_reservation_serves_one_store_to_its_address() {
    // Another SC, to the same address or another, takes it.
    assert_eq!(after_reservation(&[sc_d(A5, A2, A1)]), 1);
    assert_eq!(after_reservation(&[sc_d(A5, A2, A4)]), 1);
    // A newer reservation replaces it, also of the same address.
    assert_eq!(after_reservation(&[lr_d(A5, A4)]), 1);
    assert_eq!(after_reservation(&[lr_d(A5, A4), lr_d(A5, A1)]), 0);
    // So does a trap.
    assert_eq!(after_reservation(&[ECALL]), 1);
}

#[test]
fn another_hart_storing_away_and_back_fails_the_conditional() {
    assert_eq!(failures_after_away_and_back(&[lr_d(A5, A1)]), 500);
    // A conditional right after it, which is not the one that runs.
    let skipped = [lr_d(A5, A1), bne(S2, ZERO, 8), sc_d(A5, A3, A1)];
    assert_eq!(failures_after_away_and_back(&skipped), 500);
}

/// How many of 500 conditionals fail after `reserve` and what another hart does.
fn failures_after_away_and_back(reserve: &[u32]) -> u64 {
    // Hart 0 reserves, raises the flag and waits for it to fall; hart 1
    // stores 8 and then 7 again meanwhile.
    let flag = 0x2000;
    let mut p = Program::new();
    p.li(A1, RAM + DATA).li(A2, 7).li(A3, 8).li(A4, RAM + flag);
    p.li(S0, 500).li(S1, 0).li(S2, 1);
    let branch = p.here();
    p.put([NOP, sd(A2, A1, 0)]);
    let top = p.here();
    p.put(reserve.iter().copied()).put([sd(S2, A4, 0)]);
    p.put([ld(A5, A4, 0), bne(A5, ZERO, -4)]);
    p.put([sc_d(A5, A3, A1), add(S1, S1, A5), addi(S0, S0, -1)]);
    p.bne_to(S0, ZERO, top).stop_with(S1);
    let other = p.here();
    p.put([ld(A5, A4, 0), beq(A5, ZERO, -4)]);
    p.put([sd(A3, A1, 0), sd(A2, A1, 0), FENCE, sd(ZERO, A4, 0)]);
    p.j_to(other);
    p.patch(branch, bne(A0, ZERO, other - branch));
    Machine::new(2, &p).run().0
}

#[test]
fn a_conditional_behind_a_branch_succeeds_at_last() {
    // The branch is taken to another conditional than the next, as long as that
    // fails.
    let mut p = Program::new();
    p.put([beq(A0, ZERO, 12), WFI, jal(ZERO, -4)]);
    p.li(A1, RAM + DATA).li(A2, 1).li(A3, 8).li(S1, 0);
    p.put([addi(S1, S1, 1), lr_d(A5, A1), bne(A2, ZERO, 8)]);
    p.put([sc_d(A0, A2, A1), NOP, sc_d(A0, A3, A1)]);
    p.put([bne(A0, ZERO, -24), ld(A5, A1, 0), slli(A5, A5, 8)]);
    p.put([add(S1, S1, A5)]).stop_with(S1);
    let result = Machine::new(2, &p).run().0;
    assert_eq!(result >> 8, 8, "what was stored");
    assert!(matches!(result & 0xff, 1..5), "a few attempts: {result:#x}");
}

/// What `sc.d` to DATA does after `before`, with a locked PMP entry that makes
/// the 4 bytes at DATA + `denied` read-only: what it returns, or 16 plus the
/// cause of its trap. A1 is DATA.
fn conditional_beside_pmp(denied: u64, before: &[u32]) -> u64 {
    // Locked: it binds M-mode too.
    const L_NA4_R: u64 = 0x91;
    let mut p = Program::new();
    p.li(A1, RAM + DATA).li(T1, RAM + 0x400);
    p.put([csrrw(ZERO, csr::MTVEC, T1)]);
    p.li(T1, (RAM + DATA + denied) >> 2);
    p.put([csrrw(ZERO, csr::PMPADDR0, T1)]);
    p.li(T1, L_NA4_R).put([csrrw(ZERO, csr::PMPCFG0, T1)]);
    p.put(before.iter().copied());
    p.put([sc_d(A0, ZERO, A1)]).stop_with(A0);
    p.pad(0x400);
    p.put([csrrs(A0, csr::MCAUSE, ZERO), addi(A0, A0, 16)]);
    p.stop_with(A0);
    Machine::new(1, &p).run().0
}

#[test]
fn a_conditional_that_fails_is_not_checked_as_a_store() {
    const STORE_FAULT: u64 = 16 + 7;
    // Nothing is reserved, so that only the first byte counts.
    assert_eq!(conditional_beside_pmp(4, &[]), 1);
    assert_eq!(conditional_beside_pmp(0, &[]), STORE_FAULT);
    // Its first word is reserved: it is a store then.
    assert_eq!(conditional_beside_pmp(4, &[lr_w(A5, A1)]), STORE_FAULT);
    // What is reserved is elsewhere.
    let elsewhere = [addi(A2, A1, 64), lr_d(A5, A2)];
    assert_eq!(conditional_beside_pmp(4, &elsewhere), 1);
}

#[test]
fn misaligned_atomics_and_atomics_on_devices_trap() {
    // (instruction, cause): load and store misaligned, load and store access.
    let cases = [
        (lr_d(A5, A1), 4),
        (sc_d(A5, A2, A1), 6),
        (amoadd_d(A5, A2, A1), 6),
        (amocas_d(A4, A2, A1), 6),
        (lr_d(A5, A3), 5),
        (sc_d(A5, A2, A3), 7),
        (amoadd_w(A5, A2, A3), 7),
    ];
    for (insn, cause) in cases {
        let mut p = Program::new();
        p.li(A1, RAM + DATA + 4).li(A3, crate::machine::SCRATCH);
        p.li(T1, RAM + 0x400).put([csrrw(ZERO, csr::MTVEC, T1)]);
        p.put([insn]).stop_with(ZERO).pad(0x400);
        p.put([csrrs(A0, csr::MCAUSE, ZERO)]).stop_with(A0);
        let (result, harts) = Machine::new(1, &p).run();
        assert_eq!(result, cause, "{insn:x}");
        assert_eq!(harts[0].core.get(regs::x(15)), 0, "rd is unchanged");
    }
}
