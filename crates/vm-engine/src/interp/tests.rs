//! What the interpreter does is what each op's row says.

use std::{
    collections::HashMap,
    mem::{Discriminant, discriminant},
};

use vm_core::GuestPhysAddr;
use vm_cross_arch::ir::{Effects, Op, Operand, Ordering, SLOT_COUNT, Slot, SlotSet, fixed};

use super::{Position, cold::run_op};
use crate::guest::{
    Exception,
    riscv64::testing::{Fixture, RAM},
};

/// States in which each op runs.
const STATES: u64 = 150;
/// Memory that is looked at, in bytes; pointers point there.
const BYTES: usize = 256;

/// Random numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A pointer, a small number, or any.
    fn value(&mut self) -> u64 {
        match self.next() % 4 {
            0 | 1 => RAM + self.next() % (BYTES as u64 / 8) * 8,
            2 => self.next() % 3,
            _ => self.next(),
        }
    }
}

#[derive(Clone)]
struct State {
    slots: [u64; SLOT_COUNT],
    memory: [u8; BYTES],
}

impl State {
    fn random(random: &mut Random) -> Self {
        let mut state = Self {
            slots: std::array::from_fn(|_| random.value()),
            memory: std::array::from_fn(|_| random.next() as u8),
        };
        if random.next().is_multiple_of(2) {
            state.memory = [0; BYTES];
        }
        state.set(fixed::FP_ROUNDING, random.next() % 5);
        state.set(fixed::FP_FLAGS, random.next() % 32);
        state
    }

    fn get(&self, slot: Slot) -> u64 {
        self.slots[usize::from(slot.0)]
    }

    fn set(&mut self, slot: Slot, value: u64) {
        self.slots[usize::from(slot.0)] = value;
    }

    /// Another value that the slot may have.
    fn change(&mut self, slot: Slot, random: &mut Random) {
        let number = random.value();
        self.set(
            slot,
            match slot {
                fixed::FP_ROUNDING => number % 5,
                fixed::FP_FLAGS => number % 32,
                _ => number,
            },
        );
    }

    /// Runs an op; a store-conditional after its load-reserved.
    fn run(&self, f: &mut Fixture, op: &Op) -> (Result<(), Exception>, Self) {
        let at = GuestPhysAddr(RAM);
        f.core.machine.ram.write(at, &self.memory).unwrap();
        f.core.slots = self.slots;
        f.core.clear_reservation();
        if let Op::StoreConditional { size, addr, .. } = *op {
            let reserve = Op::LoadReserved {
                size,
                dst: Slot::temp(9),
                addr,
                ordering: Ordering::Relaxed,
            };
            let _ = run_op(&mut f.core, &mut f.hart, &reserve, || POSITION);
            f.core.slots = self.slots;
        }
        let result = run_op(&mut f.core, &mut f.hart, op, || POSITION);
        let mut after = self.clone();
        after.slots = f.core.slots;
        f.core.machine.ram.read(at, &mut after.memory).unwrap();
        (result, after)
    }
}

const POSITION: Position = Position {
    number: 0,
    offset: 0,
    len: 4,
};

/// What ops of a row were seen to do.
#[derive(Default)]
struct Seen {
    faults: bool,
    writes: bool,
    reads: bool,
    flags: bool,
    rounding: bool,
    operands: [bool; 3],
}

/// What an op comes to, but for flags, which accrue.
fn outcome(op: &Op, (result, after): &(Result<(), Exception>, State)) -> impl PartialEq + use<> {
    let value = op.dst().map(|dst| after.get(dst));
    (*result, value.filter(|_| result.is_ok()), after.memory)
}

/// Runs an op in a state, and in others that differ in one thing.
fn watch(f: &mut Fixture, random: &mut Random, op: &Op, seen: &mut Seen) {
    let before = State::random(random);
    let ran = before.run(f, op);
    let effects = op.effects();
    let (result, after) = &ran;
    for slot in SlotSet::ALL
        .iter()
        .filter(|&slot| after.get(slot) != before.get(slot))
    {
        let accrues = slot == fixed::FP_FLAGS && op.accrues_flags();
        let written = op.dst() == Some(slot) && result.is_ok();
        assert!(accrues || written, "`{op}` writes {slot}");
    }
    let flags = [&before, after].map(|state| state.get(fixed::FP_FLAGS));
    assert_eq!(flags[0] & !flags[1], 0, "`{op}` takes flags back");
    seen.flags |= flags[0] != flags[1];
    assert!(result.is_ok() || op.may_fault(), "`{op}` faults");
    seen.faults |= result.is_err();
    let writes = after.memory != before.memory;
    assert!(
        !writes || effects.has(Effects::WRITE),
        "`{op}` writes memory"
    );
    seen.writes |= writes;

    let mut other = before.clone();
    other.memory = before.memory.map(|byte| !byte);
    let reads = other.run(f, op).1.slots != after.slots;
    assert!(!reads || effects.has(Effects::READ), "`{op}` reads memory");
    seen.reads |= reads;

    let mut named = SlotSet::EMPTY;
    op.for_each_read(|slot| named.insert(slot));
    let mut other = before.clone();
    for slot in SlotSet::ALL.iter().filter(|&slot| !named.contains(slot)) {
        other.change(slot, random);
    }
    let same = outcome(op, &other.run(f, op)) == outcome(op, &ran);
    assert!(same, "`{op}` reads what it does not name");

    let mut depends = |slot: Slot| {
        let mut other = before.clone();
        other.change(slot, random);
        outcome(op, &other.run(f, op)) != outcome(op, &ran)
    };
    seen.rounding |= named.contains(fixed::FP_ROUNDING) && depends(fixed::FP_ROUNDING);
    let mut number = 0;
    op.for_each_operand(|operand| {
        if let Operand::Slot(slot) = operand
            && !seen.operands[number]
        {
            seen.operands[number] = depends(slot);
        }
        number += 1;
    });
}

/// Whether the op is one that `run_op` does not run, or that another test watches.
fn is_elsewhere(op: &Op) -> bool {
    matches!(
        op,
        Op::Insn { .. } | Op::SideExit { .. } | Op::Helper { .. }
    )
}

#[test]
fn ops_do_what_their_rows_say() {
    let mut f = Fixture::new();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut all: HashMap<Discriminant<Op>, (Op, Seen)> = HashMap::new();
    for op in Op::examples().into_iter().filter(|op| !is_elsewhere(op)) {
        let (_, seen) = all
            .entry(discriminant(&op))
            .or_insert((op, Seen::default()));
        for _ in 0..STATES {
            watch(&mut f, &mut random, &op, seen);
        }
    }
    for (op, seen) in all.values() {
        let effects = op.effects();
        assert_eq!(seen.faults, op.may_fault(), "{op}");
        assert_eq!(seen.writes, effects.has(Effects::WRITE), "{op}");
        assert_eq!(seen.reads, effects.has(Effects::READ), "{op}");
        assert_eq!(seen.flags, op.accrues_flags(), "{op}");
        let mut number = 0;
        op.for_each_operand(|operand| {
            assert!(seen.operands[number], "`{op}` does not read {operand}");
            number += 1;
        });
    }
    assert!(all.values().any(|(_, seen)| seen.rounding));
}
