//! Jumps that lead further than the reach of a processor's.

use vm_cross_arch::host::{Backend, Native};

use super::*;
use crate::jit::Processor;

/// Pages of code, which follow each other in virtual memory, but not in physical memory.
const PAGES: usize = 64;
/// Blocks of a page.
const ROWS: usize = 60;
const BLOCKS: usize = PAGES * ROWS;
/// Coprime to the number of blocks: so many others are made between those that follow
/// each other.
const STRIDE: usize = 1543;
/// Coprime to the number of pages.
const SHUFFLE: usize = 37;

/// Tables of three levels, and the code, as offsets in RAM.
const TABLES: [u64; 3] = [0x1_0000, 0x1_1000, 0x1_2000];
const CODE: usize = 0x2_0000;
/// Where the code is mapped.
const VIRTUAL: usize = 0x1_0000;

/// Offset from the start of the mapped code of block `number`: each is in the page after
/// that of the one before.
fn block(number: usize) -> usize {
    number % PAGES * 0x1000 + number / PAGES * 16
}

fn physical_page(page: usize) -> usize {
    CODE + page * SHUFFLE % PAGES * 0x1000
}

/// Blocks that count in A3 and jump to the next one, the last to the first. Before them
/// is what switches translation on.
fn ring() -> Program {
    let mut code = vec![[0; 2]; BLOCKS];
    for (number, insns) in code.iter_mut().enumerate() {
        let next = block((number + 1) % BLOCKS) as i32;
        let distance = next - (block(number) + 4) as i32;
        *insns = [addi(A3, A3, 1), jal(ZERO, distance)];
    }
    let mut p = Program::new();
    p.li(A1, VIRTUAL as u64);
    p.put([csrrw(ZERO, SATP, A0), jalr(ZERO, A1, 0)]);
    // In the order of physical memory.
    let mut pages: Vec<usize> = (0..PAGES).collect();
    pages.sort_by_key(|&page| physical_page(page));
    for page in pages {
        for row in 0..ROWS {
            let at = physical_page(page) + row * 16;
            p.pad(at as i32).put(code[row * PAGES + page]);
        }
    }
    p
}

/// A hart in the ring of blocks, of which each was made on its own.
fn hart(processor: Processor, code_bytes: usize) -> TranslatedVcpu<Riscv64> {
    let mut vcpu = harts(1, &ring()).remove(0);
    let policy = TierPolicy {
        threshold: 0,
        code_bytes,
    };
    let engine = Engine::Jit(policy);
    vcpu.set_engine_for(engine, processor).unwrap();
    let [root, middle, last] = TABLES;
    vcpu.core
        .set(regs::x(A0 as u8), 8 << 60 | (RAM + root) >> 12);
    poke(&vcpu, root, pointer(middle));
    poke(&vcpu, root + 2 * 8, leaf(0));
    poke(&vcpu, middle, pointer(last));
    for page in 0..PAGES {
        let entry = last + (VIRTUAL as u64 / 0x1000 + page as u64) * 8;
        poke(&vcpu, entry, leaf(physical_page(page) as u64));
    }
    while vcpu.pc != VIRTUAL as u64 {
        assert!(vcpu.run_for(1).is_none());
    }
    vcpu.refresh_tier1(true);
    for number in (0..BLOCKS).map(|n| n * STRIDE % BLOCKS) {
        vcpu.pc = (VIRTUAL + block(number)) as u64;
        assert!(vcpu.find_host().is_some());
    }
    vcpu
}

/// How far A3 gets in so many rounds.
fn count(vcpu: &mut TranslatedVcpu<Riscv64>, rounds: usize) -> u64 {
    let before = x(vcpu, A3);
    vcpu.pc = VIRTUAL as u64;
    assert!(vcpu.run_for((2 * BLOCKS * rounds) as u64).is_none());
    assert_eq!(vcpu.pc, VIRTUAL as u64);
    x(vcpu, A3) - before
}

/// Runs the ring, rewrites some of its blocks, and runs it again.
fn run(vcpu: &mut TranslatedVcpu<Riscv64>) {
    assert_eq!(count(vcpu, 5), 5 * BLOCKS as u64);
    for number in (0..BLOCKS).step_by(100) {
        let (core, guest) = (&mut vcpu.core, &mut vcpu.guest);
        let (va, insn) = ((VIRTUAL + block(number)) as u64, addi(A3, A3, 3));
        memory::store(core, guest, va, AccessSize::Word, insn.into()).unwrap();
    }
    let rewritten = BLOCKS.div_ceil(100);
    assert_eq!(count(vcpu, 5), 5 * (BLOCKS + 2 * rewritten) as u64);
}

#[test]
fn blocks_that_jumps_do_not_reach_are_linked_by_veneers() {
    if !jit::SUPPORTED {
        return;
    }
    let mut vcpu = hart(Processor::least(), 4 << 20);
    run(&mut vcpu);
    let cache = &vcpu.tier1.as_ref().unwrap().cache;
    assert_eq!(cache.stats.evictions, 0);
    let (to_stubs, to_blocks) = cache.veneers();
    assert!(to_stubs > 0, "stubs are at the start of code memory");
    // The rest is near by chance.
    let most = BLOCKS * 9 / 10;
    assert!(to_blocks >= most, "only {to_blocks} of {BLOCKS}");
    assert!(cache.stats.links as usize >= BLOCKS);
}

#[test]
fn veneers_go_with_the_code_that_they_belong_to() {
    if !jit::SUPPORTED {
        return;
    }
    let mut vcpu = hart(Processor::least(), 520 << 10);
    run(&mut vcpu);
    let cache = &vcpu.tier1.as_ref().unwrap().cache;
    assert_ne!(cache.stats.evictions, 0);
    assert_ne!(cache.veneers().1, 0);
}

#[test]
fn where_jumps_reach_everything_there_are_no_veneers() {
    if !jit::SUPPORTED {
        return;
    }
    let reached = (Native::LEAST_REACH as usize).min(4 << 20) & !0xffff;
    let mut vcpu = hart(Processor::of_host(), reached);
    run(&mut vcpu);
    let cache = &vcpu.tier1.as_ref().unwrap().cache;
    assert_eq!(cache.veneers(), (0, 0));
}
