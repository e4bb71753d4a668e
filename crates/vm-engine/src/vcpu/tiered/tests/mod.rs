//! What tier 1 does where only its insides show it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use vm_core::{AccessSize, GuestPhysAddr, time::AlarmService};
use vm_cross_arch::guest::riscv64::{Rv64, regs};
use vm_mem::GuestRam;
use vm_testing::within;

use super::*;
use crate::{
    atomic,
    guest::riscv64::{HartConfig, Riscv64, testing::NoDevices},
    vcpu::{MachineShared, VcpuControl, VcpuRequest},
};
use asm::{FENCE_I, Program, addi, csrrw, jal, jalr, reg::*};

#[allow(dead_code, reason = "the engine's tests need more of it")]
#[path = "../../../../tests/common/asm.rs"]
mod asm;
mod veneers;

const RAM: u64 = 0x8000_0000;
const SATP: u32 = 0x180;
/// A valid leaf, readable, writable, executable, accessed, dirty.
const LEAF: u64 = 0xcf;
const POINTER: u64 = 1;

/// What the assembler uses, too.
const STOP: u64 = 0;
fn words(code: &[u32]) -> Vec<u8> {
    code.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Harts in S-mode at the start of `code`, every block compiled.
fn harts(count: usize, code: &Program) -> Vec<TranslatedVcpu<Riscv64>> {
    let ram = GuestRam::new(&[(GuestPhysAddr(RAM), 1 << 20)]).unwrap();
    ram.write(GuestPhysAddr(RAM), &code.bytes()).unwrap();
    let clock = Arc::new(vm_core::time::ManualClock::default());
    let alarms = Arc::new(AlarmService::start(clock).unwrap());
    let shared = Arc::new(MachineShared::new(ram, Arc::new(NoDevices), alarms));
    let controls = (0..count).map(|_| Arc::new(VcpuControl::new(false)));
    shared.attach(controls.collect());
    let hart = |index: usize| {
        let control = Arc::clone(&shared.vcpus()[index]);
        let guest = Riscv64::new(HartConfig::default());
        let mut vcpu = TranslatedVcpu::new(index, control, Arc::clone(&shared), guest, RAM);
        vcpu.guest.reset_to_supervisor(&mut vcpu.core, RAM, 0, 0);
        let policy = TierPolicy {
            threshold: 0,
            code_bytes: 4 << 20,
        };
        if jit::SUPPORTED {
            vcpu.set_engine(Engine::Jit(policy)).unwrap();
        }
        vcpu
    };
    (0..count).map(hart).collect()
}

fn poke(vcpu: &TranslatedVcpu<Riscv64>, offset: u64, value: u64) {
    let addr = GuestPhysAddr(RAM + offset);
    let stored = vcpu.core.machine.ram.store(addr, AccessSize::Double, value);
    stored.unwrap();
}

fn x(vcpu: &TranslatedVcpu<Riscv64>, n: u32) -> u64 {
    vcpu.core.get(regs::x(n as u8))
}

/// The leaf for the page at an offset in RAM.
fn leaf(offset: u64) -> u64 {
    (RAM + offset) >> 12 << 10 | LEAF
}

fn pointer(offset: u64) -> u64 {
    (RAM + offset) >> 12 << 10 | POINTER
}

#[test]
fn a_guard_never_passes_for_a_number_of_another_round() {
    if !jit::SUPPORTED {
        return;
    }
    // Three tables; the page at VA 0x1_0000 jumps to the one at 0x1_1000 and that back.
    let (root, middle, last) = (0x1_0000, 0x1_1000, 0x1_2000);
    let (here, there, elsewhere) = (0x2000, 0x4000, 0x6000);
    let mut p = Program::new();
    p.li(A1, 0x1_0000);
    p.put([csrrw(ZERO, SATP, A0), jalr(ZERO, A1, 0)]);
    p.pad(here as i32).put([jal(ZERO, 0x1000)]);
    p.pad(there as i32)
        .put([addi(A3, A3, 1), jal(ZERO, -0x1004)]);
    p.pad(elsewhere as i32)
        .put([addi(A4, A4, 1), jal(ZERO, -0x1004)]);
    let mut vcpu = harts(1, &p).remove(0);
    let satp = 8 << 60 | (RAM + root) >> 12;
    vcpu.core.set(regs::x(A0 as u8), satp);
    poke(&vcpu, root, pointer(middle));
    poke(&vcpu, root + 2 * 8, leaf(0));
    poke(&vcpu, middle, pointer(last));
    poke(&vcpu, last + 0x10 * 8, leaf(here));
    let mut run = |target: u64| {
        poke(&vcpu, last + 0x11 * 8, leaf(target));
        vcpu.core.control.post(everything());
        let jumps = &mut vcpu.tier1.as_mut().unwrap().cache.jumps;
        // Both times, the same numbers come next.
        jumps.leave_numbers(0);
        // The loop has three instructions: both times, it begins at the same one.
        assert!(vcpu.run_for(999).is_none());
        (x(&vcpu, A3), x(&vcpu, A4))
    };
    run(there);
    let before = run(there);
    assert!(before.0 > 500 && before.1 == 0, "{before:?}");
    let after = run(elsewhere);
    assert_eq!(after, (before.0, 333), "what was mapped before still runs");
}

/// Counts in A3, and fences.
fn fencing() -> Program {
    let mut p = Program::new();
    p.pad(0x2000).put([addi(A3, A3, 1), FENCE_I, jal(ZERO, -8)]);
    p
}

#[test]
fn code_is_compared_until_all_know_of_its_page_whoever_marked_it() {
    if !jit::SUPPORTED {
        return;
    }
    let code = RAM + 0x2000;
    let [mut fencer, mut storer, mut marker] =
        <[_; 3]>::try_from(harts(3, &fencing())).ok().unwrap();
    // A vCPU that does not look around for a while, with direct access to the page.
    let _running = storer.core.control.enter();
    let mut store = |va, value| {
        let (core, guest) = (&mut storer.core, &mut storer.guest);
        memory::store(core, guest, va, AccessSize::Word, value).unwrap();
        let entry = core.tlb.lookup(va >> 12, core.data_space, core.accept[1]);
        assert_ne!(entry.unwrap().host_write, 0, "nobody has heard of it");
    };
    store(code + 0x100, 0);
    for vcpu in [&mut marker, &mut fencer] {
        vcpu.pc = code;
        assert!(vcpu.run_for(300).is_none());
    }
    assert_eq!((x(&fencer, A3), x(&fencer, A4)), (100, 0));
    store(code, addi(A4, A4, 1).into());
    assert!(fencer.run_for(300).is_none());
    // The first time, it had not fenced yet.
    assert_eq!((x(&fencer, A3), x(&fencer, A4)), (101, 99));
}

#[test]
fn a_fence_waits_for_writes_that_have_begun() {
    within("the end of a fence", || {
        let mut vcpu = harts(1, &fencing()).remove(0);
        vcpu.pc = RAM + 0x2000;
        let shared = Arc::clone(&vcpu.core.machine);
        let has_ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let pending = shared.ram.begin_write();
            let fencer = scope.spawn(|| {
                assert!(vcpu.run_for(3).is_none());
                has_ended.load(Ordering::SeqCst)
            });
            // Time enough to get past the fence.
            std::thread::sleep(Duration::from_millis(100));
            has_ended.store(true, Ordering::SeqCst);
            drop(pending);
            assert!(fencer.join().unwrap(), "the write was still going on");
        });
    });
}

#[test]
fn writes_of_devices_end_reservations() {
    let vcpu = &mut harts(2, &Program::new())[0];
    let (core, guest) = (&mut vcpu.core, &mut vcpu.guest);
    let (at, size) = (RAM + 0x1_0040, AccessSize::Double);
    let ram = core.machine.ram.clone();
    // The value stays what it was.
    for (written, bytes, holds) in [
        (at, 8, false),
        (at + 0x3f, 1, false),
        (at - 8, 9, false),
        (at - 0x8040, 0x9000, false),
        (at - 8, 8, true),
        (at + 0x40, 0x8000, true),
    ] {
        assert_eq!(atomic::load_reserved(core, guest, at, size), Ok(0));
        ram.write(GuestPhysAddr(written), &vec![0; bytes]).unwrap();
        let stored = atomic::store_conditional(core, guest, at, size, 0);
        assert_eq!(stored, Ok(holds), "{bytes} bytes at {written:#x}");
    }
}

fn everything() -> VcpuRequest {
    VcpuRequest::FlushTlb {
        va: 0,
        pages: u64::MAX,
        asid: None,
    }
}

#[test]
fn the_ir_of_a_block_is_kept_for_other_vcpus_alone() {
    if !jit::SUPPORTED {
        return;
    }
    for count in [1, 2] {
        let mut vcpus = harts(count, &fencing());
        for vcpu in &mut vcpus {
            vcpu.pc = RAM + 0x2000;
            assert!(vcpu.run_for(300).is_none());
            assert_eq!(x(vcpu, A3), 100);
            assert_eq!(vcpu.take_stats().tier1.code.blocks, 2);
        }
        let TranslatedVcpu { core, jump_key, .. } = &vcpus[0];
        let (machine, key) = (&core.machine, jump_key.context);
        let addr = GuestPhysAddr(RAM + 0x2000);
        let code = machine.blocks.get(&machine.ram, addr, key).unwrap();
        let context = IsaContext::from_key(key);
        let mut anew = Rv64::lift(context, code.source(), 64).unwrap();
        passes::optimize(&mut anew, Rv64::INFO);
        assert_eq!(code.ir(), (count > 1).then_some(anew));
    }
}
