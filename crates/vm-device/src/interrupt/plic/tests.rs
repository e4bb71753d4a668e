use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use vm_testing::within;

use super::*;
use crate::testing::TestLine;

const M0: u64 = 0;
const S0: u64 = 1;

struct Bench {
    plic: Arc<Plic>,
    outputs: Vec<Arc<TestLine>>,
}

impl Bench {
    fn new(contexts: usize) -> Self {
        let outputs: Vec<_> = (0..contexts).map(|_| TestLine::new()).collect();
        let lines = outputs.iter().map(|line| line.clone() as Arc<dyn IrqLine>);
        let plic = Plic::new(VIRT_SOURCES, lines.collect()).unwrap();
        Self { plic, outputs }
    }

    fn read(&self, offset: u64) -> u64 {
        self.plic.read(offset, AccessSize::Word).unwrap()
    }

    fn write(&self, offset: u64, value: u64) {
        self.plic.write(offset, AccessSize::Word, value).unwrap();
    }

    fn wire(&self, source: u32, level: bool) {
        self.plic.line(source).unwrap().set_level(level);
    }

    fn enable(&self, context: u64, source: u64, priority: u64) {
        self.write(4 * source, priority);
        let offset = 0x2000 + 0x80 * context + source / 32 * 4;
        self.write(offset, self.read(offset) | 1 << (source % 32));
    }

    fn claim(&self, context: u64) -> u64 {
        self.read(0x20_0004 + 0x1000 * context)
    }

    fn complete(&self, context: u64, source: u64) {
        self.write(0x20_0004 + 0x1000 * context, source);
    }

    fn levels(&self) -> Vec<bool> {
        self.outputs.iter().map(|line| line.level()).collect()
    }
}

#[test]
fn a_source_is_claimed_once_and_again_after_completion_while_high() {
    let bench = Bench::new(2);
    bench.enable(S0, 10, 1);
    bench.wire(10, true);
    assert_eq!(bench.levels(), [false, true]);
    assert_eq!(bench.read(0x1000), 1 << 10);
    assert_eq!(bench.claim(S0), 10);
    assert_eq!(bench.levels(), [false, false]);
    assert_eq!(bench.read(0x1000), 0);
    assert_eq!(bench.claim(S0), 0);
    bench.complete(S0, 10);
    assert_eq!(bench.levels(), [false, true]);
    assert_eq!(bench.claim(S0), 10);
    bench.wire(10, false);
    bench.complete(S0, 10);
    assert_eq!(bench.levels(), [false, false]);
    assert_eq!(bench.claim(S0), 0);
}

#[test]
fn a_request_stays_pending_when_the_wire_drops() {
    let bench = Bench::new(1);
    bench.enable(M0, 95, 7);
    bench.wire(95, true);
    bench.wire(95, false);
    assert_eq!(bench.read(0x1008), 1 << 31);
    assert_eq!(bench.levels(), [true]);
    assert_eq!(bench.claim(M0), 95);
    bench.complete(M0, 95);
    assert_eq!(bench.levels(), [false]);
}

#[test]
fn claims_follow_priority_then_number() {
    let bench = Bench::new(1);
    for (source, priority) in [(40, 3), (7, 3), (50, 5), (2, 0)] {
        bench.enable(M0, source, priority);
        bench.wire(source as u32, true);
    }
    assert_eq!([(); 4].map(|()| bench.claim(M0)), [50, 7, 40, 0]);
}

#[test]
fn the_threshold_masks_the_interrupt_and_not_the_claim() {
    let bench = Bench::new(1);
    bench.enable(M0, 1, 3);
    bench.wire(1, true);
    bench.write(0x20_0000, 3);
    assert_eq!(bench.levels(), [false]);
    bench.write(0x20_0000, 2);
    assert_eq!(bench.levels(), [true]);
    bench.write(0x20_0000, 7);
    assert_eq!(bench.read(0x20_0000), 7);
    assert_eq!(bench.claim(M0), 1);
}

#[test]
fn completing_what_is_not_enabled_is_ignored() {
    let bench = Bench::new(2);
    bench.enable(M0, 5, 1);
    bench.wire(5, true);
    assert_eq!(bench.claim(M0), 5);
    bench.complete(S0, 5);
    bench.complete(M0, 6);
    bench.complete(M0, 4_000_000_000);
    assert_eq!(bench.levels(), [false, false]);
    bench.complete(M0, 5);
    assert_eq!(bench.levels(), [true, false]);
}

#[test]
fn one_source_interrupts_every_context_until_one_claims() {
    let bench = Bench::new(4);
    for context in 0..4 {
        bench.enable(context, 33, 1);
    }
    bench.wire(33, true);
    assert_eq!(bench.levels(), [true; 4]);
    assert_eq!(bench.claim(2), 33);
    assert_eq!(bench.levels(), [false; 4]);
    assert_eq!(bench.claim(0), 0);
    assert!(bench.outputs.iter().all(|line| line.edges() == 2));
}

#[test]
fn missing_sources_and_contexts_read_as_zero() {
    let bench = Bench::new(1);
    bench.write(0, 7);
    bench.write(4 * 96, 7);
    bench.write(4, 15);
    assert_eq!(
        (bench.read(0), bench.read(4 * 96), bench.read(4)),
        (0, 0, 7)
    );
    for word in 0..4 {
        bench.write(0x2000 + 4 * word, 0xffff_ffff);
        bench.write(0x2080 + 4 * word, 0xffff_ffff);
        assert_eq!(bench.read(0x2080 + 4 * word), 0);
    }
    let enabled = [0, 4, 8, 12].map(|at| bench.read(0x2000 + at));
    assert_eq!(enabled, [0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0]);
    bench.write(0x1000, 2);
    bench.write(0x20_1000, 7);
    assert_eq!((bench.read(0x1000), bench.read(0x20_1000)), (0, 0));
    assert_eq!((bench.claim(1), bench.read(0x20_0008)), (0, 0));
    assert!(bench.plic.line(0).is_none() && bench.plic.line(96).is_none());
    assert_eq!(bench.plic.name(), "plic");
}

#[test]
fn only_aligned_words_are_answered() {
    let plic = Bench::new(1).plic;
    for (offset, size) in [
        (4, AccessSize::Byte),
        (4, AccessSize::Half),
        (8, AccessSize::Double),
        (6, AccessSize::Word),
    ] {
        assert_eq!(plic.read(offset, size), None);
        assert_eq!(plic.write(offset, size, 0), None);
    }
}

#[test]
fn impossible_sizes_are_refused() {
    assert_eq!(Plic::new(0, vec![]).err(), Some(PlicError::Sources(0)));
    assert_eq!(
        Plic::new(1024, vec![]).err(),
        Some(PlicError::Sources(1024))
    );
    let outputs = vec![vm_core::irq::unconnected(); spec::MAX_CONTEXTS + 1];
    let err = Plic::new(1, outputs).err().unwrap();
    assert_eq!(
        err.to_string(),
        "a PLIC cannot have 15873 contexts: it has up to 15872"
    );
}

#[test]
fn saved_state_restores_pending_and_in_service() {
    let bench = Bench::new(2);
    bench.enable(S0, 10, 1);
    bench.enable(S0, 11, 2);
    bench.wire(10, true);
    bench.wire(11, true);
    assert_eq!(bench.claim(S0), 11);
    let saved = bench.plic.save().unwrap();

    let copy = Bench::new(2);
    copy.plic.restore(&saved).unwrap();
    assert_eq!(copy.levels(), [false, true]);
    // The device drives its wire again when it is restored in its turn.
    copy.wire(10, true);
    assert_eq!(copy.claim(S0), 10);
    copy.complete(S0, 11);
    assert_eq!(copy.claim(S0), 11);
    assert!(matches!(
        Bench::new(1).plic.restore(&saved),
        Err(SnapshotError::Mismatch { .. })
    ));
}

#[test]
fn threads_that_claim_at_once_never_serve_the_same_request() {
    within("claims of four contexts", || {
        const CLAIMS: usize = 500;
        let bench = Bench::new(4);
        for context in 0..4 {
            bench.enable(context, 3, 1);
        }
        let line = bench.plic.line(3).unwrap();
        line.set_level(true);
        let in_service = AtomicBool::new(false);
        let serve = &|context| {
            let mut claims = 0;
            while claims < CLAIMS {
                if bench.claim(context) != 3 {
                    std::thread::yield_now();
                    continue;
                }
                claims += 1;
                assert!(!in_service.swap(true, Ordering::SeqCst));
                line.set_level(false);
                line.set_level(true);
                in_service.store(false, Ordering::SeqCst);
                bench.complete(context, 3);
            }
        };
        std::thread::scope(|scope| {
            for context in 0..4 {
                scope.spawn(move || serve(context));
            }
        });
        assert_eq!(bench.levels(), [true; 4]);
        assert_eq!(bench.read(0x1000), 1 << 3);
    });
}

/// The specification, said as plainly as possible.
struct Model {
    priority: [u32; 96],
    level: [bool; 96],
    pending: [bool; 96],
    in_service: [bool; 96],
    enable: [[bool; 96]; 2],
    threshold: [u32; 2],
}

impl Model {
    const RESET: Self = Self {
        priority: [0; 96],
        level: [false; 96],
        pending: [false; 96],
        in_service: [false; 96],
        enable: [[false; 96]; 2],
        threshold: [0; 2],
    };

    fn refresh(&mut self, source: usize) {
        self.pending[source] |= self.level[source] && !self.in_service[source];
    }

    fn best(&self, context: usize) -> usize {
        (1..96)
            .filter(|s| self.pending[*s] && self.enable[context][*s] && self.priority[*s] > 0)
            .max_by_key(|s| (self.priority[*s], 96 - s))
            .unwrap_or(0)
    }

    fn output(&self, context: usize) -> bool {
        let best = self.best(context);
        best != 0 && self.priority[best] > self.threshold[context]
    }

    fn claim(&mut self, context: usize) -> usize {
        let best = self.best(context);
        self.pending[best] = false;
        self.in_service[best] = best != 0;
        best
    }

    fn complete(&mut self, context: usize, source: usize) {
        if source < 96 && self.enable[context][source] {
            self.in_service[source] = false;
            self.refresh(source);
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Wire(usize, bool),
    Priority(usize, u32),
    Enable(usize, usize, u32),
    Threshold(usize, u32),
    Claim(usize),
    Complete(usize, usize),
}

fn act() -> impl Strategy<Value = Act> {
    // Few sources, so that sequences meet.
    let source = prop_oneof![1usize..6, 30usize..34, 94usize..96];
    let context = 0usize..2;
    prop_oneof![
        4 => (source.clone(), any::<bool>()).prop_map(|(s, l)| Act::Wire(s, l)),
        2 => (source.clone(), 0u32..20).prop_map(|(s, p)| Act::Priority(s, p)),
        2 => (context.clone(), 0usize..3, any::<u32>()).prop_map(|(c, w, v)| Act::Enable(c, w, v)),
        1 => (context.clone(), 0u32..20).prop_map(|(c, t)| Act::Threshold(c, t)),
        3 => context.clone().prop_map(Act::Claim),
        3 => (context, source).prop_map(|(c, s)| Act::Complete(c, s)),
    ]
}

proptest! {
    #[test]
    fn agrees_with_the_plain_model(acts in prop::collection::vec(act(), 0..300)) {
        let bench = Bench::new(2);
        let mut model = Model::RESET;
        for act in acts {
            match act {
                Act::Wire(s, l) => {
                    bench.wire(s as u32, l);
                    model.level[s] = l;
                    model.refresh(s);
                }
                Act::Priority(s, p) => {
                    bench.write(4 * s as u64, p.into());
                    model.priority[s] = p & 7;
                }
                Act::Enable(c, w, v) => {
                    bench.write(0x2000 + 0x80 * c as u64 + 4 * w as u64, v.into());
                    for bit in 0..32 {
                        model.enable[c][32 * w + bit] = v >> bit & 1 != 0 && 32 * w + bit != 0;
                    }
                }
                Act::Threshold(c, t) => {
                    bench.write(0x20_0000 + 0x1000 * c as u64, t.into());
                    model.threshold[c] = t & 7;
                }
                Act::Claim(c) => prop_assert_eq!(bench.claim(c as u64), model.claim(c) as u64),
                Act::Complete(c, s) => {
                    bench.complete(c as u64, s as u64);
                    model.complete(c, s);
                }
            }
            prop_assert_eq!(bench.levels(), [model.output(0), model.output(1)]);
            for word in 0..3 {
                let pending = (0..32).fold(0, |w, i| w | u64::from(model.pending[32 * word + i]) << i);
                prop_assert_eq!(bench.read(0x1000 + 4 * word as u64), pending);
            }
        }
    }

    #[test]
    fn any_access_is_harmless(
        accesses in prop::collection::vec((0u64..WINDOW_LEN, 0u64..4, any::<u64>(), any::<bool>()), 0..200),
    ) {
        let bench = Bench::new(3);
        for (offset, shift, value, write) in accesses {
            let size = AccessSize::from_bytes(1 << shift).unwrap();
            if write {
                let _ = bench.plic.write(offset, size, value);
            } else {
                let _ = bench.plic.read(offset, size);
            }
        }
        let restored = Bench::new(3);
        restored.plic.restore(&bench.plic.save().unwrap()).unwrap();
        prop_assert_eq!(restored.levels(), bench.levels());
    }
}
