//! AMOCAS.Q beside other harts that access its halves.

use vm_core::{AccessSize, GuestPhysAddr};
use vm_cross_arch::guest::riscv64::regs;
use vm_engine::guest::riscv64::Extensions;

use crate::{
    common::asm::{reg::*, *},
    machine::{Hart, Machine, RAM},
};

const ROUNDS: u64 = 1_000_000;
const PAIR: u64 = 0x1000;
/// Counts the harts that have begun, and those that are done.
const BEGUN: u64 = 0x2000;
const DONE: u64 = 0x3000;

/// What was left of a run.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    /// By how much the lower half differs from the number of swaps.
    lost_swaps: u64,
    /// The upper half of the pair.
    upper: u64,
    /// What the others have counted in A0.
    counted: u64,
}

/// The others run `beside` [`ROUNDS`] times: A1 is the pair, A2 its upper half, S5
/// holds 1, A0 0 at first. Hart 0 adds 1 to the lower half by AMOCAS.Q until they are
/// done, and counts how often.
fn run(harts: usize, beside: &[u32]) -> Left {
    let mut p = Program::new();
    p.li(A1, RAM + PAIR).li(A3, RAM + DONE).li(S0, ROUNDS);
    p.put([addi(A2, A1, 8), addi(S1, ZERO, harts as i32 - 1)]);
    p.put([addi(S5, ZERO, 1)]);
    p.li(T1, RAM + BEGUN).put([addi(T2, ZERO, harts as i32)]);
    p.put([amoadd_d(ZERO, S5, T1), ld(A4, T1, 0), bne(A4, T2, -4)]);
    let branch = p.here();
    p.put([NOP, addi(A0, ZERO, 0)]);
    let top = p.here();
    p.put(beside.iter().copied()).put([addi(S0, S0, -1)]);
    p.bne_to(S0, ZERO, top);
    p.put([amoadd_d(ZERO, S5, A3), WFI, jal(0, -4)]);
    let swap = p.here();
    p.put([ld(A4, A1, 0), ld(A5, A2, 0)]);
    p.put([addi(T1, A4, 0), addi(T2, A5, 0)]);
    p.put([addi(S2, A4, 1), addi(S3, A5, 0), amocas_q(A4, S2, A1)]);
    p.put([bne(A4, T1, -20), bne(A5, T2, -24), addi(A0, A0, 1)]);
    p.put([ld(A5, A3, 0)]).bne_to(A5, S1, swap).stop_with(ZERO);
    p.patch(branch, beq(A0, ZERO, swap - branch));
    let machine = Machine::new(harts, &p);
    let ram = machine.shared.ram.clone();
    let (_, harts) = machine.run();
    let half = |at| ram.load(GuestPhysAddr(RAM + PAIR + at), AccessSize::Double);
    let a0 = |hart: &Hart| hart.core.get(regs::x(A0 as u8));
    Left {
        lost_swaps: a0(&harts[0]).wrapping_sub(half(0).unwrap()),
        upper: half(8).unwrap(),
        counted: harts.iter().skip(1).map(a0).sum(),
    }
}

/// What is left if nothing is lost.
fn kept(upper: u64) -> Left {
    Left {
        lost_swaps: 0,
        upper,
        counted: 0,
    }
}

#[test]
fn no_atomic_on_a_half_of_a_pair_is_lost() {
    if !Extensions::default().zacas {
        return;
    }
    for harts in [2, 4] {
        let sum = (harts as u64 - 1) * ROUNDS;
        let double = [amoadd_d(ZERO, S5, A2)];
        assert_eq!(run(harts, &double), kept(sum), "{harts} harts");
        let word = [addi(A2, A1, 12), amoadd_w(ZERO, S5, A2)];
        assert_eq!(run(harts, &word), kept(sum << 32), "{harts} harts");
    }
}

#[test]
fn no_plain_store_to_a_half_of_a_pair_is_lost() {
    if !Extensions::default().zacas {
        return;
    }
    // The half has one writer, which counts when it does not find what it has stored.
    let (differs, count) = (beq(A4, S0, 8), addi(A0, A0, 1));
    let double = [sd(S0, A2, 0), FENCE, ld(A4, A2, 0), differs, count];
    assert_eq!(run(2, &double), kept(1));
    let word = [sw(S0, A2, 4), FENCE, lw(A4, A2, 4), differs, count];
    assert_eq!(run(2, &word), kept(1 << 32));
}

#[test]
fn a_swapped_pair_ends_the_reservation_of_its_halves() {
    if !Extensions::default().zacas {
        return;
    }
    // Another hart, which sleeps: alone, a hart need not watch its own stores.
    let mut p = Program::new();
    p.put([beq(A0, ZERO, 12), WFI, jal(ZERO, -4)]);
    p.li(A1, RAM + PAIR).put([addi(A2, A1, 8)]);
    // The pair is 0, and stays so.
    p.put([lr_d(A5, A2), amocas_q(ZERO, ZERO, A1), sc_d(A0, A2, A2)]);
    p.stop_with(A0);
    assert_eq!(Machine::new(2, &p).run().0, 1);
}
