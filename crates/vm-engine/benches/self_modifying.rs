//! Speed of loops that store to pages with code, in rounds per second.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[path = "../tests/common/mod.rs"]
mod common;

use common::asm::{FENCE_I, Program, RET, addi, jalr, reg::*, sd, sw};

const ROUNDS: u64 = 100_000;
/// Where the loop stores to, and where it finds code to modify.
const CODE_LINE: i32 = 0x40;
const DATA_LINE: i32 = 0x800;
const OTHER_PAGE: i32 = 0x4000;
const FUNCTION: i32 = 0x100;

/// A loop of `body`, with the address of `target` in A1.
fn rounds(target: i32, body: &[u32]) -> Vec<u8> {
    let mut p = Program::new();
    p.li(A0, ROUNDS).li(A1, common::RAM + target as u64);
    p.li(A2, addi(A3, A3, 1).into());
    p.pad(CODE_LINE);
    let start = p.here();
    p.put(body.iter().copied()).put([addi(A0, A0, -1)]);
    p.bne_to(A0, ZERO, start).stop_with(A3);
    p.pad(FUNCTION).put([addi(A3, A3, 2), RET]);
    p.bytes()
}

fn bench(criterion: &mut Criterion) {
    let store = [sd(A0, A1, 0)];
    let modify = [sw(A2, A1, 0), FENCE_I, jalr(RA, A1, 0)];
    let mut group = criterion.benchmark_group("self_modifying");
    group.throughput(Throughput::Elements(ROUNDS));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for (name, code) in [
        ("store_to_other_page", rounds(OTHER_PAGE, &store)),
        ("store_to_own_page", rounds(DATA_LINE, &store)),
        ("store_to_own_line", rounds(CODE_LINE + 0x38, &store)),
        ("modify_fence_call", rounds(FUNCTION, &modify)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || common::Bare::new(1, &code),
                common::Bare::run,
                criterion::BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
