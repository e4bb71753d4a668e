//! Random code that only jumps ahead: however it is cut into blocks, and whatever
//! interrupts it, the result is the same.

use proptest::prelude::*;
use vm_core::{AccessSize, GuestPhysAddr};
use vm_cross_arch::guest::riscv64::regs;
use vm_engine::vcpu::exit_request;
use vm_testing::wait_until;

use crate::{
    common::asm::{reg::*, *},
    machine::{ACKNOWLEDGE, Hart, MSI, Machine, RAM},
};

/// The data that the code works on, on three lines around a page boundary.
const DATA: u64 = 0x4000 - 64;
const DATA_BYTES: u64 = 192;
/// Registers that the code may name: the others hold the data's address, and
/// what the interrupt handler needs.
const FREE: [u32; 12] = [ZERO, RA, SP, T1, T2, S0, S1, A0, A1, A2, A3, A4];
const BASE: u32 = A5;
/// Times that the code runs.
const ROUNDS: u64 = 50;

/// Opcode bits of register-register instructions: funct7, funct3, opcode.
const RR: [(u32, u32, u32); 45] = [
    // add, sub, sll, slt, sltu, xor, srl, sra, or, and
    (0x00, 0, 0x33),
    (0x20, 0, 0x33),
    (0x00, 1, 0x33),
    (0x00, 2, 0x33),
    (0x00, 3, 0x33),
    (0x00, 4, 0x33),
    (0x00, 5, 0x33),
    (0x20, 5, 0x33),
    (0x00, 6, 0x33),
    (0x00, 7, 0x33),
    // addw, subw, sllw, srlw, sraw
    (0x00, 0, 0x3b),
    (0x20, 0, 0x3b),
    (0x00, 1, 0x3b),
    (0x00, 5, 0x3b),
    (0x20, 5, 0x3b),
    // mul, mulh, mulhsu, mulhu, div, divu, rem, remu
    (0x01, 0, 0x33),
    (0x01, 1, 0x33),
    (0x01, 2, 0x33),
    (0x01, 3, 0x33),
    (0x01, 4, 0x33),
    (0x01, 5, 0x33),
    (0x01, 6, 0x33),
    (0x01, 7, 0x33),
    // mulw, divw, divuw, remw, remuw
    (0x01, 0, 0x3b),
    (0x01, 4, 0x3b),
    (0x01, 5, 0x3b),
    (0x01, 6, 0x3b),
    (0x01, 7, 0x3b),
    // sh1add, sh2add, sh3add
    (0x10, 2, 0x33),
    (0x10, 4, 0x33),
    (0x10, 6, 0x33),
    // andn, orn, xnor, rol, ror, min, minu, max, maxu
    (0x20, 7, 0x33),
    (0x20, 6, 0x33),
    (0x20, 4, 0x33),
    (0x30, 1, 0x33),
    (0x30, 5, 0x33),
    (0x05, 4, 0x33),
    (0x05, 5, 0x33),
    (0x05, 6, 0x33),
    (0x05, 7, 0x33),
    // czero.eqz, czero.nez, bclr, binv, bset
    (0x07, 5, 0x33),
    (0x07, 7, 0x33),
    (0x24, 1, 0x33),
    (0x34, 1, 0x33),
    (0x14, 1, 0x33),
];

fn register() -> impl Strategy<Value = u32> {
    prop::sample::select(FREE.to_vec())
}

/// One instruction that neither jumps nor traps.
fn instruction() -> impl Strategy<Value = u32> {
    let rr = (
        prop::sample::select(RR.to_vec()),
        register(),
        register(),
        register(),
    );
    let rr = rr.prop_map(|((funct7, funct3, opcode), rd, a, b)| {
        funct7 << 25 | b << 20 | a << 15 | funct3 << 12 | rd << 7 | opcode
    });
    // addi, slti, sltiu, xori, ori, andi, addiw
    let kinds = vec![
        (0, 0x13),
        (2, 0x13),
        (3, 0x13),
        (4, 0x13),
        (6, 0x13),
        (7, 0x13),
        (0, 0x1b),
    ];
    let ri = (
        prop::sample::select(kinds),
        register(),
        register(),
        0..0x1000u32,
    );
    let ri = ri.prop_map(|((funct3, opcode), rd, rs1, imm): ((u32, u32), _, _, _)| {
        imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
    });
    let shift = (
        register(),
        register(),
        0..64u32,
        prop::bool::ANY,
        prop::bool::ANY,
    );
    let shift = shift.prop_map(|(rd, rs1, amount, right, arithmetic)| {
        let funct3 = if right { 5 } else { 1 };
        let high = u32::from(right && arithmetic) << 30;
        high | amount << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x13
    });
    let upper = (register(), 0..0x10_0000u32).prop_map(|(rd, imm)| lui(rd, imm));
    // Loads, of every size and alignment.
    let load = (register(), 0..(DATA_BYTES - 8) as i32, 0..7u32);
    let load = load.prop_map(|(rd, at, funct3)| lw(rd, BASE, at) & !0x7000 | funct3 << 12);
    let store = (register(), 0..(DATA_BYTES - 8) as i32, 0..4u32);
    let store = store.prop_map(|(rs, at, funct3)| sb(rs, BASE, at) | funct3 << 12);
    let amo = (register(), register(), 0..9usize);
    let amo = amo.prop_map(|(rd, rs2, which)| {
        // swap, add, xor, and, or, min, max, minu, maxu
        let funct5 = [1, 0, 4, 12, 8, 16, 20, 24, 28][which];
        funct5 << 27 | rs2 << 20 | BASE << 15 | 3 << 12 | rd << 7 | 0x2f
    });
    prop_oneof![8 => rr, 5 => ri, 3 => shift, 1 => upper, 3 => load, 3 => store, 1 => amo]
}

/// A piece of the code.
#[derive(Debug, Clone, Copy)]
enum Piece {
    Plain(u32),
    /// Skips so many pieces if the registers compare so.
    Branch {
        funct3: u32,
        a: u32,
        b: u32,
        skip: usize,
    },
    /// Skips so many pieces.
    Jump(usize),
}

fn piece() -> impl Strategy<Value = Piece> {
    // beq, bne, blt, bge, bltu, bgeu
    let funct3 = prop::sample::select(vec![0, 1, 4, 5, 6, 7]);
    let branch = (funct3, register(), register(), 0..10usize);
    let branch = branch.prop_map(|(funct3, a, b, skip)| Piece::Branch { funct3, a, b, skip });
    prop_oneof![
        10 => instruction().prop_map(Piece::Plain),
        2 => branch,
        1 => (0..10usize).prop_map(Piece::Jump),
    ]
}

/// The pieces' encoding; what would be skipped behind the last is not there.
fn assemble(pieces: &[Piece]) -> Vec<u32> {
    let distance = |from: usize, skip: usize| {
        let target = (from + 1 + skip).min(pieces.len());
        4 * (target - from) as i32
    };
    let encode = |(at, piece): (usize, &Piece)| match *piece {
        Piece::Plain(insn) => insn,
        Piece::Branch { funct3, a, b, skip } => beq(a, b, distance(at, skip)) | funct3 << 12,
        Piece::Jump(skip) => jal(ZERO, distance(at, skip)),
    };
    pieces.iter().enumerate().map(encode).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    WholeBlocks,
    SingleInstructions,
    Interrupted,
}

/// The registers' and the data's final state.
#[derive(Debug, PartialEq)]
struct State {
    registers: Vec<u64>,
    data: Vec<u64>,
    retired: u64,
}

fn run(code: &[u32], seeds: &[u64], mode: Mode) -> State {
    let mut p = Program::new();
    p.li(S2, ROUNDS).li(BASE, RAM + DATA).li(A6, ACKNOWLEDGE);
    p.li(T0, RAM + 0x1000).put([csrrw(ZERO, csr::MTVEC, T0)]);
    p.put([addi(T0, ZERO, 1 << MSI), csrrw(ZERO, csr::MIE, T0)]);
    p.put([addi(T0, ZERO, 8), csrrs(ZERO, csr::MSTATUS, T0)]);
    let top = p.here();
    p.put(code.iter().copied()).put([addi(S2, S2, -1)]);
    p.bne_to(S2, ZERO, top);
    p.put([csrrw(ZERO, csr::MIE, ZERO), csrrs(A6, csr::MINSTRET, ZERO)])
        .stop_with(ZERO);
    p.pad(0x1000).put([sd(ZERO, A6, 0), addi(A7, A7, 1), MRET]);
    let mut machine = Machine::new(1, &p);
    let ram = machine.shared.ram.clone();
    let data = |i: u64| GuestPhysAddr(RAM + DATA + 8 * i);
    for (i, seed) in (0..DATA_BYTES / 8).zip(seeds.iter().cycle()) {
        ram.store(data(i), AccessSize::Double, seed.rotate_left(i as u32))
            .unwrap();
    }
    let hart = &mut machine.vcpus[0];
    for (register, seed) in FREE.iter().skip(1).zip(seeds.iter().cycle()) {
        hart.core.set(regs::x(*register as u8), *seed);
    }
    if mode == Mode::SingleInstructions {
        hart.set_max_block_insns(1);
    }
    let running = machine.start();
    if mode == Mode::Interrupted {
        wait_until("the end of the program", || {
            running.control(0).set_line(MSI, true);
            running.control(0).exit_requests() & exit_request::STOP != 0
        });
    }
    let harts = running.join();
    let x = |hart: &Hart, n: u32| hart.core.get(regs::x(n as u8));
    let interrupts = x(&harts[0], A7);
    State {
        registers: FREE.iter().map(|n| x(&harts[0], *n)).collect(),
        data: (0..DATA_BYTES / 8)
            .map(|i| ram.load(data(i), AccessSize::Double).unwrap())
            .collect(),
        // The handler has three instructions.
        retired: x(&harts[0], A6) - 3 * interrupts,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn blocks_and_interrupts_make_no_difference(
        pieces in prop::collection::vec(piece(), 1..120),
        seeds in prop::collection::vec(prop_oneof![any::<u64>(), 0..3u64, Just(1 << 63)], 5),
    ) {
        let code = assemble(&pieces);
        let whole = run(&code, &seeds, Mode::WholeBlocks);
        prop_assert_eq!(&run(&code, &seeds, Mode::SingleInstructions), &whole);
        prop_assert_eq!(&run(&code, &seeds, Mode::Interrupted), &whole);
    }
}
