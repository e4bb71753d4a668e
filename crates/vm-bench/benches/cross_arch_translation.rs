//! What a block's way from guest to host code costs, for every pair of architectures
//! that exists: on code of the kernel and of busybox, with fusion and constant
//! propagation and without, and with the caches cold and warm.
//!
//! Target: 100 instructions in less than 100 µs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vm_bench::{
    code::GuestCode,
    fetch,
    translation::{Processor, TRANSLATIONS, Translation},
    workloads::AWK,
};
use vm_cross_arch::passes::Passes;
use vm_engine::{jit, vcpu::Engine};
use vm_user::Process;

mod common;

use common::CpuTime;

/// Sizes of the samples, in guest instructions.
const SIZES: [usize; 2] = [100, 1000];

const VARIANTS: [(&str, Passes); 4] = [
    ("all passes", Passes::ALL),
    (
        "no fusion",
        Passes {
            fusion: false,
            ..Passes::ALL
        },
    ),
    (
        "no constants",
        Passes {
            constants: false,
            ..Passes::ALL
        },
    ),
    ("no passes", Passes::NONE),
];

fn pairs(criterion: &mut Criterion<CpuTime>) {
    let code = fetch::guest_code().expect("the default guest");
    for pair in TRANSLATIONS {
        variants(criterion, &code, pair);
        if jit::SUPPORTED && pair.host.name() == std::env::consts::ARCH {
            caches(criterion, &code, pair);
        }
    }
}

/// Decoding, lifting, passes, emission.
fn variants(criterion: &mut Criterion<CpuTime>, code: &GuestCode, pair: Translation) {
    let texts = [
        ("kernel", code.kernel_text().expect("a kernel")),
        ("busybox", code.busybox_text().expect("a program")),
    ];
    let emitter = (pair.emitter)(Processor::Full);
    let name = format!("cross_arch_translation, {}", pair.name());
    let mut group = criterion.benchmark_group(&name);
    for (origin, text) in texts {
        for size in SIZES {
            let sources = pair.blocks(text, size).sources;
            group.throughput(Throughput::Elements(size as u64));
            for (variant, passes) in VARIANTS {
                let translate = |source: &&[u8]| {
                    let block = pair.translate(black_box(source), passes).expect("whole");
                    emitter(&block).bytes.len()
                };
                let bytes: usize = sources.iter().map(translate).sum();
                let per_insn = bytes as f64 / size as f64;
                println!(
                    "fact: {name}, {origin}, {size} instructions, {variant} = \
                     {per_insn:.1} bytes/instruction"
                );
                let id = BenchmarkId::new(format!("{origin}, {variant}"), size);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| sources.iter().map(translate).sum::<usize>());
                });
            }
        }
    }
    group.finish();
}

/// A program on an engine that has not seen it, and on one that has.
fn caches(criterion: &mut Criterion<CpuTime>, code: &GuestCode, pair: Translation) {
    let input = (AWK.input)();
    let new = || Process::new(&code.busybox, AWK.arguments, &input, Engine::default());
    let timed = |process: &mut Process| {
        let start = CpuTime::now();
        process.run_well().expect("it runs");
        CpuTime::now() - start
    };
    let mut warm = new().expect("a process");
    let retired = warm.run_well().expect("it runs").retired;
    let name = format!("cross_arch_translation, {}, awk", pair.name());
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(retired));
    group.bench_function("cache cold", |bencher| {
        bencher.iter_custom(|iterations| {
            let run = |_| timed(&mut new().expect("a process"));
            (0..iterations).map(run).sum()
        });
    });
    group.bench_function("cache warm", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut run = |_| {
                warm.restart().expect("it starts again");
                timed(&mut warm)
            };
            (0..iterations).map(&mut run).sum()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = common::config();
    targets = pairs
}
criterion_main!(benches);
