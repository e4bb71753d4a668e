use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use vm_core::{AccessKind, GuestPhysAddr, power::PowerEvent};
use vm_cross_arch::{
    guest::{Isa, riscv64::Rv64},
    ir::{Terminator, fixed},
};
use vm_testing::within;

use crate::{
    guest::{
        Exception, Guest,
        riscv64::{
            Firmware, HartConfig,
            Privilege::{Machine, Supervisor, User},
            SbiCall, SbiReturn,
            testing::{Fixture, RAM},
        },
    },
    vcpu::{TranslatedVcpu, VcpuExit},
};

#[test]
fn exceptions_have_the_codes_of_their_access() {
    let f = Fixture::new();
    for (kind, access, misaligned) in [
        (AccessKind::Read, 5, 4),
        (AccessKind::Write, 7, 6),
        (AccessKind::Execute, 1, 0),
    ] {
        assert_eq!(
            f.hart.access_fault(9, kind),
            Exception {
                cause: access,
                value: 9
            }
        );
        assert_eq!(
            f.hart.misaligned(9, kind),
            Exception {
                cause: misaligned,
                value: 9
            }
        );
    }
}

#[test]
fn context_tells_privilege_and_floating_point_apart() {
    let mut f = Fixture::new();
    let mut seen = std::collections::HashSet::new();
    for mode in [User, Supervisor, Machine] {
        for fs in [0, 1 << 13] {
            f.enter(Machine).write(0x300, fs);
            assert!(seen.insert(f.enter(mode).hart.context()));
        }
    }
    f.enter(Machine).write(0x300, 1 << 13);
    let clean = f.hart.context();
    f.core.set(fixed::FP_DIRTY, 1);
    f.write(0x300, 3 << 13);
    assert_eq!(
        f.hart.context(),
        clean,
        "dirty or clean, the code is the same"
    );
}

#[test]
fn floating_point_is_lifted_by_context() {
    let mut f = Fixture::new();
    // fadd.d ft0, ft0, ft0 with the dynamic rounding mode.
    let code = 0x0200_7053_u32.to_le_bytes();
    let legal = |f: &Fixture| {
        let block = Rv64::lift(f.hart.context(), &code, 1).unwrap();
        !matches!(block.end, Terminator::Helper { .. })
    };
    assert!(!legal(&f));
    f.write(0x300, 1 << 13);
    assert!(legal(&f));
    f.write(2, 5);
    assert!(!legal(&f));
    assert!(
        Rv64::lift(f.hart.context(), &code[..2], 1).is_none(),
        "half an instruction"
    );
}

/// Takes over at the first call and powers off with what was in a0 and a1.
struct PowerOff;

impl Firmware for PowerOff {
    fn ecall(&self, call: SbiCall<'_>) -> SbiReturn {
        let [cause, late, ..] = call.args;
        let status = if late as i64 >= 0 {
            cause as u32
        } else {
            u32::MAX
        };
        SbiReturn::Power(PowerEvent::PowerOff { status })
    }
}

/// Sleeps in S-mode until `stimecmp` fires, then reports `scause` in a0 and how
/// many ticks late the handler ran in a1.
const TIMER_PROGRAM: &[u32] = &[
    0x0000_0297, // auipc t0, 0
    0x0402_8293, // addi t0, t0, 0x40
    0x1052_9073, // csrw stvec, t0
    0x0200_0293, // li t0, 1 << 5
    0x1042_9073, // csrw sie, t0
    0xc010_2373, // rdtime t1
    0x7d03_0313, // addi t1, t1, 2000
    0x14d3_1073, // csrw stimecmp, t1
    0x1001_6073, // csrsi sstatus, 2
    0x1050_0073, // again: wfi
    0xfe04_8ee3, // beqz s1, again
    0x0080_0893, // li a7, 8
    0x0004_8513, // mv a0, s1
    0x0009_0593, // mv a1, s2
    0x0000_0073, // ecall
    0x0000_006f, // j .
    0x1420_24f3, // handler: csrr s1, scause
    0xc010_23f3, // rdtime t2
    0x4063_8933, // sub s2, t2, t1
    0xfff0_0293, // li t0, -1
    0x14d2_9073, // csrw stimecmp, t0
    0x1020_0073, // sret
];

#[test]
fn a_kernel_sleeps_until_its_timer_fires() {
    within("the end of the program", || {
        let config = HartConfig {
            firmware: Some(Arc::new(PowerOff)),
            ..HartConfig::default()
        };
        let Fixture { hart, core, clock } = Fixture::with(config);
        let code: Vec<u8> = TIMER_PROGRAM
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        core.machine.ram.write(GuestPhysAddr(RAM), &code).unwrap();
        let (control, machine) = (core.control.clone(), core.machine.clone());
        let mut vcpu = TranslatedVcpu::new(0, control, machine, hart, RAM);
        vcpu.guest.reset_to_supervisor(&mut vcpu.core, RAM, 0, 0);
        let done = AtomicBool::new(false);
        let exit = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    clock.advance_ns(1000);
                    std::thread::yield_now();
                }
            });
            let exit = vcpu.run();
            done.store(true, Ordering::SeqCst);
            exit
        });
        assert_eq!(exit, VcpuExit::Power(PowerEvent::PowerOff { status: 5 }));
        assert_eq!(vcpu.guest.privilege(), Supervisor);
    });
}
