//! Random toy programs that only jump ahead: whichever engine runs them, however they are
//! cut into blocks, and whatever interrupts them, the result is the same.

use proptest::prelude::*;
use vm_core::{AccessSize, GuestPhysAddr};
use vm_engine::vcpu::{Engine, exit_request};
use vm_testing::wait_until;
use vm_toy::{
    Sys,
    asm::Program,
    regs::{CARRY, r},
    status,
};

use crate::machine::{ACKNOWLEDGE, LINE, Machine, RAM, STOP};

/// The data that the code works on, on three lines around a page boundary.
const DATA: u64 = 0x4000 - 64;
const DATA_BYTES: u64 = 192;
/// Registers that the code may name are below these: the data's address, the rounds that
/// are left, and what the interrupt handler needs.
const BASE: u8 = 5;
const ROUNDS_LEFT: u8 = 6;
const DEVICE: u8 = 7;
/// Times that the code runs.
const ROUNDS: u64 = 50;
/// Instructions of the interrupt handler.
const HANDLER_INSNS: u64 = 5;

const RR: [&str; 13] = [
    "mov", "cmovc", "add", "adc", "sub", "and", "or", "xor", "mul", "shl", "shr", "sltu", "slt",
];
const LOADS: [&str; 4] = ["ld8", "ld16", "ld32", "ld64"];
const STORES: [&str; 4] = ["st8", "st16", "st32", "st64"];
const BRANCHES: [&str; 5] = ["beq", "bne", "bltu", "blt", "bnc"];

/// A piece of the code.
#[derive(Debug, Clone, Copy)]
enum Piece {
    Plain(&'static str, u8, u8, i64),
    /// Skips so many pieces, if at all.
    Skip(&'static str, u8, u8, usize),
}

fn register() -> impl Strategy<Value = u8> {
    0..BASE
}

fn select(names: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(names)
}

fn piece() -> impl Strategy<Value = Piece> {
    let two = || (register(), register());
    let rr = (select(&RR), two()).prop_map(|(name, (a, b))| Piece::Plain(name, a, b, 0));
    let immediate =
        (two(), any::<i32>()).prop_map(|((a, b), imm)| Piece::Plain("addi", a, b, imm.into()));
    let set = (register(), any::<i64>()).prop_map(|(a, imm)| Piece::Plain("set", a, 0, imm));
    let access = |names| {
        let at = 0..(DATA_BYTES - 8) as i64;
        (select(names), register(), at).prop_map(|(name, a, at)| Piece::Plain(name, a, BASE, at))
    };
    let branch = (select(&BRANCHES), two(), 0..10_usize)
        .prop_map(|(name, (a, b), skip)| Piece::Skip(name, a, b, skip));
    let jump = (0..10_usize).prop_map(|skip| Piece::Skip("jmp", 0, 0, skip));
    prop_oneof![
        8 => rr,
        2 => immediate,
        1 => set,
        1 => Just(Piece::Plain("nop", 0, 0, 0)),
        3 => access(&LOADS),
        3 => access(&STORES),
        2 => branch,
        1 => jump,
    ]
}

/// The code in a loop, with an interrupt handler behind it; where all of it starts is up to
/// `offset`.
fn program(pieces: &[Piece], offset: usize) -> Program {
    let handler = 0x2000;
    let mut p = Program::default();
    p.set(DEVICE, ACKNOWLEDGE);
    for (register, value) in [
        (Sys::Handler, RAM + handler),
        (Sys::Status, status::INTERRUPTS),
    ] {
        p.set(BASE, value).put("write", BASE, register as u8);
    }
    // What counts the rounds ends at the data's address: there is no register for 0.
    p.set(BASE, RAM + DATA)
        .set(ROUNDS_LEFT, RAM + DATA + ROUNDS);
    let body = p.label();
    p.to("jmp", 0, 0, body).pad(0x100 + offset).bind(body);
    let labels: Vec<_> = (0..=pieces.len()).map(|_| p.label()).collect();
    for (at, &piece) in pieces.iter().enumerate() {
        p.bind(labels[at]);
        match piece {
            Piece::Plain(name, a, b, imm) => p.put_imm(name, a, b, imm),
            Piece::Skip(name, a, b, skip) => {
                let target = labels[(at + 1 + skip).min(pieces.len())];
                p.to(name, a, b, target)
            }
        };
    }
    p.bind(labels[pieces.len()]);
    p.put_imm("addi", ROUNDS_LEFT, ROUNDS_LEFT, -1)
        .to("bne", ROUNDS_LEFT, BASE, body);
    p.set(BASE, 0).put("write", BASE, Sys::Status as u8);
    p.put("read", DEVICE, Sys::Retired as u8);
    p.set(BASE, STOP).put("st64", BASE, BASE);
    let end = p.here();
    p.to("jmp", 0, 0, end).pad(handler as usize);
    // `r0` is kept in a system register that nothing else needs.
    p.put("write", 0, Sys::Root as u8)
        .put("read", 0, Sys::Index as u8);
    p.put("st64", 0, DEVICE)
        .put("read", 0, Sys::Root as u8)
        .put("rti", 0, 0);
    p
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    WholeBlocks,
    SingleInstructions,
    Interrupted,
}

/// The final state of registers and data.
#[derive(Debug, PartialEq)]
struct State {
    registers: Vec<u64>,
    data: Vec<u64>,
    retired: u64,
}

fn run(program: &Program, seeds: &[u64], engine: Engine, mode: Mode) -> State {
    let mut machine = Machine::toys_on(1, program, engine);
    let ram = machine.shared.ram.clone();
    let data = |i: u64| GuestPhysAddr(RAM + DATA + 8 * i);
    for (i, seed) in (0..DATA_BYTES / 8).zip(seeds.iter().cycle()) {
        let seed = seed.rotate_left(i as u32);
        ram.store(data(i), AccessSize::Double, seed).unwrap();
    }
    let vcpu = &mut machine.vcpus[0];
    for (n, seed) in (0..BASE).zip(seeds.iter().cycle()) {
        vcpu.core.set(r(n), *seed);
    }
    if mode == Mode::SingleInstructions {
        vcpu.set_max_block_insns(1);
    }
    let running = machine.start();
    if mode == Mode::Interrupted {
        wait_until("the end of the program", || {
            running.control(0).set_line(LINE, true);
            running.control(0).exit_requests() & exit_request::STOP != 0
        });
    }
    let registers = running.registers.clone();
    let core = &running.join()[0].core;
    let slots = (0..BASE).map(r).chain([CARRY]);
    State {
        registers: slots.map(|slot| core.get(slot)).collect(),
        data: (0..DATA_BYTES / 8)
            .map(|i| ram.load(data(i), AccessSize::Double).unwrap())
            .collect(),
        retired: core.get(r(DEVICE)) - HANDLER_INSNS * registers.acknowledged(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn engines_blocks_and_interrupts_make_no_difference(
        pieces in prop::collection::vec(piece(), 1..120),
        offset in prop_oneof![0..16_usize, 0xe00..0xf00_usize],
        seeds in prop::collection::vec(prop_oneof![any::<u64>(), 0..3_u64, Just(1 << 63)], 5),
    ) {
        let program = program(&pieces, offset);
        let expected = run(&program, &seeds, Engine::Interpreter, Mode::WholeBlocks);
        for mode in [Mode::WholeBlocks, Mode::SingleInstructions, Mode::Interrupted] {
            prop_assert_eq!(&run(&program, &seeds, crate::ENGINE, mode), &expected, "{:?}", mode);
        }
    }
}
