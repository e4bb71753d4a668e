//! Speed of tier 0 on an integer loop, in guest instructions per second.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "../tests/common/mod.rs"]
mod common;

/// Instructions that `integer.S` executes: 16 a round, plus the few around it.
const INSTRUCTIONS: u64 = 16 * 2_000_000 / 8;

fn integer_loop(criterion: &mut Criterion) {
    let code = include_bytes!("guest/integer.bin");
    let mut group = criterion.benchmark_group("interpreter");
    group.throughput(Throughput::Elements(INSTRUCTIONS));
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(5));
    group.bench_function("integer_loop", |bencher| {
        bencher.iter_batched(
            || common::Bare::new(1, code),
            common::Bare::run,
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, integer_loop);
criterion_main!(benches);
