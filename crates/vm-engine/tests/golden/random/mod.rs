//! Random blocks come to the same on every tier.

mod strategies;

use proptest::prelude::*;
use vm_core::GuestPhysAddr;
use vm_cross_arch::guest::Isa;
use vm_cross_arch::ir::{BinaryOp, Block, Op, Operand, Slot, Terminator, Width, fixed};

use crate::{
    case::Exit,
    guest::{MockIsa, RAM_BYTES},
    run::{Bench, Tier, tiers},
};
use strategies::{POINTERS, SLOTS, TEMPS, address, end, op, value};

/// Not where any block leads.
const PC: u64 = 0x4_0000_4120;

/// The ops as instructions that end with a write to guest state, after one that
/// gives each temporary a value.
fn block(ops: &[Op], end: Terminator) -> Block {
    let mut all = Vec::new();
    let mut insns = 0;
    let mut mark = |all: &mut Vec<Op>| {
        all.push(Op::Insn {
            offset: 2 * insns,
            len: 2,
        });
        insns += 1;
    };
    mark(&mut all);
    for n in 0..TEMPS {
        let source = SLOTS[usize::from(n) % SLOTS.len()];
        all.push(Op::Move {
            dst: Slot::temp(n),
            src: Operand::Slot(Slot(source)),
        });
    }
    let mut may_go_on = false;
    for (number, &op) in ops.iter().enumerate() {
        if !(may_go_on && number % 3 != 0) {
            mark(&mut all);
        }
        // Flags accrue in guest state, and helpers write what they like.
        let writes = op.accrues_flags() || matches!(op, Op::Helper { .. });
        may_go_on = !writes && op.dst().is_some_and(Slot::is_temp);
        all.push(op);
    }
    mark(&mut all);
    let mut end = end;
    if let Terminator::JumpIndirect { target, .. } = &mut end {
        // Aligned, as lifters see to; and not back to the block.
        let (dst, width) = (Slot::temp(0), Width::W64);
        let a = *target;
        for (op, a, b) in [
            (BinaryOp::And, a, -2),
            (BinaryOp::Or, Operand::Slot(dst), 0x1000),
        ] {
            let b = Operand::Imm(b);
            all.push(Op::Binary {
                op,
                width,
                dst,
                a,
                b,
            });
        }
        *target = Operand::Slot(dst);
    }
    Block {
        ops: all,
        end,
        insns,
        bytes: 2 * insns,
    }
}

/// What a block starts with.
#[derive(Debug, Clone)]
struct State {
    slots: Vec<u64>,
    pointers: Vec<u64>,
    rounding: u64,
    fill: u64,
}

fn state() -> impl Strategy<Value = State> {
    let values = prop::collection::vec(value(), SLOTS.len());
    let pointers = prop::collection::vec(address(), POINTERS.len());
    let rounding = prop_oneof![3 => Just(0), 1 => 0..5u64];
    (values, pointers, rounding, any::<u64>()).prop_map(|(slots, pointers, rounding, fill)| State {
        slots,
        pointers,
        rounding,
        fill,
    })
}

/// What it comes to.
#[derive(Debug, PartialEq)]
struct Outcome {
    exit: Exit,
    slots: Vec<u64>,
    memory: Vec<u8>,
}

fn run(bench: &Bench, tier: &Tier, block: &Block, state: &State) -> Outcome {
    let ram = &bench.machine().ram;
    let words = (0..RAM_BYTES / 8).map(|n| state.fill.rotate_left(n as u32).wrapping_add(n));
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    ram.write(GuestPhysAddr(0), &bytes).unwrap();
    let mut core = bench.core();
    core.set(fixed::PC, PC);
    core.set(fixed::FP_ROUNDING, state.rounding);
    let slots = SLOTS.iter().zip(&state.slots);
    for (&slot, &value) in slots.chain(POINTERS.iter().zip(&state.pointers)) {
        core.set(Slot(slot), value);
    }
    let (exit, core) = (tier.run)(block, core);
    Outcome {
        exit,
        slots: core.slots[..Slot::FIRST_TEMP.into()].to_vec(),
        memory: bench.memory(),
    }
}

/// The first difference, in words.
fn difference(have: &Outcome, want: &Outcome) -> Option<String> {
    if have.exit != want.exit {
        return Some(format!("ends with {:x?}, not {:x?}", have.exit, want.exit));
    }
    let slot = (0..have.slots.len()).find(|&n| have.slots[n] != want.slots[n]);
    if let Some(n) = slot {
        let (have, want) = (have.slots[n], want.slots[n]);
        return Some(format!("{} is {have:#x}, not {want:#x}", Slot(n as u8)));
    }
    let byte = (0..have.memory.len()).find(|&n| have.memory[n] != want.memory[n]);
    byte.map(|at| {
        let (have, want) = (have.memory[at], want.memory[at]);
        format!("byte {at:#x} is {have:#x}, not {want:#x}")
    })
}

/// At least so many blocks; `PROPTEST_CASES` may ask for more.
const CASES: u32 = 256;

fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = config.cases.max(CASES);
    ProptestConfig { cases, ..config }
}

#[test]
fn blocks_come_to_the_same_on_every_tier() {
    // Where other vCPUs reserve memory, stores are reported.
    let benches = [Bench::new(false), Bench::new(true)];
    let cases = (
        prop::collection::vec(op(), 0..40),
        end(),
        prop::collection::vec(state(), 3),
        any::<bool>(),
    );
    let mut runner = prop::test_runner::TestRunner::new(config());
    let result = runner.run(&cases, |(ops, end, states, watched)| {
        let block = block(&ops, end);
        prop_assert_eq!(block.verify(MockIsa::INFO), Ok(()));
        let bench = &benches[usize::from(watched)];
        for state in &states {
            let [first, others @ ..] = tiers() else {
                unreachable!("there is always tier 0");
            };
            let want = run(bench, first, &block, state);
            for tier in others {
                let have = run(bench, tier, &block, state);
                let difference = difference(&have, &want);
                prop_assert_eq!(
                    difference,
                    None,
                    "on {}: {:x?}\n{}",
                    tier.name,
                    state,
                    block
                );
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
