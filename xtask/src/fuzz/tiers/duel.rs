//! A case on both machines.

use anyhow::Result;

use super::{
    case::Case, compiled::Compiled, image::Image, plan::Run, side::Side, stale, state::State,
};

/// Where and how the two differed.
pub struct Difference {
    /// The run, from 0.
    pub run: usize,
    /// The events that had happened in it.
    pub events: usize,
    /// The states of interpreter and JIT.
    pub states: [State; 2],
}

/// What a case did.
#[derive(Default, Clone, Copy)]
pub struct Done {
    /// Instructions retired by each machine.
    pub instructions: u64,
    /// Those of them in generated code.
    pub generated: u64,
    /// Blocks compiled.
    pub blocks: u64,
    /// Links between them.
    pub links: u64,
    /// Traps that the handlers logged.
    pub traps: u64,
    /// Events.
    pub events: u64,
    /// Why a difference does not count.
    pub stale: Option<stale::Stale>,
}

/// Runs a case on both machines; finds the first difference, if there is to be
/// none. What the JIT compiles is counted in `compiled`.
///
/// # Errors
/// If a machine cannot be made.
pub fn run(case: &Case, compiled: &Compiled) -> Result<(Done, Option<Difference>)> {
    let (mut done, found) = run_both(case, compiled)?;
    if let Some(difference) = &found {
        done.stale = stale::find(case, difference)?;
    }
    let found = found.filter(|_| done.stale.is_none());
    Ok((done, found))
}

fn run_both(case: &Case, compiled: &Compiled) -> Result<(Done, Option<Difference>)> {
    let image = Image::of(case);
    let [interpreter, jit] = case.setup.engines();
    let new = |(max_insns, engine)| Side::new(max_insns, engine, case.setup.neighbour, compiled);
    let mut sides = [new(interpreter)?, new(jit)?];
    let mut done = Done::default();
    for (number, run) in case.plan.runs.iter().enumerate() {
        for side in &mut sides {
            side.reset(&image)?;
        }
        let before = sides[0].retired();
        let difference = one_run(&mut sides, run)?;
        done.instructions += sides[0].retired() - before;
        done.traps += sides[0].traps()?;
        done.events += run.events.len() as u64;
        if let Some((events, states)) = difference {
            let run = number;
            let difference = Difference {
                run,
                events,
                states,
            };
            return Ok((done, Some(difference)));
        }
        if sides[0].is_stuck() {
            break;
        }
    }
    let stats = sides[1].take_stats().tier1;
    (done.blocks, done.links) = (stats.code.blocks, stats.code.links);
    done.generated = stats.retired;
    Ok((done, None))
}

type Found = Option<(usize, [State; 2])>;

fn one_run(sides: &mut [Side; 2], run: &Run) -> Result<Found> {
    for (number, (insns, event)) in run.events.iter().enumerate() {
        if let Some(found) = stretch(sides, *insns, false)? {
            return Ok(Some((number, found)));
        }
        if sides[0].is_stuck() {
            return Ok(None);
        }
        for side in sides.iter_mut() {
            side.happen(*event)?;
        }
    }
    let found = stretch(sides, run.rest, true)?;
    Ok(found.map(|found| (run.events.len(), found)))
}

/// Runs both on; returns their states if they differ.
fn stretch(sides: &mut [Side; 2], insns: u64, memory: bool) -> Result<Option<[State; 2]>> {
    for side in sides.iter_mut() {
        side.run(insns)?;
    }
    let [interpreter, jit] = sides;
    let states = [interpreter.state(memory)?, jit.state(memory)?];
    Ok((states[0] != states[1]).then_some(states))
}
