//! What happens to a program while it runs.

use super::{
    layout::{self, CODE, DATA, DEVICE_PAGE, MIXED},
    patches,
};
use crate::fuzz::rng::Rng;

/// Instructions of the reset code, about.
const RESET: u64 = 110;
/// Longer stretches would let generated code look around by itself.
const MAX_STRETCH: u64 = 2_000;

/// Something that happens between two instructions.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Nothing, but both sides stop here.
    Stop,
    /// An interrupt line rises.
    Interrupt(u32),
    /// Bits of the entries of pages change, of those whose bit in `pages` is
    /// set; the last one is of the device.
    Revoke {
        /// A bit for each of [`revocable`].
        pages: u32,
        /// What is cleared.
        rights: u64,
    },
    /// A device writes the first instruction of a function.
    Write {
        /// The function's number.
        function: usize,
        /// The instruction.
        insn: u32,
    },
    /// All translations are forgotten.
    Flush,
}

/// One run from reset on.
#[derive(Clone, Debug)]
pub struct Run {
    /// Instructions to run before each event.
    pub events: Vec<(u64, Event)>,
    /// Instructions to run after the last.
    pub rest: u64,
}

/// Runs, one after the other, on the same two machines.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runs.
    pub runs: Vec<Run>,
}

impl Plan {
    /// A random one, where there are so many functions.
    pub fn random(rng: &mut Rng, functions: usize) -> Self {
        if rng.chance(50) {
            Self::long(rng, functions)
        } else {
            Self::sweep(rng, functions)
        }
    }

    /// One long run with events at random.
    fn long(rng: &mut Rng, functions: usize) -> Self {
        let count = 10 + rng.below(60);
        let longest = *rng.pick(&[10, 100, 400, MAX_STRETCH]);
        let mut events = Vec::new();
        for _ in 0..count {
            events.push((rng.below(longest), event(rng, functions)));
        }
        let run = Run {
            events,
            rest: MAX_STRETCH,
        };
        Self { runs: vec![run] }
    }

    /// One run after the other with an event at every boundary between two
    /// instructions of a stretch.
    fn sweep(rng: &mut Rng, functions: usize) -> Self {
        let warm_up = Run {
            events: vec![(RESET, Event::Stop), (MAX_STRETCH, Event::Stop)],
            rest: MAX_STRETCH,
        };
        let start = RESET + rng.below(400);
        let length = 20 + rng.below(100);
        let event = event(rng, functions);
        let rest = 50 + rng.below(200);
        let at = |before: u64| Run {
            events: vec![(before, event)],
            rest,
        };
        let sweep = (start..start + length).map(at);
        Self {
            runs: std::iter::once(warm_up).chain(sweep).collect(),
        }
    }
}

fn event(rng: &mut Rng, functions: usize) -> Event {
    match rng.below(20) {
        0 => Event::Stop,
        1 => Event::Flush,
        2..5 => Event::Write {
            function: rng.below(functions as u64) as usize,
            insn: patches::patch(rng),
        },
        5..11 => Event::Interrupt(*rng.pick(&[1, 3, 5, 7, 9, 11])),
        _ => Event::Revoke {
            pages: match rng.below(6) {
                0 => u32::MAX,
                1 => rng.bits32() & rng.bits32() & rng.bits32(),
                2 => rng.bits32(),
                // Then whatever accesses memory next faults, not its fetch.
                3 | 4 => data(),
                _ => 1 << rng.below(revocable().len() as u64),
            },
            // V, W, X, A, D, or several.
            rights: *rng.pick(&[1, 1, 4, 8, 0x40, 0x80, 0x0e]),
        },
    }
}

/// The bits of pages that are not executed.
fn data() -> u32 {
    let executed = |page: u64| {
        let page = page % (layout::WRITE_ALIAS / layout::PAGE);
        CODE.contains(&(page % (layout::EXEC_ALIAS / layout::PAGE)))
    };
    let pages = (0..).zip(revocable());
    let written = |page: u64| page / (layout::WRITE_ALIAS / layout::PAGE) != 0;
    let bits = pages.map(|(n, page)| u32::from(!executed(page) || written(page)) << n);
    bits.fold(0, |all, bit| all | bit)
}

/// The virtual pages whose entries events change.
pub fn revocable() -> Vec<u64> {
    let alias = layout::EXEC_ALIAS / layout::PAGE;
    let written = layout::WRITE_ALIAS / layout::PAGE;
    let own = CODE.chain([MIXED]).chain(DATA);
    let other = CODE.flat_map(|code| [code + alias, code + written]);
    own.chain(other).chain([DEVICE_PAGE]).collect()
}
