use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::power::PowerEvent;
use vm_cross_arch::guest::riscv64::{Helper, regs};
use vm_testing::within;

use crate::{
    cache::JumpFlush,
    guest::{
        Exception, Guest, Outcome,
        riscv64::{
            Extensions, Firmware, HartConfig,
            Privilege::{Machine, Supervisor, User},
            SbiCall, SbiReturn,
            testing::{Fixture, RAM},
        },
    },
    vcpu::{VcpuExit, VcpuRequest, exit_request},
};

/// What a scripted firmware does with a call.
type Script = Box<dyn Fn(&mut SbiCall<'_>) -> SbiReturn + Send + Sync>;

struct Scripted {
    script: Script,
    calls: Mutex<Vec<[u64; 8]>>,
    running: Mutex<Vec<usize>>,
}

impl Firmware for Scripted {
    fn ecall(&self, mut call: SbiCall<'_>) -> SbiReturn {
        self.calls.lock().push(call.args);
        (self.script)(&mut call)
    }

    fn running(&self, hart: usize) {
        self.running.lock().push(hart);
    }
}

type Answer = Result<Outcome, Exception>;

fn scripted(
    script: impl Fn(&mut SbiCall<'_>) -> SbiReturn + Send + Sync + 'static,
) -> Arc<Scripted> {
    Arc::new(Scripted {
        script: Box::new(script),
        calls: Mutex::default(),
        running: Mutex::default(),
    })
}

/// A hart in S-mode that calls `firmware` once.
fn call(firmware: Arc<Scripted>) -> (Fixture, Answer) {
    let config = HartConfig {
        hart_id: 6,
        firmware: Some(firmware),
        ..HartConfig::default()
    };
    let mut f = Fixture::with(config);
    f.hart.reset_to_supervisor(&mut f.core, RAM, 0, 0);
    for n in 10..18 {
        f.core.set(regs::x(n), 100 + u64::from(n));
    }
    let answer = f.helper(Helper::Ecall, [0; 3]);
    (f, answer)
}

fn results(f: &Fixture) -> (u64, u64) {
    (f.slot(regs::x(10)), f.slot(regs::x(11)))
}

#[test]
fn arguments_go_in_and_both_results_come_out() {
    let firmware = scripted(|_| SbiReturn::Done {
        error: -2,
        value: 5,
    });
    let (f, answer) = call(firmware.clone());
    assert_eq!(answer, Ok(Outcome::Value(0)));
    assert_eq!(results(&f), (-2i64 as u64, 5));
    assert_eq!(
        *firmware.calls.lock(),
        [[110, 111, 112, 113, 114, 115, 116, 117]]
    );
}

#[test]
fn legacy_calls_leave_a1_alone() {
    let (f, answer) = call(scripted(|_| SbiReturn::Legacy { value: -1 }));
    assert_eq!(
        (answer, results(&f)),
        (Ok(Outcome::Value(0)), (u64::MAX, 111))
    );
}

#[test]
fn only_supervisors_call_firmware() {
    let firmware = scripted(|_| SbiReturn::Stop);
    for (from, cause) in [(User, 8), (Machine, 11)] {
        let config = HartConfig {
            firmware: Some(firmware.clone()),
            ..HartConfig::default()
        };
        let mut f = Fixture::with(config);
        let answer = f.enter(from).helper(Helper::Ecall, [0; 3]);
        assert_eq!(answer, Err(Exception { cause, value: 0 }));
    }
    assert!(firmware.calls.lock().is_empty());
}

#[test]
fn a_stopped_hart_halts_until_started() {
    let (mut f, answer) = call(scripted(|_| SbiReturn::Stop));
    assert!(matches!(answer, Ok(Outcome::Value(_))));
    assert!(f.core.control.awaits_start());
    assert_ne!(f.core.control.exit_requests(), 0, "the loop must notice");
    f.core.control.set_line(1, true);
    f.enter(User);
    let pc = f.hart.start(&mut f.core, RAM + 8, 9);
    assert_eq!((pc, results(&f)), (RAM + 8, (6, 9)));
    assert_eq!((f.hart.privilege(), f.csr(0x180)), (Supervisor, 0));
    assert_eq!(f.csr(0x144), 2, "an interrupt sent meanwhile stays");
}

#[test]
fn suspended_harts_return_or_start_anew() {
    let firmware = scripted(|_| SbiReturn::Suspend);
    let (mut f, answer) = call(firmware.clone());
    assert_eq!((answer, results(&f)), (Ok(Outcome::Halt), (0, 0)));
    assert!(firmware.running.lock().is_empty());
    assert_eq!(f.hart.woken(&mut f.core), None);
    assert_eq!(*firmware.running.lock(), [0]);
    assert_eq!(f.hart.woken(&mut f.core), None, "after a mere WFI");
    assert_eq!(*firmware.running.lock(), [0]);

    let firmware = scripted(|call| {
        call.set_timer(0);
        call.hart.regs.mie = 1 << 5;
        call.hart.regs.satp = 8 << 60;
        SbiReturn::SuspendAndStart { pc: 0x40, arg: 7 }
    });
    let (mut f, answer) = call(firmware.clone());
    assert_eq!(
        (answer, f.hart.wake_pending(&f.core)),
        (Ok(Outcome::Halt), true)
    );
    assert_eq!(f.hart.woken(&mut f.core), Some(0x40));
    assert_eq!((results(&f), &*firmware.running.lock()), ((6, 7), &vec![0]));
    assert_eq!((f.csr(0x180), f.csr(0x104)), (0, 0));
    assert!(f.load(RAM).is_ok());
}

#[test]
fn power_events_leave_the_loop() {
    let (_, answer) = call(scripted(|_| SbiReturn::Power(PowerEvent::Reset)));
    assert_eq!(
        answer,
        Ok(Outcome::Exit(VcpuExit::Power(PowerEvent::Reset)))
    );
}

#[test]
fn timers_are_the_harts_stimecmp() {
    let (f, _) = call(scripted(|call| {
        call.set_timer(1234);
        SbiReturn::Done { error: 0, value: 0 }
    }));
    assert_eq!(f.csr(0x14d), 1234);
}

#[test]
fn timers_need_no_sstc() {
    let firmware = scripted(|call| {
        call.set_timer(call.args[0]);
        SbiReturn::Done { error: 0, value: 0 }
    });
    let extensions = Extensions {
        sstc: false,
        ..Extensions::default()
    };
    let config = HartConfig {
        firmware: Some(firmware),
        extensions,
        ..HartConfig::default()
    };
    let mut f = Fixture::with(config);
    f.hart.reset_to_supervisor(&mut f.core, RAM, 0, 0);
    assert_eq!(f.try_csr(0x14d), None);
    f.helper(Helper::Ecall, [0; 3]).unwrap();
    assert_eq!((f.csr(0x144), f.core.control.lines()), (1 << 5, 1 << 5));
    f.core.set(regs::x(10), 1);
    f.helper(Helper::Ecall, [0; 3]).unwrap();
    assert_eq!((f.csr(0x144), f.core.control.lines()), (0, 0));
}

#[test]
fn requests_run_on_all_targets_before_the_call_returns() {
    within("a call that waits for another hart", || {
        let firmware = scripted(|call| {
            // What another hart asks meanwhile must be served, or both would wait.
            let asked = VcpuRequest::DropWrites { page: RAM >> 12 };
            call.core.control.post(asked);
            let flush = VcpuRequest::FlushTlb {
                va: 0,
                pages: u64::MAX,
                asid: None,
            };
            call.run_on(0..2, &[flush, VcpuRequest::SyncInstructions]);
            SbiReturn::Done {
                error: 0,
                value: call.core.machine.blocks.epoch(),
            }
        });
        let config = HartConfig {
            firmware: Some(firmware),
            ..HartConfig::default()
        };
        let mut harts = Fixture::harts(vec![config.clone(), config]);
        let (mut other, mut own) = (harts.remove(1), harts.remove(0));
        own.hart.reset_to_supervisor(&mut own.core, RAM, 0, 0);
        own.core.jump_flush = JumpFlush::default();
        let epoch = own.core.machine.blocks.epoch();
        let running = other.core.control.enter();
        let server = std::thread::spawn(move || {
            let mut flushes = 0;
            loop {
                other.core.control.sleep_until(|| false);
                other.core.control.take_exit_requests(exit_request::REQUEST);
                for request in other.core.control.take_requests() {
                    match request {
                        VcpuRequest::Notify(done) => {
                            done.complete();
                            return flushes;
                        }
                        VcpuRequest::FlushTlb { va, pages, asid } => {
                            flushes += 1;
                            other.hart.flush(&mut other.core, va, pages, asid);
                        }
                        other => assert!(matches!(other, VcpuRequest::SyncInstructions)),
                    }
                }
            }
        });
        own.helper(Helper::Ecall, [0; 3]).unwrap();
        assert_eq!(server.join().unwrap(), 1);
        drop(running);
        assert!(own.core.jump_flush.is_pending());
        assert_eq!(results(&own), (0, epoch + 1), "the own part");
    });
}

#[test]
fn a_target_alone_needs_no_other_hart() {
    let (f, _) = call(scripted(|call| {
        call.core.jump_flush = JumpFlush::default();
        call.run_on(std::iter::once(0), &[VcpuRequest::SyncInstructions]);
        SbiReturn::Done {
            error: 0,
            value: call.core.jump_flush.is_pending().into(),
        }
    }));
    assert_eq!(results(&f), (0, 1));
}
