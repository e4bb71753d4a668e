//! What a TLB lookup costs: with and without a first level, by access pattern, by
//! policy and by size. Every figure is the time of one lookup, and of the refill where
//! one is needed.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use vm_mem::{
    Perms, Space, Tlb, TlbEntry,
    tlb::{Level, Lru, NoLevel, PseudoLru, Random, ReplacementPolicy, TlbLevel},
};

const SPACE: Space = Space::new(1, 0, 42);
/// Lookups in one sequence, which is run as a whole.
const LOOKUPS: usize = 4096;

type DefaultL1 = TlbLevel<64, 4, Lru>;
type DefaultL2 = TlbLevel<512, 8, Lru>;

fn entry(vpn: u64) -> TlbEntry {
    TlbEntry {
        vpn,
        space: SPACE,
        ppn: vpn,
        host: (vpn << 12) as usize,
        host_write: (vpn << 12) as usize,
        page_shift: 12,
        global: false,
        perms: Perms::ALL,
    }
}

/// A generator with a period long enough that no sequence repeats (xorshift64).
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 20
}

fn sequential(pages: u64) -> Vec<u64> {
    (0..pages).cycle().take(LOOKUPS).collect()
}

fn strided(pages: u64, stride: u64) -> Vec<u64> {
    (0..pages)
        .map(|n| n * stride)
        .cycle()
        .take(LOOKUPS)
        .collect()
}

fn uniform(pages: u64) -> Vec<u64> {
    let mut state = 0x1234_5678_9abc_def1;
    (0..LOOKUPS).map(|_| random(&mut state) % pages).collect()
}

/// Nine of ten lookups go to 16 pages.
fn hot_set(pages: u64) -> Vec<u64> {
    let mut state = 0x1234_5678_9abc_def1;
    let mut pick = || {
        let range = if random(&mut state).is_multiple_of(10) {
            pages
        } else {
            16
        };
        random(&mut state) % range
    };
    (0..LOOKUPS).map(|_| pick()).collect()
}

/// The time of `iterations` lookups, if `body` does [`LOOKUPS`] at once.
fn per_lookup(iterations: u64, mut body: impl FnMut() -> usize) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        black_box(body());
    }
    start.elapsed() / LOOKUPS as u32
}

/// Runs the sequence; a miss inserts, as a page walk would, at no further cost.
fn run<L1: Level, L2: Level>(tlb: &mut Tlb<L1, L2>, sequence: &[u64]) -> usize {
    let mut sum = 0usize;
    for &vpn in sequence {
        let host = match tlb.lookup(vpn, SPACE, Perms::SUPERVISOR_READ) {
            Some(found) => found.host,
            None => {
                tlb.insert(entry(vpn));
                0
            }
        };
        sum = sum.wrapping_add(host);
    }
    sum
}

/// Feeds each answer into the next question.
fn chase(tlb: &mut Tlb<DefaultL1, DefaultL2>) -> usize {
    let mut vpn = 0;
    for _ in 0..LOOKUPS {
        let found = tlb.lookup(vpn, SPACE, Perms::SUPERVISOR_READ);
        vpn = (found.map_or(0, |e| e.ppn) + 1) & 31;
    }
    vpn as usize
}

fn measure<L1: Level + Default, L2: Level + Default>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    sequence: &[u64],
) {
    let mut tlb = Tlb::<L1, L2>::new();
    run(&mut tlb, sequence);
    tlb.reset_stats();
    run(&mut tlb, sequence);
    let stats = tlb.stats();
    let rates = (stats.l1.hit_rate() * 100.0, stats.l2.hit_rate() * 100.0);
    println!(
        "{name}: L1 hits {:.1} %, L2 hits {:.1} % of the rest",
        rates.0, rates.1
    );
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| per_lookup(iterations, || run(&mut tlb, black_box(sequence))));
    });
}

/// The promise of SPECIFICATION.md: a hit in the first level. The dependent figure is the
/// latency that a guest's pointer chase waits for.
fn levels(c: &mut Criterion) {
    let mut group = c.benchmark_group("hit");
    measure::<DefaultL1, DefaultL2>(&mut group, "L1", &sequential(32));
    measure::<NoLevel, DefaultL2>(&mut group, "L2, no L1", &sequential(32));
    measure::<DefaultL1, DefaultL2>(&mut group, "L2, L1 thrashed", &sequential(512));
    let mut tlb = Tlb::<DefaultL1, DefaultL2>::new();
    run(&mut tlb, &sequential(32));
    group.bench_function("L1, dependent", |b| {
        b.iter_custom(|iterations| per_lookup(iterations, || chase(&mut tlb)));
    });
    group.finish();
}

fn patterns(c: &mut Criterion) {
    for (level, has_l1) in [("with L1", true), ("without L1", false)] {
        let mut group = c.benchmark_group(format!("pattern, {level}"));
        for (name, sequence) in [
            ("sequential 256", sequential(256)),
            ("random 256", uniform(256)),
            ("random 4096", uniform(4096)),
            ("stride 3 of 64", strided(64, 3)),
            ("stride 16 of 64", strided(64, 16)),
            ("hot set", hot_set(4096)),
        ] {
            if has_l1 {
                measure::<DefaultL1, DefaultL2>(&mut group, name, &sequence);
            } else {
                measure::<NoLevel, DefaultL2>(&mut group, name, &sequence);
            }
        }
        group.finish();
    }
}

fn policy<P: ReplacementPolicy>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str) {
    let sequence = hot_set(1024);
    measure::<TlbLevel<64, 4, P>, TlbLevel<512, 8, P>>(group, name, &sequence);
}

fn policies(c: &mut Criterion) {
    let mut group = c.benchmark_group("policy, hot set of 1024");
    policy::<Lru>(&mut group, "LRU");
    policy::<PseudoLru>(&mut group, "pseudo-LRU");
    policy::<Random>(&mut group, "random");
    group.finish();
}

fn sizes(c: &mut Criterion) {
    let mut group = c.benchmark_group("size, random 256");
    let sequence = uniform(256);
    measure::<TlbLevel<16, 4, Lru>, DefaultL2>(&mut group, "L1 16x4", &sequence);
    measure::<TlbLevel<64, 1, Lru>, DefaultL2>(&mut group, "L1 64x1", &sequence);
    measure::<TlbLevel<64, 4, Lru>, DefaultL2>(&mut group, "L1 64x4", &sequence);
    measure::<TlbLevel<64, 8, Lru>, DefaultL2>(&mut group, "L1 64x8", &sequence);
    measure::<TlbLevel<256, 4, Lru>, DefaultL2>(&mut group, "L1 256x4", &sequence);
    measure::<TlbLevel<64, 4, Lru>, TlbLevel<128, 8, Lru>>(&mut group, "L2 128x8", &sequence);
    measure::<TlbLevel<64, 4, Lru>, TlbLevel<2048, 8, Lru>>(&mut group, "L2 2048x8", &sequence);
    group.finish();
}

fn config() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = benches;
    config = config();
    targets = levels, patterns, policies, sizes
}
criterion_main!(benches);
