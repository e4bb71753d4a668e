//! What turning a guest's code into the host's costs, on the kernel of the
//! default guest: by number of guest instructions, and step by step.
//!
//! Targets: 100 instructions emitted in 10 µs, and in 25 µs with decoding,
//! lifting and passes.

use std::{hint::black_box, path::PathBuf};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use vm_core::GuestArch;
use vm_cross_arch::{
    guest::riscv64::{LiftContext, LiftLimits, lift_block},
    host::{
        contract::{Request, StateLayout},
        x86_64::{Backend, Features, Pins, ReservationCells},
    },
    ir::Block,
    passes,
};

/// Sizes of the samples, in guest instructions.
const SIZES: [usize; 5] = [10, 100, 500, 1000, 5000];
/// Blocks are as long as the engine lets them be.
const BLOCK_INSNS: u16 = 64;
/// Where the kernel's own code is in its image, away from its start.
const TEXT: usize = 0x10_0000;
const CONTEXT: LiftContext = LiftContext {
    fp_enabled: true,
    rounding_valid: true,
};

/// The code of the default guest's kernel.
fn kernel_text() -> Vec<u8> {
    let cache = vm_image::default_cache_dir().expect("a cache directory");
    let options = vm_image::PullOptions::new(GuestArch::Riscv64, cache);
    let name: vm_image::ImageRef = "debian:13".parse().expect("a name");
    let guest = vm_image::ensure(&name, &options, &vm_image::Silent).expect("the default guest");
    let image = std::fs::read(PathBuf::from(&guest.kernel)).expect("its kernel");
    image[TEXT..].to_vec()
}

/// The source of consecutive blocks that hold `insns` instructions.
fn sources(text: &[u8], mut insns: usize) -> Vec<&[u8]> {
    let mut sources = Vec::new();
    let mut at = 0;
    while insns > 0 {
        let limit = BLOCK_INSNS.min(insns as u16);
        let block = lift(&text[at..], limit);
        sources.push(&text[at..at + usize::from(block.bytes)]);
        at += usize::from(block.bytes);
        insns -= usize::from(block.insns);
    }
    sources
}

fn lift(code: &[u8], limit: u16) -> Block {
    lift_block(code, &CONTEXT, &LiftLimits::insns(limit)).expect("whole instructions")
}

fn translate(code: &[u8]) -> Block {
    let mut block = lift(code, BLOCK_INSNS);
    passes::optimize(&mut block);
    block
}

/// A vCPU's state that is laid out like the engine's.
fn backend() -> Backend {
    let cell = |number: i32| 2048 + 16 * number;
    Backend {
        layout: StateLayout {
            slots: -128,
            budget: cell(0),
            bias: cell(1),
            place: cell(1) + 8,
            jumps: cell(2),
            tlb: cell(3),
            site_pc: cell(4),
            site: cell(5),
            callee: cell(6),
            next: cell(7),
            args: cell(8),
            arg_bytes: 16,
            fp_flags: cell(11),
            fp_clear: cell(15),
            fp_control: cell(16),
            host_fp_control: cell(17),
        },
        pins: Pins::RISCV64,
        features: Features::detect(),
        watched_stores: None,
        reservation: Some(ReservationCells {
            host: cell(18),
            value: cell(19),
        }),
    }
}

const REQUEST: Request = Request {
    code_pc: 0x8030_0000_u32 as i32,
    first_exit: 0,
    first_op: 0,
    rounds_to_nearest: true,
};

fn compilation(criterion: &mut Criterion) {
    let (text, backend) = (kernel_text(), backend());
    let mut group = criterion.benchmark_group("jit_compilation");
    group.sample_size(20);
    for size in SIZES {
        let sources = sources(&text, size);
        let blocks: Vec<Block> = sources.iter().map(|code| translate(code)).collect();
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("translate", size), |bencher| {
            bencher.iter(|| {
                sources
                    .iter()
                    .map(|code| translate(code).ops.len())
                    .sum::<usize>()
            });
        });
        group.bench_function(BenchmarkId::new("emit", size), |bencher| {
            let emit = |block| backend.emit(black_box(block), &REQUEST).bytes.len();
            bencher.iter(|| blocks.iter().map(emit).sum::<usize>());
        });
        group.bench_function(BenchmarkId::new("all", size), |bencher| {
            let emit = |code: &&[u8]| backend.emit(&translate(code), &REQUEST).bytes.len();
            bencher.iter(|| sources.iter().map(emit).sum::<usize>());
        });
    }
    group.finish();
}

criterion_group!(benches, compilation);
criterion_main!(benches);
