//! RISC-V's own of code that is stored to: by atomics, and by a hart whose fence is none
//! of the reader's.

use crate::{
    common::asm::{reg::*, *},
    machine::{Machine, RAM},
};

const ROUNDS: u64 = 200;

#[test]
fn atomics_rewrite_a_function_before_every_call() {
    let swap = [amoswap_w(ZERO, A2, A1)];
    let conditional = [lr_w(A5, A1), sc_w(A5, A2, A1), bne(A5, ZERO, -8)];
    let stores = [
        (&swap[..], true),
        (&swap, false),
        (&conditional, true),
        (&conditional, false),
    ];
    for (store, is_fenced) in stores {
        let mut p = Program::new();
        p.li(A0, ROUNDS).li(A1, RAM + 0x2000);
        p.li(A2, addi(A3, A3, 1).into());
        p.li(A4, addi(A3, A3, 2).into());
        let top = p.here();
        p.put(store.iter().copied());
        if is_fenced {
            p.put([FENCE_I]);
        }
        p.put([jalr(RA, A1, 0)]);
        // Swap A2 and A4.
        p.put([addi(A5, A2, 0), addi(A2, A4, 0), addi(A4, A5, 0)]);
        p.put([addi(A0, A0, -1)]);
        p.bne_to(A0, ZERO, top).stop_with(A3);
        p.pad(0x2000).put([addi(A3, A3, 0), RET]);
        assert_eq!(Machine::new(1, &p).run().0, ROUNDS * 3 / 2, "{is_fenced}");
    }
}

#[test]
fn another_hart_rewrites_with_a_handshake() {
    // Hart 0 rewrites the function and raises the round; hart 1 waits for it,
    // fences, calls and answers with what the function returned.
    let (round, answer, function) = (0x8000, 0x8100, 0x2000);
    let mut p = Program::new();
    p.li(A1, RAM + round).li(A2, RAM + answer);
    p.li(A4, RAM + function).li(S0, ROUNDS).li(S1, 0);
    let branch = p.here();
    p.put([NOP]);
    // Hart 0: A5 is the instruction, counted up by one immediate a round.
    p.li(A5, addi(A3, ZERO, 0).into());
    p.put([lui(S2, 0x100)]);
    let top = p.here();
    p.put([addi(S1, S1, 1), add(A5, A5, S2), sw(A5, A4, 0), FENCE]);
    p.put([sd(S1, A1, 0)]);
    let wait = p.here();
    p.put([ld(A3, A2, 0)]).bne_to(A3, S1, wait);
    p.bne_to(S1, S0, top).stop_with(A3);
    // Hart 1.
    let other = p.here();
    p.put([ld(A3, A1, 0)]).beq_to(A3, S1, other);
    p.put([
        addi(S1, A3, 0),
        FENCE,
        FENCE_I,
        jalr(RA, A4, 0),
        sd(A3, A2, 0),
    ]);
    p.j_to(other);
    p.patch(branch, bne(A0, ZERO, other - branch));
    p.pad(function as i32).put([addi(A3, ZERO, 0), RET]);
    assert_eq!(Machine::new(2, &p).run().0, ROUNDS);
}
