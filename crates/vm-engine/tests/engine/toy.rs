//! The toy guest: what an architecture that is not RISC-V needs of the engine.

use vm_core::AccessSize;
use vm_cross_arch::guest::Isa;
use vm_engine::vcpu::TranslatedVcpu;
use vm_testing::wait_until;
use vm_toy::{
    Context, Sys, Toy, ToyIsa,
    asm::{Program, encode},
    cause,
    mmu::flags::{EXECUTE, GLOBAL, LARGE, USER, VALID, WRITE},
    regs::{CARRY, r},
    status,
};

use crate::machine::{ACKNOWLEDGE, LINE, Machine, RAM, STOP};

/// Where page tables are, as an offset in RAM: the first level, the second one.
const TABLES: [u64; 2] = [0x8_0000, 0x8_1000];

fn register(vcpu: &TranslatedVcpu<Toy>, n: u8) -> u64 {
    vcpu.core.get(r(n))
}

/// Ends a program with the value of a register.
pub fn stop_with(p: &mut Program, a: u8) {
    let scratch = if a == 5 { 4 } else { 5 };
    p.set(scratch, STOP).put("st64", a, scratch);
    let end = p.here();
    p.to("jmp", 0, 0, end);
}

/// Sets a system register, by way of `r5`.
fn write(p: &mut Program, register: Sys, value: u64) {
    p.set(5, value).put("write", 5, register as u8);
}

fn poke32(machine: &Machine<Toy>, at: u64, value: u64) {
    machine.load(at, &(value as u32).to_le_bytes());
}

/// The entry for RAM at an offset.
fn entry(at: u64, flags: u32) -> u64 {
    (RAM + at) | u64::from(VALID | flags)
}

/// Maps the page of RAM at offset `to` to address `page`, below 4 MiB; RAM itself stays where
/// it is.
fn map(machine: &Machine<Toy>, page: u64, to: u64, flags: u32) {
    let [first, second] = TABLES;
    poke32(machine, first, entry(second, 0));
    let ram = entry(0, LARGE | GLOBAL | WRITE | EXECUTE);
    poke32(machine, first + (RAM >> 22) * 4, ram);
    // The device's registers.
    let devices = 0x4000_0000 >> 22;
    poke32(machine, first + devices * 4, (VALID | LARGE | WRITE).into());
    poke32(machine, second + (page >> 12) * 4, entry(to, flags));
}

/// The stop register's address with paging as [`map`] has it.
const STOP_PAGED: u64 = 0x4000_0000 + STOP;

fn paging(p: &mut Program) {
    write(p, Sys::Root, RAM + TABLES[0]);
    write(p, Sys::Status, status::PAGING);
}

fn stop_paged(p: &mut Program, a: u8) {
    let scratch = if a == 5 { 4 } else { 5 };
    p.set(scratch, STOP_PAGED).put("st64", a, scratch);
    let end = p.here();
    p.to("jmp", 0, 0, end);
}

#[test]
fn arithmetic_carries() {
    // 2^64 - 1 and 5, and the same above: (r1, r2) + (r3, r4), in r1 and r2.
    let mut p = Program::default();
    p.set(1, u64::MAX).set(2, 7).set(3, 5).set(4, u64::MAX);
    p.put("add", 1, 3).put("adc", 2, 4);
    p.set(6, 1).put("cmovc", 6, 1);
    stop_with(&mut p, 6);
    let (result, vcpus) = Machine::toys(1, &p).run();
    assert_eq!(result, 4, "it carries");
    let vcpu = &vcpus[0];
    assert_eq!((register(vcpu, 1), register(vcpu, 2)), (4, 7));
    assert_eq!(vcpu.core.get(CARRY), 1);
}

#[test]
fn instructions_cross_pages_at_every_byte() {
    // A call of a function whose constant lies before, across and behind a boundary, and
    // another behind it in the same page.
    for at in 0xff0..=0x1001 {
        let mut p = Program::default();
        p.set(0, RAM + at).set(2, 0).set(3, 20);
        let top = p.here();
        p.put("callr", 0, 0).put("add", 2, 1);
        p.put_imm("addi", 3, 3, -1).to("bne", 3, 4, top);
        stop_with(&mut p, 2);
        let mut function = Program::default();
        function
            .set(1, 0x0123_4567_89ab_cdef)
            .put("nop", 0, 0)
            .put("ret", 0, 0);
        let machine = Machine::toys(1, &p);
        machine.load(at, &function.bytes());
        let (result, _) = machine.run();
        assert_eq!(
            result,
            0x0123_4567_89ab_cdef_u64.wrapping_mul(20),
            "{at:#x}"
        );
    }
}

#[test]
fn each_byte_of_an_instruction_may_fault_by_itself() {
    // The second page is not there: whatever reaches into it faults there, and what does not
    // runs.
    for (at, faults_at) in [(0xffe, 0x1000), (0xff7, 0x1000), (0xff6, 0x1000)] {
        let mut p = Program::default();
        let handler = 0x400;
        write(&mut p, Sys::Handler, RAM + handler);
        paging(&mut p);
        p.set(0, at).put("jr", 0, 0).pad(handler as usize);
        p.put("read", 1, Sys::Cause as u8)
            .put("read", 2, Sys::Value as u8);
        p.put("read", 3, Sys::Epc as u8);
        stop_paged(&mut p, 2);
        let machine = Machine::toys(1, &p);
        map(&machine, 0, 0x2000, EXECUTE);
        let mut code = Program::default();
        code.set(6, 99).put("nop", 0, 0);
        let bytes = code.bytes();
        machine.load(
            0x2000 + at,
            &bytes[..(0x1000 - at as usize).min(bytes.len())],
        );
        let (value, vcpus) = machine.run();
        assert_eq!(value, faults_at, "{at:#x}");
        assert_eq!(register(&vcpus[0], 1), cause::PAGE + 2);
        // At the last place where it fits it has run.
        let fits = at == 0xff6;
        assert_eq!(register(&vcpus[0], 6) == 99, fits, "{at:#x}");
        let faulting = if fits { 0x1000 } else { at };
        assert_eq!(register(&vcpus[0], 3), faulting);
    }
}

#[test]
fn page_faults_are_precise_and_the_page_can_be_mapped() {
    // The handler maps the page and returns; the access is done again.
    let (data, handler) = (0x3000, 0x400);
    let mut p = Program::default();
    write(&mut p, Sys::Handler, RAM + handler);
    paging(&mut p);
    p.set(1, 0x5008).set(2, 1).set(3, 41).set(4, 30);
    let top = p.here();
    p.put("add", 3, 2).put("st64", 3, 1).put("ld64", 6, 1);
    p.put_imm("addi", 4, 4, -1).to("bne", 4, 7, top);
    stop_paged(&mut p, 6);
    p.pad(handler as usize);
    p.put("read", 0, Sys::Value as u8);
    p.set(5, RAM + TABLES[1] + 5 * 4).set(0, entry(data, WRITE));
    p.put("st32", 0, 5).put("rti", 0, 0);
    let machine = Machine::toys(1, &p);
    map(&machine, 0, 0, EXECUTE);
    let shared = machine.shared.clone();
    let (result, _) = machine.run();
    assert_eq!(result, 41 + 30, "each addition once");
    let at = vm_core::GuestPhysAddr(RAM + data + 8);
    assert_eq!(shared.ram.load(at, AccessSize::Double), Some(71));
}

/// A loop that reads the page at 0x5000 and calls a function which begins `at` bytes from
/// there, in the page before if that is negative; each round the page is another one.
fn remapping(at: i64) {
    let (pages, before) = ([0x3000_u64, 0x4000], 0x6000);
    let steps = [0x100, 0x300];
    let mut p = Program::default();
    paging(&mut p);
    p.set(0, entry(pages[0], EXECUTE));
    p.set(1, entry(pages[1], EXECUTE)).set(4, 50);
    let top = p.here();
    p.set(5, RAM + TABLES[1] + 5 * 4).put("st32", 0, 5);
    p.set(5, 0x5000).put("write", 5, Sys::Flush as u8);
    p.put_imm("ld8", 6, 5, 0x100).put("add", 3, 6);
    p.put_imm("addi", 5, 5, at).put("callr", 5, 0);
    p.put("mov", 5, 0).put("mov", 0, 1).put("mov", 1, 5);
    p.put_imm("addi", 4, 4, -1).set(5, 0).to("bne", 4, 5, top);
    p.set(5, 1000).put("mul", 2, 5).put("add", 3, 2);
    stop_paged(&mut p, 3);
    let machine = Machine::toys(1, &p);
    map(&machine, 0x5000, pages[0], EXECUTE);
    poke32(&machine, TABLES[1] + 4 * 4, entry(before, EXECUTE));
    for (page, step) in pages.into_iter().zip(steps) {
        let code = [encode("addi", 2, 2, step), encode("ret", 0, 0, 0)].concat();
        let (first, rest) = code.split_at((-at).max(0) as usize);
        machine.load(before + 0x1000 - first.len() as u64, first);
        machine.load(page + at.max(0) as u64, rest);
        machine.load(page + 0x100, &[(step >> 4) as u8]);
    }
    let expected = 25 * (0x10 + 0x30) + 1000 * 25 * (0x100 + 0x300);
    assert_eq!(machine.run().0, expected, "{at}");
}

#[test]
fn a_page_that_is_mapped_anew_is_seen_after_a_flush() {
    // An instruction in both pages has no more in the first one than opcode, registers and
    // the constant's lowest byte.
    [0, 1, 2, 0x7f, -1, -2, -3].into_iter().for_each(remapping);
}

#[test]
fn a_page_at_two_addresses_is_translated_once() {
    // A function with a loop in it, called at 0x5000 and at `second` by turns.
    let run = |second: u64| {
        let mut p = Program::default();
        paging(&mut p);
        p.set(1, 0x5000).set(2, second).set(4, 50);
        let top = p.here();
        p.put("callr", 1, 0).put("callr", 2, 0);
        p.put_imm("addi", 4, 4, -1).to("bne", 4, 6, top);
        stop_paged(&mut p, 3);
        let mut function = Program::default();
        function.set(0, 3);
        let again = function.here();
        function.put_imm("addi", 3, 3, 1).put_imm("addi", 0, 0, -1);
        function.to("bne", 0, 6, again).put("ret", 0, 0);
        let machine = Machine::toys(1, &p);
        map(&machine, 0x5000, 0x3000, EXECUTE);
        poke32(&machine, TABLES[1] + 6 * 4, entry(0x3000, EXECUTE));
        machine.load(0x3000, &function.bytes());
        let (result, mut vcpus) = machine.run();
        assert_eq!(result, 2 * 3 * 50);
        let stats = vcpus[0].take_stats();
        (stats.tier0.blocks, stats.tier1.code.blocks)
    };
    assert_eq!(run(0x6000), run(0x5000));
}

#[test]
fn address_spaces_keep_their_translations_and_user_mode_is_kept_out() {
    let handler = 0x400;
    let mut p = Program::default();
    write(&mut p, Sys::Handler, RAM + handler);
    // Space 1, user mode at page 6; the page at 7 is the supervisor's.
    write(&mut p, Sys::Root, (RAM + TABLES[0]) | 1);
    write(&mut p, Sys::Saved, status::PAGING | status::USER);
    write(&mut p, Sys::Epc, 0x6000);
    write(&mut p, Sys::Status, status::PAGING);
    p.set(1, 0x7000).put("ld64", 2, 1).put("rti", 0, 0);
    p.pad(handler as usize);
    p.put("read", 3, Sys::Cause as u8);
    p.set(5, 100).put("mul", 0, 5).put("add", 0, 3);
    p.put("read", 5, Sys::Epc as u8).put_imm("addi", 5, 5, 6);
    p.put("write", 5, Sys::Epc as u8).set(5, cause::TRAP);
    let end = p.label();
    p.to("beq", 3, 5, end).put("rti", 0, 0).bind(end);
    stop_paged(&mut p, 0);
    let machine = Machine::toys(1, &p);
    map(&machine, 0x6000, 0x2000, EXECUTE | USER);
    map(&machine, 0x7000, 0x3000, WRITE);
    let mut user = Program::default();
    user.put("ld64", 2, 1)
        .put("st64", 2, 1)
        .put("rti", 0, 0)
        .pad(0x12)
        .put("trap", 0, 0);
    machine.load(0x2000, &user.bytes());
    let (result, _) = machine.run();
    let causes = [cause::PAGE, cause::PAGE + 1, cause::ILLEGAL, cause::TRAP];
    assert_eq!(
        result,
        causes.iter().fold(0, |all, cause| 100 * all + cause)
    );
}

#[test]
fn two_vcpus_rewrite_code_with_a_handshake() {
    // vCPU 0 stores a constant and raises the round; vCPU 1 waits for it, synchronises,
    // calls and answers with what the function returned.
    let (round, answer, function, rounds) = (0x8000, 0x8100, 0x2001, 100);
    let mut p = Program::default();
    p.put("mov", 6, 0)
        .set(1, RAM + round)
        .set(2, RAM + answer)
        .set(0, RAM + function);
    let other = p.label();
    p.to("bne", 6, 5, other);
    let top = p.here();
    p.put_imm("addi", 3, 3, 1)
        .put_imm("st64", 3, 0, 2)
        .put("sync", 0, 0);
    p.put("st64", 3, 1);
    let wait = p.here();
    p.put("ld64", 4, 2).to("bne", 4, 3, wait);
    p.set(4, rounds).to("bne", 3, 4, top);
    stop_with(&mut p, 3);
    p.bind(other);
    let wait = p.here();
    p.put("ld64", 4, 1).to("beq", 4, 3, wait);
    p.put("mov", 3, 4).put("sync", 0, 0).put("callr", 0, 0);
    p.put("st64", 5, 2).to("jmp", 0, 0, wait);
    let machine = Machine::toys(2, &p);
    let mut code = encode("set", 5, 0, 0);
    code.extend(encode("ret", 0, 0, 0));
    machine.load(function, &code);
    assert_eq!(machine.run().0, rounds);
}

#[test]
fn interrupts_wake_and_are_taken_between_instructions() {
    let (count, handler) = (0x8000, 0x400);
    let mut p = Program::default();
    write(&mut p, Sys::Handler, RAM + handler);
    write(&mut p, Sys::Status, status::INTERRUPTS);
    let top = p.here();
    p.put("wait", 0, 0)
        .put_imm("addi", 1, 1, 1)
        .to("jmp", 0, 0, top);
    p.pad(handler as usize);
    p.put("read", 2, Sys::Cause as u8)
        .set(3, ACKNOWLEDGE)
        .put("read", 4, Sys::Index as u8);
    p.put("st64", 4, 3).set(3, RAM + count).put("ld64", 4, 3);
    p.put_imm("addi", 4, 4, 1)
        .put("st64", 4, 3)
        .put("rti", 0, 0);
    let running = Machine::toys(1, &p).start();
    for taken in 1..=20 {
        running.control(0).set_line(LINE, true);
        running.wait_until(count, |value| value == taken);
        wait_until("the line", || running.control(0).lines() == 0);
    }
    let vcpus = running.stop();
    assert_eq!(register(&vcpus[0], 2), cause::INTERRUPT | u64::from(LINE));
}

#[test]
fn a_saved_toy_goes_on_in_another_machine() {
    let mut p = Program::default();
    p.set(1, 3).set(2, 1 << 63).set(4, 1000);
    let top = p.here();
    p.put("add", 2, 1).put("adc", 3, 2).put("mul", 1, 3);
    p.put_imm("addi", 4, 4, -1).to("bne", 4, 5, top);
    stop_with(&mut p, 3);
    let (expected, _) = Machine::toys(1, &p).run();
    for insns in [0, 1, 7, 500, 3333] {
        let mut first = Machine::toys(1, &p);
        assert_eq!(first.vcpus[0].run_for(insns), None);
        let vcpu = &first.vcpus[0];
        let saved = vcpu.guest.save(&vcpu.core, vcpu.pc).unwrap();
        let mut second = Machine::toys(1, &p);
        let TranslatedVcpu {
            core, guest, pc, ..
        } = &mut second.vcpus[0];
        *pc = guest.restore(core, &saved).unwrap();
        assert_eq!(second.run().0, expected, "after {insns}");
    }
}

#[test]
fn blocks_of_the_toy_are_sound_and_the_same_on_any_thread() {
    let mut code = vec![0; 4096];
    let mut state = 1_u64;
    for byte in &mut code {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = (state >> 33) as u8 % 48;
    }
    let lift = |at: usize, user| {
        let block = ToyIsa::lift(Context { user }, &code[at..], 64);
        block.inspect(|block| block.verify(ToyIsa::INFO).unwrap())
    };
    for at in 0..code.len() {
        let here = [false, true].map(|user| lift(at, user));
        let there = std::thread::scope(|scope| {
            (at % 256 == 0)
                .then(|| scope.spawn(|| [false, true].map(|user| lift(at, user))))
                .map(|thread| thread.join().unwrap())
        });
        assert!(there.is_none_or(|there| there == here));
        let text = ToyIsa::disassemble(&code[at..], at as u64);
        assert!(!text.is_empty());
    }
}
