//! What turning a guest's code into the host's costs, on the kernel of the default
//! guest: by number of guest instructions, step by step, with passes and without; the
//! memory that takes; and how often code is at hand when a program runs.
//!
//! Target: 100 instructions in less than 50 µs, all steps together.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vm_bench::{
    code::GuestCode,
    fetch,
    translation::{Processor, TRANSLATIONS},
    workloads::PROGRAMS,
};
use vm_cross_arch::{
    ir::{Block, Op},
    passes::Passes,
};
use vm_engine::vcpu::Engine;
use vm_user::Process;

mod common;

use common::CpuTime;

/// Sizes of the samples, in guest instructions.
const SIZES: [usize; 5] = [10, 100, 500, 1000, 5000];

fn compilation(criterion: &mut Criterion<CpuTime>) {
    let code = fetch::guest_code().expect("the default guest");
    let text = code.kernel_text().expect("a kernel");
    let pair = TRANSLATIONS[0];
    let emitter = (pair.emitter)(Processor::Full);
    let translate = |source: &&[u8], passes| pair.translate(source, passes).expect("whole");
    let emit = |block: &Block| emitter(black_box(block)).bytes.len();
    let mut group = criterion.benchmark_group("jit_compilation");
    for size in SIZES {
        let sources = pair.blocks(text, size).sources;
        let translated = |passes| -> Vec<Block> {
            let blocks = sources.iter().map(|source| translate(source, passes));
            blocks.collect()
        };
        group.throughput(Throughput::Elements(size as u64));
        for (name, passes) in [("passes", Passes::ALL), ("no passes", Passes::NONE)] {
            let blocks = translated(passes);
            memory(size, name, &blocks, blocks.iter().map(emit).sum());
            let all = |source: &&[u8]| emit(&translate(source, passes));
            group.bench_function(BenchmarkId::new(format!("all, {name}"), size), |bencher| {
                bencher.iter(|| sources.iter().map(all).sum::<usize>());
            });
            group.bench_function(BenchmarkId::new(format!("emit, {name}"), size), |bencher| {
                bencher.iter(|| blocks.iter().map(emit).sum::<usize>());
            });
        }
    }
    group.finish();
    cache_hits(&code);
}

/// Memory that the blocks take, for 100 guest instructions.
fn memory(insns: usize, passes: &str, blocks: &[Block], code: usize) {
    let ops: usize = blocks.iter().map(|block| block.ops.len()).sum();
    let per_100 = |bytes: usize| bytes as f64 * 100.0 / insns as f64;
    let name = format!("jit_compilation, {insns} instructions, {passes}");
    println!("fact: {name}, host code = {:.0} bytes/100", per_100(code));
    let ir = per_100(ops * size_of::<Op>());
    println!("fact: {name}, IR = {ir:.0} bytes/100");
}

/// How much of programs runs from compiled code, and how often a jump has to ask for
/// its target's.
fn cache_hits(code: &GuestCode) {
    for program in PROGRAMS {
        let (arguments, input) = (program.arguments, (program.input)());
        let process = Process::new(&code.busybox, arguments, &input, Engine::default());
        let mut process = process.expect("a process");
        for run in ["first run", "second run"] {
            let ended = process.run_well().expect("it runs");
            let stats = process.take_stats();
            let name = format!("jit_compilation, {}, {run}", program.name);
            let hits = stats.tier1.retired as f64 * 100.0 / ended.retired as f64;
            println!("fact: {name}, instructions run from the cache = {hits:.2} %");
            let asked = stats.tier1.calls.jumps as f64 * 1000.0 / ended.retired as f64;
            println!("fact: {name}, jumps that ask the engine = {asked:.3} per 1000 instructions");
            let kib = stats.tier1.code.bytes >> 10;
            println!("fact: {name}, code made = {kib} KiB");
            process.restart().expect("it starts again");
        }
    }
}

criterion_group! {
    name = benches;
    config = common::config();
    targets = compilation
}
criterion_main!(benches);
