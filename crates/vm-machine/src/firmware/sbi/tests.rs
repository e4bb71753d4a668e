use std::{sync::Arc, thread};

use parking_lot::Mutex;
use vm_core::{AccessSize, GuestPhysAddr, PowerEvent, time::AlarmService, time::ManualClock};
use vm_device::bus::MmioBus;
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64, interrupt_bits},
    vcpu::{Completion, Core, MachineShared, VcpuControl, VcpuRequest, exit_request},
};
use vm_mem::GuestRam;
use vm_testing::{join, wait_until};

use super::*;

const RAM: u64 = 0x8000_0000;
const RAM_LEN: u64 = 0x10_0000;

#[derive(Default)]
struct TestConsole {
    printed: Mutex<Vec<u8>>,
    input: Mutex<Vec<u8>>,
    full: Mutex<bool>,
}

impl FirmwareConsole for TestConsole {
    fn write(&self, bytes: &[u8]) -> usize {
        if *self.full.lock() {
            return 0;
        }
        self.printed.lock().extend(bytes);
        bytes.len()
    }

    fn read(&self) -> Option<u8> {
        self.input.lock().pop()
    }
}

/// Four harts, of which none has a thread; hart 0 makes the calls.
struct Fixture {
    sbi: Sbi,
    console: Arc<TestConsole>,
    core: Core,
    hart: Riscv64,
}

impl Fixture {
    fn new() -> Self {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), RAM_LEN)]).unwrap();
        let alarms = AlarmService::start(Arc::new(ManualClock::default())).unwrap();
        let shared = Arc::new(MachineShared::new(
            ram,
            Arc::new(MmioBus::new()),
            Arc::new(alarms),
        ));
        let controls: Vec<_> = (0..4)
            .map(|hart| Arc::new(VcpuControl::new(hart != 0)))
            .collect();
        shared.attach(controls.clone());
        let mut core = Core::new(0, Arc::clone(&controls[0]), shared);
        let mut hart = Riscv64::new(HartConfig {
            vendor_id: 0x123,
            arch_id: 0x456,
            implementation_id: 0x789,
            ..HartConfig::default()
        });
        hart.reset_to_supervisor(&mut core, RAM, 0, 0);
        let console = Arc::new(TestConsole::default());
        Self {
            sbi: Sbi::new(4, console.clone()),
            console,
            core,
            hart,
        }
    }

    fn call(&mut self, extension: u64, function: u64, args: &[u64]) -> SbiReturn {
        let mut registers = [0; 8];
        registers[..args.len()].copy_from_slice(args);
        registers[6] = function;
        registers[7] = extension;
        self.sbi.ecall(SbiCall {
            args: registers,
            core: &mut self.core,
            hart: &mut self.hart,
        })
    }

    fn interrupts(&self) -> Vec<u64> {
        let vcpus = self.core.machine.vcpus().iter();
        vcpus
            .map(|vcpu| vcpu.lines() >> interrupt_bits::SSI & 1)
            .collect()
    }

    fn requests(&self, hart: usize) -> Vec<VcpuRequest> {
        self.core.machine.vcpus()[hart].take_requests()
    }
}

fn done(value: u64) -> SbiReturn {
    SbiReturn::Done { error: 0, value }
}

fn failed(error: SbiError) -> SbiReturn {
    let error = error as i64;
    SbiReturn::Done { error, value: 0 }
}

#[test]
fn the_base_extension_tells_what_there_is() {
    let mut fixture = Fixture::new();
    let mut base = |function, arg| fixture.call(extension::BASE, function, &[arg]);
    assert_eq!(base(0, 0), done(0x0200_0000));
    assert_eq!(base(4, 0), done(0x123));
    assert_eq!(base(5, 0), done(0x456));
    assert_eq!(base(6, 0), done(0x789));
    assert_eq!(base(7, 0), failed(SbiError::NotSupported));
    for served in ["TIME", "RFNC", "SRST", "DBCN", "\0HSM", "\0sPI"] {
        let name = u32::from_be_bytes(served.as_bytes().try_into().unwrap());
        assert_eq!(base(3, name.into()), done(1), "{served}");
    }
    for served in 0..=8 {
        assert_eq!(base(3, served), done(1), "legacy {served}");
    }
    for missing in [9, 15, 0x0050_4d55, u64::MAX] {
        assert_eq!(base(3, missing), done(0), "{missing:#x}");
    }
    let unknown = fixture.call(9, 0, &[0]);
    assert_eq!(unknown, failed(SbiError::NotSupported));
}

#[test]
fn the_timer_raises_its_interrupt_when_due() {
    let mut fixture = Fixture::new();
    let pending = |fixture: &Fixture| fixture.core.control.lines() >> interrupt_bits::STI & 1;
    fixture.call(extension::TIME, 0, &[u64::MAX]);
    assert_eq!(pending(&fixture), 0);
    assert_eq!(fixture.call(extension::TIME, 0, &[0]), done(0));
    assert_eq!(pending(&fixture), 1);
    let legacy = fixture.call(extension::LEGACY_SET_TIMER, 0, &[1000]);
    assert_eq!(legacy, SbiReturn::Legacy { value: 0 });
    assert_eq!(pending(&fixture), 0);
    let unknown = fixture.call(extension::TIME, 1, &[0]);
    assert_eq!(unknown, failed(SbiError::NotSupported));
}

#[test]
fn interrupts_reach_the_harts_of_the_mask() {
    let mut fixture = Fixture::new();
    fixture.sbi.set_started(&[true, true, true, false]);
    assert_eq!(fixture.call(extension::IPI, 0, &[0b101, 1]), done(0));
    assert_eq!(fixture.interrupts(), [0, 1, 0, 0], "the last is stopped");
    assert_eq!(fixture.call(extension::IPI, 0, &[0, u64::MAX]), done(0));
    assert_eq!(fixture.interrupts(), [1, 1, 1, 0]);
    let wrong = fixture.call(extension::IPI, 0, &[0b1000, 1]);
    assert_eq!(wrong, failed(SbiError::InvalidParam));
    fixture.call(extension::IPI, 0, &[1, 0]);
    let cleared = fixture.call(extension::LEGACY_CLEAR_IPI, 0, &[]);
    assert_eq!(cleared, SbiReturn::Legacy { value: 0 });
    assert_eq!(fixture.interrupts(), [0, 1, 1, 0]);
    fixture.call(extension::IPI, 0, &[1, 0]);
    assert_eq!(fixture.call(extension::HSM, 1, &[]), SbiReturn::Stop);
    assert_eq!(fixture.interrupts(), [0, 1, 1, 0], "a start begins anew");
}

#[test]
fn legacy_calls_find_their_mask_in_memory() {
    let mut fixture = Fixture::new();
    fixture.sbi.set_started(&[true; 4]);
    let ram = fixture.core.machine.ram.clone();
    let mask = |mask: u64| ram.store(GuestPhysAddr(RAM), AccessSize::Double, mask);
    let ok = SbiReturn::Legacy { value: 0 };
    mask(0b1_0100).unwrap();
    assert_eq!(fixture.call(extension::LEGACY_SEND_IPI, 0, &[RAM]), ok);
    assert_eq!(fixture.interrupts(), [0, 0, 1, 0]);
    assert_eq!(fixture.call(extension::LEGACY_SEND_IPI, 0, &[0]), ok);
    assert_eq!(fixture.interrupts(), [1; 4]);
    mask(0b1000).unwrap();
    assert_eq!(fixture.call(extension::LEGACY_FENCE_I, 0, &[RAM]), ok);
    let args = [RAM, 0x1000, 0x2000, 7];
    assert_eq!(fixture.call(extension::LEGACY_SFENCE, 0, &args), ok);
    assert_eq!(fixture.call(extension::LEGACY_SFENCE_ASID, 0, &args), ok);
    assert!(fixture.requests(2).is_empty());
    let asked = fixture.requests(3);
    let fences = asked
        .iter()
        .filter(|asked| !matches!(asked, VcpuRequest::Notify(_)));
    let pages = |asid| move |request: &VcpuRequest| matches!(request, VcpuRequest::FlushTlb { va: 0x1000, pages: 2, asid: found } if *found == asid);
    let fences: Vec<_> = fences.collect();
    assert!(
        matches!(fences[0], VcpuRequest::SyncInstructions),
        "{asked:?}"
    );
    assert!(
        pages(None)(fences[1]) && pages(Some(7))(fences[2]),
        "{asked:?}"
    );
    let nowhere = fixture.call(extension::LEGACY_SEND_IPI, 0, &[8]);
    let SbiReturn::Fault(exception) = nowhere else {
        panic!("{nowhere:?}");
    };
    assert_eq!((exception.cause, exception.value), (5, 8));
}

#[test]
fn fences_are_asked_of_the_harts_of_the_mask() {
    let mut fixture = Fixture::new();
    let args = [0b10, 0, 0x1000, 0x2000, 7];
    assert_eq!(fixture.call(extension::RFENCE, 2, &args), done(0));
    assert!(fixture.requests(2).is_empty());
    let asked = fixture.requests(1);
    assert!(
        matches!(
            asked[..],
            [
                VcpuRequest::FlushTlb {
                    va: 0x1000,
                    pages: 2,
                    asid: Some(7)
                },
                VcpuRequest::Notify(_)
            ]
        ),
        "{asked:?}"
    );
    assert_eq!(fixture.call(extension::RFENCE, 0, &[0, u64::MAX]), done(0));
    assert!(matches!(
        fixture.requests(3)[..],
        [VcpuRequest::SyncInstructions, VcpuRequest::Notify(_)]
    ));
    for function in 3..8 {
        let call = fixture.call(extension::RFENCE, function, &args);
        assert_eq!(call, failed(SbiError::NotSupported));
    }
    let nobody = fixture.call(extension::RFENCE, 1, &[1, 9]);
    assert_eq!(nobody, failed(SbiError::InvalidParam));
}

#[test]
fn harts_start_once_and_stop() {
    let mut fixture = Fixture::new();
    let mut hsm = |function, args: &[u64]| fixture.call(extension::HSM, function, args);
    assert_eq!(hsm(2, &[1]), done(1));
    assert_eq!(hsm(0, &[1, RAM + 4, 99]), done(0));
    assert_eq!(hsm(2, &[1]), done(2), "it has no thread to run on");
    assert_eq!(hsm(0, &[1, RAM, 0]), failed(SbiError::InvalidParam));
    assert_eq!(hsm(0, &[0, RAM, 0]), failed(SbiError::AlreadyAvailable));
    assert_eq!(hsm(0, &[4, RAM, 0]), failed(SbiError::InvalidParam));
    assert_eq!(hsm(2, &[4]), failed(SbiError::InvalidParam));
    for nowhere in [0, RAM + 1, RAM + RAM_LEN, u64::MAX] {
        assert_eq!(hsm(0, &[2, nowhere, 0]), failed(SbiError::InvalidAddress));
    }
    assert_eq!(hsm(4, &[]), failed(SbiError::NotSupported));
    assert_eq!(hsm(1, &[]), SbiReturn::Stop);
    assert_eq!(hsm(2, &[0]), done(1));
    let asked = fixture.requests(1);
    assert!(
        matches!(asked[..], [VcpuRequest::Start { entry, argument: 99 }] if entry == RAM + 4),
        "{asked:?}"
    );
    assert_eq!(fixture.sbi.started(), [false, true, false, false]);
}

#[test]
fn harts_suspend_in_the_two_standard_ways() {
    let mut fixture = Fixture::new();
    let mut suspend = |kind, pc| fixture.call(extension::HSM, 3, &[kind, pc, 5]);
    assert_eq!(suspend(0, 0), SbiReturn::Suspend);
    assert_eq!(
        suspend(0x8000_0000, RAM),
        SbiReturn::SuspendAndStart { pc: RAM, arg: 5 }
    );
    assert_eq!(fixture.call(extension::HSM, 2, &[0]), done(4));
    fixture.sbi.running(0);
    let mut suspend = |kind, pc| fixture.call(extension::HSM, 3, &[kind, pc, 5]);
    assert_eq!(suspend(0x8000_0000, 0), failed(SbiError::InvalidAddress));
    for reserved in [1, 0x0fff_ffff, 0x8000_0001] {
        assert_eq!(suspend(reserved, RAM), failed(SbiError::InvalidParam));
    }
    for platforms in [0x1000_0000, 0x7fff_ffff, 0x9000_0000, 0xffff_ffff] {
        assert_eq!(suspend(platforms, RAM), failed(SbiError::NotSupported));
    }
    assert_eq!(fixture.call(extension::HSM, 2, &[0]), done(0));
}

#[test]
fn reset_types_become_power_events() {
    let mut fixture = Fixture::new();
    let mut reset = |kind, reason| fixture.call(extension::SRST, 0, &[kind, reason]);
    let off = SbiReturn::Power(PowerEvent::PowerOff { status: 0 });
    assert_eq!(reset(0, 0), off);
    assert_eq!(reset(0, 1), SbiReturn::Power(PowerEvent::Panic));
    assert_eq!(reset(1, 0), SbiReturn::Power(PowerEvent::Reset));
    assert_eq!(reset(2, 1), SbiReturn::Power(PowerEvent::Reset));
    assert_eq!(reset(3, 0), failed(SbiError::InvalidParam));
    assert_eq!(reset(0, 2), failed(SbiError::InvalidParam));
    assert_eq!(reset(1 << 32, 0), failed(SbiError::InvalidParam));
    assert_eq!(reset(0, 1 << 32), failed(SbiError::InvalidParam));
    assert_eq!(fixture.call(extension::LEGACY_SHUTDOWN, 0, &[]), off);
    let unknown = fixture.call(extension::SRST, 1, &[]);
    assert_eq!(unknown, failed(SbiError::NotSupported));
}

#[test]
fn the_debug_console_moves_memory() {
    let mut fixture = Fixture::new();
    let ram = fixture.core.machine.ram.clone();
    ram.write(GuestPhysAddr(RAM + 16), b"hello").unwrap();
    let dbcn = |fixture: &mut Fixture, function, args: &[u64]| {
        fixture.call(extension::DBCN, function, args)
    };
    assert_eq!(dbcn(&mut fixture, 0, &[5, RAM + 16, 0]), done(5));
    assert_eq!(dbcn(&mut fixture, 2, &[u64::from(b'!') | 0x100]), done(0));
    assert_eq!(*fixture.console.printed.lock(), b"hello!");

    fixture.console.input.lock().extend(b"cba");
    assert_eq!(dbcn(&mut fixture, 1, &[2, RAM + 64, 0]), done(2));
    assert_eq!(dbcn(&mut fixture, 1, &[9, RAM + 66, 0]), done(1));
    assert_eq!(dbcn(&mut fixture, 1, &[9, RAM + 66, 0]), done(0));
    let word = ram.load(GuestPhysAddr(RAM + 64), AccessSize::Word);
    assert_eq!(word, Some(0x0063_6261));

    for (len, low, high) in [
        (5, 0, 0),
        (2, RAM + RAM_LEN - 1, 0),
        (u64::MAX, RAM, 0),
        (1, RAM, 1),
    ] {
        for function in [0, 1] {
            let call = dbcn(&mut fixture, function, &[len, low, high]);
            assert_eq!(call, failed(SbiError::InvalidParam));
        }
    }
    assert_eq!(dbcn(&mut fixture, 0, &[RAM_LEN, RAM, 0]), done(4096));
    assert_eq!(dbcn(&mut fixture, 3, &[]), failed(SbiError::NotSupported));
}

#[test]
fn a_full_console_does_not_outlast_the_machine() {
    let mut fixture = Fixture::new();
    *fixture.console.full.lock() = true;
    assert_eq!(fixture.call(extension::DBCN, 0, &[1, RAM, 0]), done(0));
    fixture.core.control.request_exit(exit_request::STOP);
    let calls = [(extension::DBCN, 2), (extension::LEGACY_PUTCHAR, 0)];
    for (extension, function) in calls {
        // Nothing is lost: the call is made again.
        let byte = fixture.call(extension, function, &[65]);
        assert_eq!(byte, SbiReturn::Again);
    }
}

#[test]
fn a_hart_that_waits_for_the_console_does_what_others_ask() {
    for (extension, function) in [(extension::DBCN, 2), (extension::LEGACY_PUTCHAR, 0)] {
        let mut fixture = Fixture::new();
        *fixture.console.full.lock() = true;
        let console = Arc::clone(&fixture.console);
        let machine = Arc::clone(&fixture.core.machine);
        let caller = thread::spawn(move || {
            let answer = fixture.call(extension, function, &[u64::from(b'x')]);
            (answer, fixture.core.jump_flush.is_pending())
        });
        let done = Arc::new(Completion::new(1));
        let notify = VcpuRequest::Notify(Arc::clone(&done));
        machine.vcpus()[0].post_all([VcpuRequest::SyncInstructions, notify]);
        wait_until("the answer of a hart that prints", || done.is_done());
        assert!(console.printed.lock().is_empty());
        *console.full.lock() = false;
        let (answer, flushes) = join("the hart", caller);
        assert!(matches!(
            answer,
            SbiReturn::Done { error: 0, .. } | SbiReturn::Legacy { value: 0 }
        ));
        assert!(flushes);
        assert_eq!(*console.printed.lock(), b"x");
    }
}

#[test]
fn the_legacy_console_has_no_memory() {
    let mut fixture = Fixture::new();
    fixture.console.input.lock().push(b'x');
    fixture.call(extension::LEGACY_PUTCHAR, 0, &[u64::from(b'y')]);
    assert_eq!(*fixture.console.printed.lock(), b"y");
    let mut getchar = || fixture.call(extension::LEGACY_GETCHAR, 0, &[]);
    assert_eq!(
        getchar(),
        SbiReturn::Legacy {
            value: i64::from(b'x')
        }
    );
    assert_eq!(getchar(), SbiReturn::Legacy { value: -1 });
}
