//! The fixed selection by which regressions are found; `cargo xtask perf` measures
//! the same work. The interpreter's and the JIT's throughput are in it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vm_bench::{
    fetch,
    workloads::{WORKLOADS, Workload, counted_work},
};

mod common;

use common::CpuTime;

fn baseline(criterion: &mut Criterion<CpuTime>) {
    let code = fetch::guest_code().expect("the default guest");
    let mut group = criterion.benchmark_group("baseline");
    for Workload {
        name, unit, make, ..
    } in WORKLOADS
    {
        let mut work = make(&code).expect("the work can be made");
        work.prepare().expect("it can be prepared");
        let size = work.run().expect("it can be done");
        if let Some(unit) = unit {
            println!("fact: baseline, {name}, size = {size} {unit}");
            group.throughput(Throughput::Elements(size));
        }
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut timed = |_| {
                    work.prepare().expect("it can be prepared");
                    let start = CpuTime::now();
                    counted_work(work.as_mut()).expect("it can be done");
                    CpuTime::now() - start
                };
                (0..iterations).map(&mut timed).sum()
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = common::config();
    targets = baseline
}
criterion_main!(benches);
