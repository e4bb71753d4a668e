//! What a TLB lookup costs: with and without a first level, by access pattern, by
//! policy and by size, on the pages that a program of the guest touches and on made-up
//! ones. Every figure is the time of one lookup, and of the refill where one is needed.
//!
//! Target: a hit in less than 50 ns.

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use vm_bench::{
    fetch, pages,
    workloads::{SPACE, look_up},
};
use vm_mem::{
    Perms, Tlb,
    tlb::{Level, Lru, NoLevel, PseudoLru, Random, ReplacementPolicy, TlbLevel},
};

mod common;

use common::CpuTime;

/// Lookups in one sequence, which is run as a whole.
const LOOKUPS: usize = 4096;
/// The same of a real program, longer so that it has phases.
const REAL_LOOKUPS: usize = 65_536;

type DefaultL1 = TlbLevel<64, 4, Lru>;
type DefaultL2 = TlbLevel<512, 8, Lru>;

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

/// The time per lookup of `iterations` runs of `body`, which does so many at once.
fn per_lookup(iterations: u64, lookups: usize, mut body: impl FnMut() -> u64) -> Duration {
    let start = CpuTime::now();
    for _ in 0..iterations {
        black_box(body());
    }
    (CpuTime::now() - start).div_f64(lookups as f64)
}

/// Feeds each answer into the next question.
fn chase(tlb: &mut Tlb<DefaultL1, DefaultL2>) -> u64 {
    let mut vpn = 0;
    for _ in 0..LOOKUPS {
        let found = tlb.lookup(vpn, SPACE, Perms::SUPERVISOR_READ);
        vpn = (found.map_or(0, |e| e.ppn) + 1) & 31;
    }
    vpn
}

/// Measures a sequence on a TLB that has seen it.
fn measure<L1: Level + Default, L2: Level + Default>(
    group: &mut BenchmarkGroup<'_, CpuTime>,
    name: &str,
    sequence: &[u64],
) {
    let mut tlb = Tlb::<L1, L2>::new();
    look_up(&mut tlb, sequence);
    tlb.reset_stats();
    look_up(&mut tlb, sequence);
    let stats = tlb.stats();
    let rates = (stats.l1.hit_rate() * 100.0, stats.l2.hit_rate() * 100.0);
    println!(
        "{name}: L1 hits {:.1} %, L2 hits {:.1} % of the rest",
        rates.0, rates.1
    );
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let run = || look_up(&mut tlb, black_box(sequence));
            per_lookup(iterations, sequence.len(), run)
        });
    });
}

/// The promise of SPECIFICATION.md: a hit in the first level. The dependent figure is the
/// latency that a guest's pointer chase waits for.
fn levels(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("tlb_lookup, hit");
    measure::<DefaultL1, DefaultL2>(&mut group, "L1", &sequential(32));
    measure::<NoLevel, DefaultL2>(&mut group, "L2, no L1", &sequential(32));
    measure::<DefaultL1, DefaultL2>(&mut group, "L2, L1 thrashed", &sequential(512));
    let mut tlb = Tlb::<DefaultL1, DefaultL2>::new();
    look_up(&mut tlb, &sequential(32));
    group.bench_function("L1, dependent", |b| {
        b.iter_custom(|iterations| per_lookup(iterations, LOOKUPS, || chase(&mut tlb)));
    });
    group.finish();
}

/// What a program of the guest does.
fn real(c: &mut Criterion<CpuTime>) {
    let code = fetch::guest_code().expect("the default guest");
    let pages = pages::of_sort(&code, REAL_LOOKUPS).expect("busybox sorts");
    let mut group = c.benchmark_group("tlb_lookup, sort's pages");
    measure::<DefaultL1, DefaultL2>(&mut group, "with L1", &pages);
    measure::<NoLevel, DefaultL2>(&mut group, "without L1", &pages);
    measure::<TlbLevel<16, 4, Lru>, DefaultL2>(&mut group, "L1 16x4", &pages);
    measure::<TlbLevel<64, 4, PseudoLru>, DefaultL2>(&mut group, "pseudo-LRU", &pages);
    measure::<TlbLevel<64, 4, Random>, DefaultL2>(&mut group, "random", &pages);
    group.finish();
}

fn patterns(c: &mut Criterion<CpuTime>) {
    for (level, has_l1) in [("with L1", true), ("without L1", false)] {
        let mut group = c.benchmark_group(format!("tlb_lookup, pattern, {level}"));
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

fn policy<P: ReplacementPolicy>(group: &mut BenchmarkGroup<'_, CpuTime>, name: &str) {
    let sequence = hot_set(1024);
    measure::<TlbLevel<64, 4, P>, TlbLevel<512, 8, P>>(group, name, &sequence);
}

fn policies(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("tlb_lookup, policy, hot set of 1024");
    policy::<Lru>(&mut group, "LRU");
    policy::<PseudoLru>(&mut group, "pseudo-LRU");
    policy::<Random>(&mut group, "random");
    group.finish();
}

fn sizes(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("tlb_lookup, size, random 256");
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

criterion_group! {
    name = benches;
    config = common::config();
    targets = levels, real, patterns, policies, sizes
}
criterion_main!(benches);
