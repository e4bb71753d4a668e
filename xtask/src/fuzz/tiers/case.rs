//! Random cases: a program, the state it starts in, and what happens to it.

use super::{
    instruction::Instructions,
    layout::{self, CODE, DATA, EXEC_ALIAS, MAIN_BYTES, MIXED, PAGE, RAM, SLOT, VIRTUAL},
    plan::Plan,
    registers::{self, COUNTERS},
    setup::Setup,
    units::{self, Units},
};
use crate::fuzz::{
    environment::SUPERVISOR,
    rng::Rng,
    sequence::{Unit, assemble, length},
};

/// The main program has so many bytes, mostly few: then it repeats soon.
const MAIN_SIZES: [u64; 6] = [120, 250, 250, 500, 1500, MAIN_BYTES - 600];
/// What a function's end takes of its room.
const FUNCTION_END: u64 = 100;

/// A program, the state it starts in, and what happens to it.
#[derive(Clone)]
pub struct Case {
    /// The machine's state, and how it is run.
    pub setup: Setup,
    /// The program's parts.
    pub parts: Vec<Part>,
    /// What happens to it.
    pub plan: Plan,
}

/// A piece of code.
#[derive(Clone)]
pub struct Part {
    /// Its offset in RAM.
    pub offset: i32,
    /// The code.
    pub units: Vec<Unit>,
}

impl Part {
    /// Its code.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for bits in assemble(&self.units, self.offset as usize) {
            bytes.extend(&bits.to_le_bytes()[..length(bits)]);
        }
        bytes
    }
}

/// Case `index` of a seed.
pub fn random(instructions: &Instructions, seed: u64, index: u64) -> Case {
    let rng = &mut Rng::new(seed, index);
    let mut setup = Setup::random(rng);
    let mut parts = vec![main(rng, instructions, &setup)];
    let functions = layout::functions();
    for (number, &offset) in functions.iter().enumerate() {
        let later = &functions[number + 1..];
        parts.push(function(rng, instructions, &setup, offset, later));
    }
    setup.entry = parts[0].offset;
    place(&mut setup);
    let plan = Plan::random(rng, functions.len());
    Case { setup, parts, plan }
}

fn main(rng: &mut Rng, instructions: &Instructions, setup: &Setup) -> Part {
    let bytes = *rng.pick(&MAIN_SIZES);
    // Short ones lie across the pages' boundary, some of them.
    let room = MAIN_BYTES - 600 - bytes.min(MAIN_BYTES - 600);
    let start = match rng.below(3) {
        0 => PAGE.saturating_sub(rng.below(bytes)) & !1,
        _ => 0,
    };
    let offset = (CODE.start * PAGE + start.min(room)) as i32;
    let callees = layout::functions();
    let mut units = Units {
        rng,
        instructions,
        callees: &callees,
        counter: COUNTERS[2],
        aliased: setup.translated && !setup.is_machine(),
        machine: setup.is_machine(),
        supervisor: setup.mode == SUPERVISOR,
    };
    let mut units = units.body(bytes as usize);
    units.push(Unit::one(super::asm::EBREAK));
    Part { offset, units }
}

fn function(
    rng: &mut Rng,
    instructions: &Instructions,
    setup: &Setup,
    offset: i32,
    later: &[i32],
) -> Part {
    let bytes = 16 + rng.below(SLOT - FUNCTION_END - 60);
    let link = registers::LINKS[usize::from(rng.chance(25))];
    let kind = rng.below(10);
    let mut maker = Units {
        callees: if kind < 4 { later } else { &[] },
        rng,
        instructions,
        counter: COUNTERS[1],
        aliased: setup.translated && !setup.is_machine(),
        machine: setup.is_machine(),
        supervisor: setup.mode == SUPERVISOR,
    };
    let body = maker.body(bytes as usize);
    let first = Unit::one(super::asm::addi(10, 10, 1));
    let rest = match kind {
        0..4 => units::framed(link, body),
        4 => {
            let [start, end] = units::recursion(offset, link);
            std::iter::once(start).chain(body).chain([end]).collect()
        }
        _ => {
            let end = Unit::one(units::function_end(link, kind < 7));
            body.into_iter().chain([end]).collect()
        }
    };
    let units = std::iter::once(first).chain(rest).collect();
    Part { offset, units }
}

/// Points the frame's registers to their places.
fn place(setup: &mut Setup) {
    let code = if setup.translated && !setup.is_machine() {
        VIRTUAL
    } else {
        RAM
    };
    let data = if setup.translated { VIRTUAL } else { RAM };
    let device = if setup.translated {
        VIRTUAL + layout::DEVICE_PAGE * PAGE
    } else {
        layout::DEVICE
    };
    let write = if setup.translated {
        data + layout::WRITE_ALIAS
    } else {
        data
    };
    let mut set = |register: u32, value: u64| setup.x[register as usize - 1] = value;
    set(registers::STACK, data + (DATA.start + 4) * PAGE);
    for (index, register) in registers::MOVING.into_iter().enumerate() {
        set(register, data + (DATA.start + index as u64) * PAGE + 0x7c0);
    }
    set(registers::DEVICE, device + PAGE / 2);
    set(registers::MIXED, data + MIXED * PAGE + 3 * PAGE / 4);
    set(registers::DATA, data + DATA.start * PAGE);
    set(registers::WRITE_BASE, write);
    set(registers::EXEC_BASE, code);
    for counter in COUNTERS {
        set(counter, 5);
    }
    setup.code_base = code;
}

const _: () = assert!(EXEC_ALIAS > layout::RAM_BYTES, "aliases do not overlap");
