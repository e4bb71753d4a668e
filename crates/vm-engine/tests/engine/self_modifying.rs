//! Code that is stored to: by itself, by another hart, from outside.

use vm_core::GuestPhysAddr;
use vm_cross_arch::guest::riscv64::regs;

use crate::{
    common::asm::{reg::*, *},
    machine::{Machine, RAM},
};

const ROUNDS: u64 = 200;

/// How a modified function is made to be fetched anew.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sync {
    Fence,
    /// Architecturally, either version may run. The engine promises more: a
    /// hart's own stores count from the next block on.
    Nothing,
}

const BOTH: [Sync; 2] = [Sync::Fence, Sync::Nothing];

/// Calls the function at `at` in every round, after storing `addi a3, a3, N` there,
/// with N alternating between 1 and 2; `a3` is the result.
fn patching(at: i32, sync: Sync, store: impl Fn(&mut Program)) -> u64 {
    patching_in(at, &[], sync, store)
}

/// The same with `before` before the instruction, within the function.
fn patching_in(at: i32, before: &[u32], sync: Sync, store: impl Fn(&mut Program)) -> u64 {
    let start = at - 4 * before.len() as i32;
    let mut p = Program::new();
    p.li(A0, ROUNDS).li(A1, RAM + at as u64);
    p.li(A2, addi(A3, A3, 1).into());
    p.li(A4, addi(A3, A3, 2).into());
    let top = p.here();
    store(&mut p);
    if sync == Sync::Fence {
        p.put([FENCE_I]);
    }
    p.put([jalr(RA, A1, start - at)]);
    // Swap A2 and A4.
    p.put([addi(A5, A2, 0), addi(A2, A4, 0), addi(A4, A5, 0)]);
    p.put([addi(A0, A0, -1)]);
    p.bne_to(A0, ZERO, top).stop_with(A3);
    p.pad(start).put(before.iter().copied());
    p.put([addi(A3, A3, 0), RET]);
    Machine::new(1, &p).run().0
}

#[test]
fn a_function_is_rewritten_before_every_call() {
    let whole = |p: &mut Program| {
        p.put([sw(A2, A1, 0)]);
    };
    let bytes = |p: &mut Program| {
        for i in 0..4 {
            p.put([sb(A2, A1, i), slli(A5, A2, 0)]);
            // Rotates A2 by 8, within its low word and above.
            p.put([srli(A5, A2, 8), slli(A2, A2, 56), or(A2, A2, A5)]);
        }
        p.put([srli(A2, A2, 32)]);
    };
    let atomic = |p: &mut Program| {
        p.put([amoswap_w(ZERO, A2, A1)]);
    };
    let conditional = |p: &mut Program| {
        p.put([lr_w(A5, A1), sc_w(A5, A2, A1), bne(A5, ZERO, -8)]);
    };
    for sync in BOTH {
        for at in [0x200, 0x2000, 0x2ffc] {
            assert_eq!(patching(at, sync, whole), ROUNDS * 3 / 2, "{at:#x}");
        }
        assert_eq!(patching(0x200, sync, bytes), ROUNDS * 3 / 2);
        assert_eq!(patching(0x2000, sync, atomic), ROUNDS * 3 / 2);
        assert_eq!(patching(0x2000, sync, conditional), ROUNDS * 3 / 2);
    }
}

#[test]
fn what_is_hot_is_rewritten_by_what_runs_once() {
    for sync in BOTH {
        let mut p = Program::new();
        p.li(A0, ROUNDS).li(A1, RAM + 0x2000);
        p.li(A2, addi(A3, A3, 2).into());
        let top = p.here();
        p.put([jalr(RA, A1, 0), addi(A0, A0, -1)]);
        p.bne_to(A0, ZERO, top).put([sw(A2, A1, 0)]);
        if sync == Sync::Fence {
            p.put([FENCE_I]);
        }
        p.put([jalr(RA, A1, 0)]).stop_with(A3);
        p.pad(0x2000).put([addi(A3, A3, 1), RET]);
        assert_eq!(Machine::new(1, &p).run().0, ROUNDS + 2, "{sync:?}");
    }
}

#[test]
fn what_a_branch_or_jump_ahead_leads_to_is_rewritten() {
    let store = |p: &mut Program| {
        p.put([sw(A2, A1, 0)]);
    };
    // Behind a branch that is not taken, behind one that is, behind a jump.
    let branch = bne(ZERO, ZERO, 8);
    let unknown = beq(A0, ZERO, 8);
    let taken = [bne(A0, ZERO, 12), 0, 0];
    let jump = [jal(ZERO, 12), 0, 0];
    for sync in BOTH {
        for before in [
            &[branch, unknown][..],
            &taken,
            &jump,
            &[&jump[..], &[unknown], &taken, &jump].concat(),
        ] {
            for at in [0x200, 0x2000, 0x2004] {
                assert_eq!(patching_in(at, before, sync, store), ROUNDS * 3 / 2);
            }
        }
    }
}

#[test]
fn an_instruction_in_two_pages_is_rewritten_in_either() {
    for sync in BOTH {
        for at in [0x1ffe, 0x2ffe] {
            // A halfword of padding moves the function to its place.
            let mut p = Program::new();
            p.li(A0, ROUNDS).li(A1, RAM + at);
            p.li(A2, u64::from(addi(A3, A3, 1)) >> 16);
            p.li(A4, u64::from(addi(A3, A3, 2)) >> 16);
            let top = p.here();
            p.put([sh(A2, A1, 2)]);
            if sync == Sync::Fence {
                p.put([FENCE_I]);
            }
            p.put([jalr(RA, A1, 0)]);
            p.put([addi(A5, A2, 0), addi(A2, A4, 0), addi(A4, A5, 0)]);
            p.put([addi(A0, A0, -1)]);
            p.bne_to(A0, ZERO, top);
            // The first half: addi a6, a3, N.
            p.li(A2, u64::from(addi(A6, A3, 0)) & 0xffff);
            p.put([sh(A2, A1, 0)]);
            if sync == Sync::Fence {
                p.put([FENCE_I]);
            }
            p.put([jalr(RA, A1, 0), slli(A6, A6, 32), add(A3, A3, A6)]);
            p.stop_with(A3);
            let machine = Machine::new(1, &p);
            let function: Vec<u8> = [addi(A3, A3, 0), RET]
                .into_iter()
                .flat_map(u32::to_le_bytes)
                .collect();
            let ram = &machine.shared.ram;
            ram.write(GuestPhysAddr(RAM + at), &function).unwrap();
            let (result, _) = machine.run();
            assert_eq!(result & 0xffff_ffff, ROUNDS * 3 / 2, "{at:#x} {sync:?}");
            // After an even number of rounds the last one stored was 2.
            assert_eq!(result >> 32, ROUNDS * 3 / 2 + 2, "{at:#x} {sync:?}");
        }
    }
}

#[test]
fn a_store_across_two_pages_reaches_code_in_the_second() {
    // The store ends in the function's first four bytes.
    let mut p = Program::new();
    p.li(A0, ROUNDS).li(A1, RAM + 0x3000);
    p.li(A2, addi(A3, A3, 1).into());
    p.li(A4, addi(A3, A3, 2).into());
    let top = p.here();
    p.put([slli(A5, A2, 32), sd(A5, A1, -4), jalr(RA, A1, 0)]);
    p.put([addi(A5, A2, 0), addi(A2, A4, 0), addi(A4, A5, 0)]);
    p.put([addi(A0, A0, -1)]);
    p.bne_to(A0, ZERO, top).stop_with(A3);
    p.pad(0x3000).put([addi(A3, A3, 0), RET]);
    assert_eq!(Machine::new(1, &p).run().0, ROUNDS * 3 / 2);
}

#[test]
fn data_between_code_keeps_its_values() {
    // A counter in the loop's own line, one in its page, one in the next.
    let mut p = Program::new();
    p.li(A0, 10_000).li(A1, RAM + 0x78).li(A2, RAM + 0x800);
    p.li(S0, RAM + 0x1000);
    p.j_to(0x80).pad(0x80);
    let top = p.here();
    for address in [A1, A2, S0] {
        p.put([ld(A3, address, 0), addi(A3, A3, 1), sd(A3, address, 0)]);
    }
    p.put([addi(A0, A0, -1)]);
    p.bne_to(A0, ZERO, top);
    p.put([ld(A3, A1, 0), ld(A4, A2, 0), add(A3, A3, A4)]);
    p.put([ld(A4, S0, 0), add(A3, A3, A4)]);
    p.stop_with(A3);
    let machine = Machine::new(1, &p);
    for at in [0x78, 0x800, 0x1000] {
        let zero = [0; 8];
        machine
            .shared
            .ram
            .write(GuestPhysAddr(RAM + at), &zero)
            .unwrap();
    }
    assert_eq!(machine.run().0, 30_000);
}

#[test]
fn device_writes_count_after_a_fence() {
    // Spins on a flag, then fences and calls, over and over; stores what the
    // function made of it.
    let (flag, answer, function) = (0x8000, 0x8008, 0x1000);
    let mut p = Program::new();
    p.li(A0, RAM + flag).li(A1, RAM + function).li(S0, 0);
    let top = p.here();
    p.put([ld(A4, A0, 0)]).beq_to(A4, S0, top);
    p.put([addi(S0, A4, 0), FENCE_I, jalr(RA, A1, 0), sd(A3, A0, 8)]);
    p.j_to(top);
    p.pad(function as i32).put([addi(A3, ZERO, 0), RET]);
    let running = Machine::new(1, &p).start();
    for round in 1..=ROUNDS {
        let code = addi(A3, ZERO, round as i32).to_le_bytes();
        let ram = &running.shared.ram;
        let at = GuestPhysAddr(RAM + function);
        ram.write(at, &code).unwrap();
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        running.poke(flag, round);
        running.wait_until(answer, |value| value == round);
    }
    running.stop();
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

#[test]
fn another_hart_rewrites_what_runs() {
    // Hart 1 calls in a tight loop while hart 0 rewrites: one of the two
    // versions runs each time, never anything else, and the last one after a fence.
    let (done, function) = (0x8000, 0x2000);
    let mut p = Program::new();
    p.li(A1, RAM + done).li(A4, RAM + function).li(S0, 2000);
    p.li(A2, addi(A3, ZERO, 1).into());
    p.li(A5, addi(A3, ZERO, 2).into());
    p.li(S1, 1).li(S2, 2);
    let branch = p.here();
    p.put([NOP]);
    let top = p.here();
    p.put([sw(A2, A4, 0), sw(A5, A4, 0), addi(S0, S0, -1)]);
    p.bne_to(S0, ZERO, top);
    p.put([FENCE, sd(S1, A1, 0), WFI, jal(0, -4)]);
    let other = p.here();
    p.put([ld(S0, A1, 0), FENCE, FENCE_I, jalr(RA, A4, 0)]);
    let checks = p.here();
    p.put([NOP, NOP]).stop_with(A3);
    let right = p.here();
    p.patch(checks, beq(A3, S1, right - checks));
    p.patch(checks + 4, beq(A3, S2, right - checks - 4));
    p.beq_to(S0, ZERO, other);
    p.put([addi(A3, A3, 100)]).stop_with(A3);
    p.patch(branch, bne(A0, ZERO, other - branch));
    p.pad(function as i32).put([addi(A3, ZERO, 1), RET]);
    assert_eq!(Machine::new(2, &p).run().0, 102);
}

#[test]
fn a_page_that_was_code_once_takes_direct_stores_again() {
    // Calls a function, then clears the page around it, leaving its line alone.
    let mut p = Program::new();
    p.li(A1, RAM + 0x2000).put([jalr(RA, A1, 0)]);
    p.li(A0, 1000);
    let top = p.here();
    p.put([sd(ZERO, A1, 0x100), addi(A0, A0, -1)]);
    p.bne_to(A0, ZERO, top).stop_with(A3);
    p.pad(0x2000).put([addi(A3, ZERO, 7), RET]);
    let machine = Machine::new(1, &p);
    let shared = machine.shared.clone();
    let (result, mut harts) = machine.run();
    assert_eq!(result, 7);
    let page = (RAM + 0x2000) >> 12;
    assert!(!shared.blocks.is_code(page));
    let core = &mut harts[0].core;
    let entry = core.tlb.lookup(page, core.data_space, core.accept[1]);
    assert_ne!(entry.unwrap().host_write, 0);
    assert_eq!(core.get(regs::x(10)), 0);
}

/// Calls functions in two pages, then stores beside each of them so many times, in
/// this order; tells which of the pages are still code pages.
fn still_code_after(stores: [u64; 2]) -> [bool; 2] {
    let functions = [0x2000, 0x3000];
    let mut p = Program::new();
    for at in functions {
        p.li(A1, RAM + at).put([jalr(RA, A1, 0)]);
    }
    for (at, count) in functions.into_iter().zip(stores) {
        p.li(A1, RAM + at).li(A0, count);
        let top = p.here();
        p.put([sd(ZERO, A1, 0x100), addi(A0, A0, -1)]);
        p.bne_to(A0, ZERO, top);
    }
    p.stop_with(A3);
    p.pad(0x2000).put([RET]).pad(0x3000).put([RET]);
    let machine = Machine::new(1, &p);
    let shared = machine.shared.clone();
    machine.run();
    functions.map(|at| shared.blocks.is_code((RAM + at) >> 12))
}

#[test]
fn a_page_is_released_for_the_stores_that_it_took_itself() {
    assert_eq!(still_code_after([255, 1]), [true, true]);
    assert_eq!(still_code_after([256, 1]), [false, true]);
    assert_eq!(still_code_after([1, 256]), [true, false]);
    assert_eq!(still_code_after([255, 255]), [true, true]);
}

#[test]
fn blocks_may_vanish_at_any_time() {
    // Two harts add up what functions in many pages return, while their
    // blocks are dropped in every way there is.
    let (sums, functions, pages) = (0x8000, 0x1_0000, 16);
    let function = |page: u64| [addi(A3, A3, page as i32), NOP, RET];
    let mut p = Program::new();
    p.li(A1, RAM + sums).put([slli(A2, A0, 3), add(A1, A1, A2)]);
    p.li(S0, 300);
    let top = p.here();
    p.li(A4, RAM + functions).li(S1, pages).put([lui(S2, 1)]);
    let inner = p.here();
    p.put([jalr(RA, A4, 0), add(A4, A4, S2), addi(S1, S1, -1)]);
    p.bne_to(S1, ZERO, inner);
    p.put([addi(S0, S0, -1)]).bne_to(S0, ZERO, top);
    p.put([sd(A3, A1, 0), WFI, jal(0, -4)]);
    let machine = Machine::new(2, &p);
    let mut want = 0;
    for page in 0..pages {
        let code = function(page).map(u32::to_le_bytes).concat();
        let at = GuestPhysAddr(RAM + functions + page * 0x1000);
        machine.shared.ram.write(at, &code).unwrap();
        want += 300 * page;
    }
    let running = machine.start();
    let first = (RAM + functions) >> 12;
    for round in 0.. {
        let blocks = &running.shared.blocks;
        match round % 4 {
            0 => blocks.clear(),
            1 => blocks.sync(),
            2 => blocks.release(first + round % pages),
            _ => {
                // The same bytes again.
                let page = round / 4 % pages;
                let at = GuestPhysAddr(RAM + functions + page * 0x1000);
                let code = function(page).map(u32::to_le_bytes).concat();
                running.shared.ram.write(at, &code).unwrap();
            }
        }
        if running.peek(sums) != 0 && running.peek(sums + 8) != 0 {
            break;
        }
    }
    assert_eq!((running.peek(sums), running.peek(sums + 8)), (want, want));
    running.stop();
}
