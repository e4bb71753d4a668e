//! Programs that the engines may take differently.
//!
//! Without FENCE.I, a hart's own stores to code count from the next block on, and
//! where blocks begin is up to each engine. Only after a jump, a trap or FENCE.I
//! does a new block begin in all of them. Programs keep to that, but may jump
//! anywhere, and there store anywhere: then one runs what it has just stored.

use std::{collections::HashMap, fmt};

use anyhow::Result;
use vm_cross_arch::guest::riscv64::disassemble;
use vm_engine::vcpu::Engine;

use super::{
    asm::FENCE_I,
    case::Case,
    compiled::Compiled,
    duel::Difference,
    image::Image,
    layout::{CODE, GOOD, PAGE, RAM, RAM_BYTES, VIRTUAL},
    plan::Run,
    side::Side,
};
use crate::fuzz::sequence::length;

/// Entries of a table.
const ENTRIES: u64 = 512;

/// The address of an instruction and, if it could be told, its bits.
type Store = (u64, Option<u32>);

/// An instruction that was stored to after the last jump before it.
#[derive(Clone, Copy, Debug)]
pub struct Stale {
    /// Its address.
    pc: u64,
    /// What stored to it.
    store: Store,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, insn) = self.store;
        let text = insn.map_or_else(|| "?".to_owned(), |bits| disassemble(bits, at));
        write!(f, "{:x}, stored to at {at:x}: {text}", self.pc)
    }
}

/// The first such instruction before a case's difference.
///
/// # Errors
/// If a machine cannot be made.
pub fn find(case: &Case, until: &Difference) -> Result<Option<Stale>> {
    let image = Image::of(case);
    let mut side = Side::new(
        1,
        Engine::Interpreter,
        case.setup.neighbour,
        &Compiled::default(),
    )?;
    for (number, run) in case.plan.runs.iter().take(until.run + 1).enumerate() {
        let last = number == until.run;
        let events = if last { until.events } else { run.events.len() };
        side.reset(&image)?;
        let found = Watch::new(&mut side, &image)?.follow(run, events)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Follows a run, an instruction at a time.
struct Watch<'a> {
    side: &'a mut Side,
    image: &'a Image,
    /// RAM from the first page of code on.
    memory: Vec<u8>,
    /// Addresses of bytes stored to since a block began in every engine, and of
    /// the stores.
    stored: HashMap<u64, Store>,
}

impl<'a> Watch<'a> {
    fn new(side: &'a mut Side, image: &'a Image) -> Result<Self> {
        let mut watch = Self {
            side,
            image,
            memory: vec![0; (RAM_BYTES - CODE.start * PAGE) as usize],
            stored: HashMap::new(),
        };
        watch.begin()?;
        Ok(watch)
    }

    /// Up to where so many events have happened, and on to the next.
    fn follow(&mut self, run: &Run, events: usize) -> Result<Option<Stale>> {
        for (insns, event) in &run.events[..events] {
            if let Some(found) = self.stretch(*insns)? {
                return Ok(Some(found));
            }
            self.side.happen(*event)?;
            self.begin()?;
        }
        let next = run.events.get(events).map(|(insns, _)| *insns);
        self.stretch(next.unwrap_or(run.rest))
    }

    fn stretch(&mut self, insns: u64) -> Result<Option<Stale>> {
        for _ in 0..insns {
            let pc = self.side.pc();
            let insn = self.fetch(pc);
            let bytes = insn.map_or(0, |bits| length(bits) as u64);
            let store = (0..bytes).find_map(|at| self.store_to(pc.wrapping_add(at)));
            if let Some(store) = store {
                return Ok(Some(Stale { pc, store }));
            }
            self.side.run(1)?;
            if self.side.is_stuck() {
                return Ok(None);
            }
            self.note_stores(pc, insn)?;
            if self.side.pc() != pc.wrapping_add(bytes) || insn == Some(FENCE_I) {
                self.stored.clear();
            }
        }
        self.begin()?;
        Ok(None)
    }

    /// A block begins here in every engine.
    fn begin(&mut self) -> Result<()> {
        self.stored.clear();
        self.side.read(RAM + CODE.start * PAGE, &mut self.memory)
    }

    /// Finds what the instruction at `pc` has stored to.
    fn note_stores(&mut self, pc: u64, insn: Option<u32>) -> Result<()> {
        let start = RAM + CODE.start * PAGE;
        let mut now = vec![0; self.memory.len()];
        self.side.read(start, &mut now)?;
        if now != self.memory {
            let bytes = (start..).zip(now.iter().zip(&self.memory));
            let changed = bytes.filter(|(_, (now, before))| now != before);
            self.stored.extend(changed.map(|(at, _)| (at, (pc, insn))));
            self.memory = now;
        }
        Ok(())
    }

    /// The store since which the byte at a virtual address is another.
    fn store_to(&self, va: u64) -> Option<Store> {
        let physical = self.physical(va).into_iter().flatten();
        physical
            .filter_map(|at| self.stored.get(&at).copied())
            .next()
    }

    /// The instruction at a virtual address, in the address space in which there
    /// is one.
    fn fetch(&self, pc: u64) -> Option<u32> {
        let parcel = |va: u64| {
            let at = self.physical(va).into_iter().flatten().next()?;
            let at = at.checked_sub(RAM + CODE.start * PAGE)? as usize;
            let bytes = self.memory.get(at..at + 2)?;
            Some(u32::from(bytes[0]) | u32::from(bytes[1]) << 8)
        };
        let low = parcel(pc)?;
        let high = if length(low) == 4 {
            parcel(pc.wrapping_add(2))?
        } else {
            0
        };
        Some(low | high << 16)
    }

    /// The physical addresses that `va` has in the two address spaces, or itself.
    fn physical(&self, va: u64) -> [Option<u64>; 2] {
        let page = va.wrapping_sub(VIRTUAL) / PAGE;
        if page >= ENTRIES {
            return [Some(va), None];
        }
        GOOD.map(|table| {
            let entry = self.image.word(table * PAGE + 8 * page);
            (entry != 0).then_some((entry >> 10 << 12) + va % PAGE)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{
        operands::Displacement,
        sequence::Unit,
        special::{NOP, auipc},
        tiers::{
            asm::{jal, reg::T1, sw},
            case,
            instruction::Instructions,
            plan::Plan,
        },
    };

    /// A case whose program stores to its fourth instruction, and then runs `between`.
    fn storing(between: u32) -> (Case, Difference) {
        let instructions = Instructions::new();
        let plain = |case: &Case| case.setup.is_machine() && !case.setup.translated;
        let cases = (0..).map(|index| case::random(&instructions, 1, index));
        let mut case = cases.into_iter().find(plain).unwrap();
        case.parts.truncate(1);
        let code = vec![auipc(T1), sw(T1, T1, 12), between, NOP];
        case.parts[0].units = vec![Unit::of(code)];
        let run = Run {
            events: Vec::new(),
            rest: 150,
        };
        case.plan = Plan { runs: vec![run] };
        let state = || {
            let compiled = Compiled::default();
            let side = Side::new(1, Engine::Interpreter, false, &compiled).unwrap();
            side.state(false).unwrap()
        };
        let difference = Difference {
            run: 0,
            events: 0,
            states: [state(), state()],
        };
        (case, difference)
    }

    #[test]
    fn a_store_into_the_own_block_is_found() {
        let (case, difference) = storing(NOP);
        let start = case.setup.code_base + case.setup.entry as u64;
        let found = find(&case, &difference).unwrap().unwrap();
        assert_eq!((found.pc, found.store.0), (start + 12, start + 4));
        assert!(found.to_string().contains("sw t1,12(t1)"), "{found}");
    }

    #[test]
    fn after_a_fence_or_a_jump_it_counts() {
        // A jump to the instruction behind the next, which jumps back.
        for between in [FENCE_I, Displacement::J.set(jal(0), 8)] {
            let (mut case, difference) = storing(between);
            let back = Displacement::J.set(jal(0), -4);
            case.parts[0].units.push(Unit::one(back));
            assert!(find(&case, &difference).unwrap().is_none(), "{between:x}");
        }
    }
}
