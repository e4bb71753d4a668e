//! What helpers do is what they declare, and they declare no more.

use std::sync::Arc;

use vm_core::{GuestPhysAddr, snapshot::SavedState};
use vm_cross_arch::{
    guest::riscv64::{Helper, INFO, regs},
    ir::{HelperEffects, SLOT_COUNT, Slot, SlotSet, fixed},
};

use crate::{
    cache::JumpFlush,
    guest::{
        Exception, Outcome,
        riscv64::{
            Firmware, HartConfig,
            Privilege::{Machine, Supervisor, User},
            SbiCall, SbiReturn,
            testing::{Fixture, RAM},
        },
    },
};

/// Calls of each helper.
const CALLS: usize = 2000;
/// Memory that is looked at; pointers point there.
const BYTES: usize = 256;

/// Firmware that reads and writes memory, and the machine's state for a change.
struct Busy;

impl Firmware for Busy {
    fn ecall(&self, mut call: SbiCall<'_>) -> SbiReturn {
        let sum = call
            .args
            .iter()
            .fold(0, |sum: u64, arg| sum.rotate_left(9) ^ arg);
        if sum.is_multiple_of(3) {
            call.set_timer(sum);
        }
        let Ok(word) = call.load(RAM + sum % (BYTES as u64 / 8) * 8) else {
            let (cause, value) = (5, sum);
            return SbiReturn::Fault(Exception { cause, value });
        };
        let ram = &call.core.machine.ram;
        if ram.write(GuestPhysAddr(RAM), &sum.to_le_bytes()).is_err() {
            return SbiReturn::Stop;
        }
        SbiReturn::Done {
            error: word as i64,
            value: sum,
        }
    }
}

/// Random numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// A pointer, a small number, or any.
    fn value(&mut self) -> u64 {
        match self.below(4) {
            0 | 1 => RAM + self.below(BYTES as u64 / 16) * 16,
            2 => self.below(3),
            _ => self.next(),
        }
    }

    fn slot(&mut self, slot: Slot) -> u64 {
        let value = self.value();
        match slot {
            fixed::FP_FLAGS => value % 32,
            fixed::FP_ROUNDING => value % 5,
            fixed::FP_DIRTY => value % 2,
            regs::SEPC => value & !1,
            _ => value,
        }
    }

    /// The instruction's bits: registers that are often even, an operation that is often
    /// there.
    fn bits(&mut self) -> u64 {
        let register =
            |random: &mut Self| random.below(32) & (!1 | u64::from(random.below(4) == 0));
        let (rd, rs1, rs2) = (register(self), self.below(32), register(self));
        let funct3 = self.of(&[1, 2, 3, 5, 6, 7, 4]);
        rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20
    }

    fn args(&mut self, helper: Helper) -> [u64; 3] {
        /// Those in slots, those that others depend on, some more.
        const CSRS: [u64; 18] = [
            0x001, 0x002, 0x003, 0x100, 0x140, 0x141, 0x142, 0x143, 0x300, 0x104, 0x105, 0x10a,
            0x106, 0x14d, 0x340, 0x341, 0xf14, 0x7ff,
        ];
        let bits = self.bits();
        match helper {
            Helper::CsrRead | Helper::CsrWrite => [self.of(&CSRS), self.value(), bits],
            Helper::CboManage => [self.value(), 0, self.below(3) << 20],
            Helper::CboZero | Helper::AmoCasQ => [self.value(), 0, bits],
            Helper::SfenceVma => [self.value(), self.value(), bits],
            Helper::Illegal
            | Helper::Ecall
            | Helper::Ebreak
            | Helper::Mret
            | Helper::Sret
            | Helper::Wfi
            | Helper::FenceI
            | Helper::SfenceOrder
            | Helper::Wrs => [bits, 0, 0],
        }
    }
}

/// Everything that a helper finds.
#[derive(Clone)]
struct State {
    system: SavedState,
    slots: [u64; SLOT_COUNT],
    memory: [u8; BYTES],
}

impl State {
    fn random(systems: &[SavedState], random: &mut Random) -> Self {
        let number = random.below(systems.len() as u64) as usize;
        let mut memory = std::array::from_fn(|_| random.next() as u8);
        let mut slots = std::array::from_fn(|n| random.slot(Slot(n as u8)));
        if random.below(2) == 0 {
            // Pairs that are equal to memory.
            memory = [0; BYTES];
            slots[1..32].iter_mut().for_each(|slot| *slot &= 1);
        }
        Self {
            system: systems[number].clone(),
            slots,
            memory,
        }
    }

    fn get(&self, slot: Slot) -> u64 {
        self.slots[usize::from(slot.0)]
    }

    fn run(&self, f: &mut Fixture, helper: Helper, args: [u64; 3]) -> Ran {
        let at = GuestPhysAddr(RAM);
        f.hart.restore(&mut f.core, &self.system).unwrap();
        f.core.machine.ram.write(at, &self.memory).unwrap();
        let before = system(f);
        f.core.slots = self.slots;
        f.core.jump_flush = JumpFlush::default();
        let epoch = f.core.machine.blocks.epoch();
        let result = f.helper(helper, args);
        let slots = f.core.slots;
        let mut memory = [0; BYTES];
        f.core.machine.ram.read(at, &mut memory).unwrap();
        let system = system(f);
        let flushes = f.core.jump_flush.is_pending();
        Ran {
            result,
            slots,
            memory,
            changes_system: flushes || f.core.machine.blocks.epoch() != epoch || system != before,
            system,
        }
    }
}

/// What a hart keeps beside slots.
fn system(f: &mut Fixture) -> SavedState {
    f.core.slots = [0; SLOT_COUNT];
    f.hart.save(&f.core, 0).unwrap()
}

/// What a helper came to.
struct Ran {
    result: Result<Outcome, Exception>,
    slots: [u64; SLOT_COUNT],
    memory: [u8; BYTES],
    system: SavedState,
    changes_system: bool,
}

impl Ran {
    fn get(&self, slot: Slot) -> u64 {
        self.slots[usize::from(slot.0)]
    }

    /// Whether all but slots outside `slots` came to the same.
    fn is_same(&self, other: &Self, slots: &SlotSet) -> bool {
        (self.result, self.memory, self.changes_system)
            == (other.result, other.memory, other.changes_system)
            && self.system == other.system
            && slots.iter().all(|slot| self.get(slot) == other.get(slot))
    }
}

/// What a helper was seen to do.
fn watch(f: &mut Fixture, systems: &[SavedState], helper: Helper) -> HelperEffects {
    let declared = *INFO.effects_of(helper.id());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut seen = HelperEffects {
        kind: declared.kind,
        ..HelperEffects::NONE
    };
    for _ in 0..CALLS {
        let before = State::random(systems, &mut random);
        let args = random.args(helper);
        let ran = before.run(f, helper, args);

        let mut changed = SlotSet::EMPTY;
        for slot in SlotSet::ALL.iter() {
            if ran.get(slot) != before.get(slot) {
                changed.insert(slot);
            }
        }
        let writes_memory = ran.memory != before.memory;
        if ran.result.is_err() {
            seen.may_fault = true;
            let nothing = changed.is_empty() && !writes_memory;
            assert!(
                nothing || helper == Helper::Ecall,
                "{helper:?} faults and writes"
            );
        }
        seen.writes.insert_all(&changed);
        seen.writes_memory |= writes_memory;
        seen.changes_system |= ran.changes_system;

        let mut other = before.clone();
        other.memory = before.memory.map(|byte| byte ^ 1);
        let with_other = other.run(f, helper, args);
        let same = with_other.result == ran.result && with_other.slots == ran.slots;
        seen.reads_memory |= !same;

        // All that it does not say it reads, at once; then one that it does.
        let mut other = before.clone();
        for slot in SlotSet::ALL
            .iter()
            .filter(|&slot| !declared.reads.contains(slot))
        {
            other.slots[usize::from(slot.0)] = random.slot(slot);
        }
        let without = other.run(f, helper, args);
        assert!(
            without.is_same(&ran, &changed),
            "{helper:?} reads more than it declares"
        );
        for slot in declared
            .reads
            .iter()
            .filter(|&slot| !seen.reads.contains(slot))
        {
            let mut other = before.clone();
            other.slots[usize::from(slot.0)] = random.slot(slot);
            if !other.run(f, helper, args).is_same(&ran, &SlotSet::EMPTY) {
                seen.reads.insert(slot);
                break;
            }
        }
    }
    seen
}

/// Harts of each mode, with floating point on and off, all memory open.
fn systems(f: &mut Fixture) -> Vec<SavedState> {
    let mut all = Vec::new();
    for mode in [Machine, Supervisor, User] {
        for float in [0, 1] {
            f.enter(Machine);
            f.write(0x3b0, u64::MAX);
            f.write(0x3a0, 0x1f);
            f.write(0x30a, 0xf0);
            f.write(0x10a, 0xf0);
            f.write(0x300, float << 13 | 1 << 11);
            f.enter(mode);
            all.push(f.hart.save(&f.core, 0).unwrap());
        }
    }
    all
}

#[test]
fn helpers_do_what_they_declare() {
    let config = HartConfig {
        firmware: Some(Arc::new(Busy)),
        ..HartConfig::default()
    };
    let mut f = Fixture::with(config);
    let systems = systems(&mut f);
    for &helper in Helper::ALL {
        let seen = watch(&mut f, &systems, helper);
        assert_eq!(seen, *helper.effects(), "{helper:?}");
    }
}
