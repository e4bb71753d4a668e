//! Code that is stored to: by itself, by another vCPU, from outside.

use vm_core::GuestPhysAddr;
use vm_toy::{
    asm::{Label, Program, encode},
    regs::r,
};

use crate::{
    machine::{Machine, RAM},
    toy::stop_with,
};

const ROUNDS: u64 = 200;

/// How a modified function is made to be fetched anew.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sync {
    Fence,
    /// Architecturally, either version may run. The engine promises more: a
    /// vCPU's own stores count from the next block on.
    Nothing,
}

const BOTH: [Sync; 2] = [Sync::Fence, Sync::Nothing];

impl Sync {
    fn put(self, p: &mut Program) {
        if self == Self::Fence {
            p.put("sync", 0, 0);
        }
    }
}

/// `r3 += n`, and a return: 8 bytes, of which the first 6 are the addition.
fn adding(n: i64) -> [u8; 8] {
    let nop = encode("nop", 0, 0, 0);
    let code = [encode("addi", 3, 3, n), nop, encode("ret", 0, 0, 0)].concat();
    code.try_into().unwrap()
}

/// The same as a number that can be stored.
fn adding_word(n: i64) -> u64 {
    u64::from_le_bytes(adding(n))
}

/// Ends a loop that counts `r0` down, and `r2` and `r4` change places in it.
fn swap_and_loop(p: &mut Program, top: Label) {
    p.put("mov", 5, 2).put("mov", 2, 4).put("mov", 4, 5);
    p.put_imm("addi", 0, 0, -1).to("bne", 0, 6, top);
}

/// Calls the function at `at` in every round, after storing [`adding`] N there,
/// with N alternating between 1 and 2; `r3` is the result.
fn patching(at: u64, sync: Sync, store: impl Fn(&mut Program)) -> u64 {
    patching_in(at, &[], sync, store)
}

/// The same with `before` before the instruction, within the function. `store` finds the
/// code in `r2` and its address in `r1`; it has `r5` and `r7`, and leaves 0 in `r6`.
fn patching_in(at: u64, before: &[u8], sync: Sync, store: impl Fn(&mut Program)) -> u64 {
    let start = at - before.len() as u64;
    let mut p = Program::default();
    p.set(0, ROUNDS).set(1, RAM + at);
    p.set(2, adding_word(1)).set(4, adding_word(2));
    let top = p.here();
    store(&mut p);
    sync.put(&mut p);
    p.set(5, RAM + start).put("callr", 5, 0);
    swap_and_loop(&mut p, top);
    stop_with(&mut p, 3);
    p.pad(start as usize).data(before).data(&adding(0));
    Machine::toys(1, &p).run().0
}

/// Stores the whole function at once.
fn whole(p: &mut Program) {
    p.put("st64", 2, 1);
}

#[test]
fn a_function_is_rewritten_before_every_call() {
    let constant = |p: &mut Program| {
        p.set(7, 16).put("mov", 5, 2).put("shr", 5, 7);
        p.put_imm("st32", 5, 1, 2);
    };
    let bytes = |p: &mut Program| {
        for i in 0..8 {
            p.put_imm("st8", 2, 1, i).put("mov", 5, 2);
            // Rotates r2 by 8.
            p.set(6, 8).put("shr", 5, 6).set(6, 56).put("shl", 2, 6);
            p.put("or", 2, 5);
        }
        p.set(6, 0);
    };
    for sync in BOTH {
        for at in [0x201, 0x202, 0x400, 0xffd, 0xfff, 0x1003, 0x2000, 0x2ff8] {
            assert_eq!(patching(at, sync, whole), ROUNDS * 3 / 2, "{at:#x}");
            assert_eq!(patching(at, sync, constant), ROUNDS * 3 / 2, "{at:#x}");
            assert_eq!(patching(at + 0x200, sync, bytes), ROUNDS * 3 / 2, "{at:#x}");
        }
    }
}

#[test]
fn what_is_hot_is_rewritten_by_what_runs_once() {
    for sync in BOTH {
        let mut p = Program::default();
        p.set(0, ROUNDS).set(1, RAM + 0x2000).set(2, adding_word(2));
        let top = p.here();
        p.put("callr", 1, 0);
        p.put_imm("addi", 0, 0, -1).to("bne", 0, 6, top);
        p.put("st64", 2, 1);
        sync.put(&mut p);
        p.put("callr", 1, 0);
        stop_with(&mut p, 3);
        p.pad(0x2000).data(&adding(1));
        assert_eq!(Machine::toys(1, &p).run().0, ROUNDS + 2, "{sync:?}");
    }
}

#[test]
fn what_a_branch_or_jump_ahead_leads_to_is_rewritten() {
    // Behind a branch that is not taken, behind one that is, behind a jump; over bytes that
    // are no instructions. The last branch would lead behind the addition.
    let over = &[0; 8][..];
    let branch = &encode("bne", 6, 6, 8)[..];
    let unknown = &encode("beq", 0, 6, 10)[..];
    let taken = &[&encode("bne", 0, 6, 12), over].concat()[..];
    let jump = &[&encode("jmp", 0, 0, 13), over].concat()[..];
    for sync in BOTH {
        for before in [
            &[branch, unknown].concat()[..],
            taken,
            jump,
            &[jump, unknown, taken, jump].concat(),
        ] {
            for at in [0x200, 0x2000, 0x2004, 0x2007] {
                let sum = patching_in(at, before, sync, whole);
                assert_eq!(sum, ROUNDS * 3 / 2, "{at:#x}");
            }
        }
    }
}

#[test]
fn an_instruction_in_two_pages_is_rewritten_in_either() {
    // `addi rD, r3, N`: its first two bytes in one page and N in the other.
    for sync in BOTH {
        for at in [0x1ffe, 0x2ffe] {
            let mut p = Program::default();
            p.set(0, ROUNDS).set(1, RAM + at).set(2, 1).set(4, 2);
            let top = p.here();
            p.put_imm("st32", 2, 1, 2);
            sync.put(&mut p);
            p.put("callr", 1, 0);
            swap_and_loop(&mut p, top);
            let [first, second, ..] = encode("addi", 6, 3, 0)[..] else {
                unreachable!("it has 6 bytes");
            };
            p.set(2, u16::from_le_bytes([first, second]).into());
            p.put("st16", 2, 1);
            sync.put(&mut p);
            p.put("callr", 1, 0);
            p.set(5, 32).put("shl", 6, 5).put("add", 3, 6);
            stop_with(&mut p, 3);
            let machine = Machine::toys(1, &p);
            machine.load(at, &adding(0));
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
    let mut p = Program::default();
    p.set(0, ROUNDS).set(1, RAM + 0x3000);
    p.set(2, adding_word(1) << 32).set(4, adding_word(2) << 32);
    let top = p.here();
    p.put_imm("st64", 2, 1, -4).put("callr", 1, 0);
    swap_and_loop(&mut p, top);
    stop_with(&mut p, 3);
    p.pad(0x3000).data(&adding(0));
    assert_eq!(Machine::toys(1, &p).run().0, ROUNDS * 3 / 2);
}

#[test]
fn data_between_code_keeps_its_values() {
    // A counter in the loop's own line, one in its page, one in the next.
    let counters = [0x78, 0x800, 0x1000];
    let mut p = Program::default();
    let start = p.label();
    p.set(0, 10_000)
        .to("jmp", 0, 0, start)
        .pad(0x80)
        .bind(start);
    let top = p.here();
    for at in counters {
        p.set(1, RAM + at).put("ld64", 3, 1);
        p.put_imm("addi", 3, 3, 1).put("st64", 3, 1);
    }
    p.put_imm("addi", 0, 0, -1).to("bne", 0, 6, top).set(3, 0);
    for at in counters {
        p.set(1, RAM + at).put("ld64", 4, 1).put("add", 3, 4);
    }
    stop_with(&mut p, 3);
    let machine = Machine::toys(1, &p);
    counters.iter().for_each(|&at| machine.load(at, &[0; 8]));
    assert_eq!(machine.run().0, 30_000);
}

#[test]
fn device_writes_count_after_a_fence() {
    // Spins on a flag, then fences and calls, over and over; stores what the
    // function made of it.
    let (flag, answer, function) = (0x8000, 0x8008, 0x1000);
    let code = |n: u64| encode("addi", 3, 6, n as i64);
    let mut p = Program::default();
    p.set(0, RAM + flag).set(1, RAM + function).set(2, 0);
    let top = p.here();
    p.put("ld64", 4, 0).to("beq", 4, 2, top).put("mov", 2, 4);
    p.put("sync", 0, 0).put("callr", 1, 0);
    p.put_imm("st64", 3, 0, 8).to("jmp", 0, 0, top);
    p.pad(function as usize).data(&code(0)).put("ret", 0, 0);
    let running = Machine::toys(1, &p).start();
    for round in 1..=ROUNDS {
        let ram = &running.shared.ram;
        let at = GuestPhysAddr(RAM + function);
        ram.write(at, &code(round)).unwrap();
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        running.poke(flag, round);
        running.wait_until(answer, |value| value == round);
    }
    running.stop();
}

#[test]
fn another_hart_rewrites_what_runs() {
    // vCPU 1 calls in a tight loop while vCPU 0 rewrites: one of the two
    // versions runs each time, never anything else, and the last one after a fence. The
    // first call comes before all that.
    let (done, function) = (0x8000, 0x2000);
    let code = |n| {
        let [nop, ret] = ["nop", "ret"].map(|name| encode(name, 0, 0, 0));
        [encode("addi", 3, 6, n), nop, ret].concat()
    };
    let word = |n| u64::from_le_bytes(code(n).try_into().unwrap());
    let mut p = Program::default();
    let [other, right, end] = std::array::from_fn(|_| p.label());
    p.put("mov", 5, 0).set(1, RAM + done).set(0, RAM + function);
    p.to("bne", 5, 6, other);
    let begin = p.here();
    p.put_imm("ld64", 5, 1, 8).to("beq", 5, 6, begin);
    p.set(2, word(1)).set(4, word(2)).set(5, 2000);
    let top = p.here();
    p.put("st64", 2, 0).put("st64", 4, 0);
    p.put_imm("addi", 5, 5, -1).to("bne", 5, 6, top);
    p.put("sync", 0, 0).set(5, 1).put("st64", 5, 1);
    let wait = p.here();
    p.put("wait", 0, 0).to("jmp", 0, 0, wait).bind(other);
    p.set(2, 1).set(4, 2);
    let again = p.here();
    p.put("ld64", 5, 1).put("sync", 0, 0).put("callr", 0, 0);
    p.to("beq", 3, 2, right).to("bne", 3, 4, end).bind(right);
    p.put_imm("st64", 2, 1, 8).to("beq", 5, 6, again);
    p.put_imm("addi", 3, 3, 100).bind(end);
    stop_with(&mut p, 3);
    p.pad(function as usize).data(&code(1));
    assert_eq!(Machine::toys(2, &p).run().0, 102);
}

#[test]
fn a_page_that_was_code_once_takes_direct_stores_again() {
    // Calls a function, then clears the page around it, leaving its line alone.
    let mut p = Program::default();
    p.set(1, RAM + 0x2000).put("callr", 1, 0).set(0, 1000);
    let top = p.here();
    p.put_imm("st64", 6, 1, 0x100).put_imm("addi", 0, 0, -1);
    p.to("bne", 0, 6, top);
    stop_with(&mut p, 3);
    p.pad(0x2000).set(3, 7).put("ret", 0, 0);
    let machine = Machine::toys(1, &p);
    let shared = machine.shared.clone();
    let (result, mut vcpus) = machine.run();
    assert_eq!(result, 7);
    let page = (RAM + 0x2000) >> 12;
    assert!(!shared.blocks.is_code(page));
    let core = &mut vcpus[0].core;
    let entry = core.tlb.lookup(page, core.data_space, core.accept[1]);
    assert_ne!(entry.unwrap().host_write, 0);
    assert_eq!(core.get(r(0)), 0);
}

/// Calls functions in two pages, then stores beside each of them so many times, in
/// this order; tells which of the pages are still code pages.
fn still_code_after(stores: [u64; 2]) -> [bool; 2] {
    let functions = [0x2000, 0x3000];
    let mut p = Program::default();
    for at in functions {
        p.set(1, RAM + at).put("callr", 1, 0);
    }
    for (at, count) in functions.into_iter().zip(stores) {
        p.set(1, RAM + at).set(0, count);
        let top = p.here();
        p.put_imm("st64", 6, 1, 0x100).put_imm("addi", 0, 0, -1);
        p.to("bne", 0, 6, top);
    }
    stop_with(&mut p, 3);
    p.pad(0x2000).put("ret", 0, 0).pad(0x3000).put("ret", 0, 0);
    let machine = Machine::toys(1, &p);
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
    // Two vCPUs add up what functions in many pages return, while their
    // blocks are dropped in every way there is.
    let (sums, functions, pages) = (0x8000, 0x1_0000, 16);
    let mut p = Program::default();
    p.set(1, RAM + sums).set(2, 8).put("mul", 2, 0);
    p.put("add", 1, 2).set(0, 300);
    let top = p.here();
    p.set(4, RAM + functions).set(2, pages);
    let inner = p.here();
    p.put("callr", 4, 0).put_imm("addi", 4, 4, 0x1000);
    p.put_imm("addi", 2, 2, -1).to("bne", 2, 6, inner);
    p.put_imm("addi", 0, 0, -1).to("bne", 0, 6, top);
    p.put("st64", 3, 1);
    let end = p.here();
    p.put("wait", 0, 0).to("jmp", 0, 0, end);
    let machine = Machine::toys(2, &p);
    let mut want = 0;
    for page in 0..pages {
        let code = adding(page as i64);
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
                let code = adding(page as i64);
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
