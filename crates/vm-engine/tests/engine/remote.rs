//! Harts that ask each other for something and wait for it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use vm_core::power::PowerEvent;
use vm_engine::{
    guest::riscv64::{Firmware, SbiCall, SbiReturn},
    vcpu::{VcpuExit, VcpuRequest, exit_request},
};
use vm_testing::wait_until;

use crate::{
    common::asm::{reg::A1, *},
    machine::{Machine, RAM, Running},
};

/// Firmware whose every call makes all harts flush, and waits for that.
#[derive(Default)]
struct Flusher {
    begun: AtomicU64,
    /// Calls that have returned, by hart.
    done: [AtomicU64; 4],
    /// The hart that powers off instead, if not 0.
    powers_off: u64,
}

impl Firmware for Flusher {
    fn ecall(&self, mut call: SbiCall<'_>) -> SbiReturn {
        let own = call.core.index;
        if self.powers_off != 0 && own as u64 == self.powers_off {
            self.done[own].fetch_add(1, Ordering::SeqCst);
            return SbiReturn::Power(PowerEvent::Reset);
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        let flush = VcpuRequest::FlushTlb {
            va: 0,
            pages: u64::MAX,
            asid: None,
        };
        call.run_on(0..4, &[flush, VcpuRequest::SyncInstructions]);
        self.done[own].fetch_add(1, Ordering::SeqCst);
        SbiReturn::Done { error: 0, value: 0 }
    }
}

impl Flusher {
    fn done(&self, hart: usize) -> u64 {
        self.done[hart].load(Ordering::SeqCst)
    }

    /// Waits until the hart has made `more` calls.
    fn wait(&self, hart: usize, more: u64) {
        let start = self.done(hart);
        wait_until("calls of the firmware", || self.done(hart) >= start + more);
    }

    /// Waits for the hart that powers off to ask for it, as it does once.
    fn wait_for_power_off(&self) {
        wait_until("the power event", || {
            self.done(self.powers_off as usize) == 1
        });
    }
}

/// Four harts that call the firmware over and over.
fn calling(firmware: &Arc<Flusher>) -> Machine {
    let mut p = Program::new();
    p.put([ECALL, jal(0, -4)]);
    Machine::with_firmware(4, &p, Some(Arc::clone(firmware) as _))
}

fn start() -> (Arc<Flusher>, Running) {
    let firmware = Arc::new(Flusher::default());
    let running = calling(&firmware).start();
    (firmware, running)
}

#[test]
fn all_harts_may_wait_for_each_other() {
    let (firmware, running) = start();
    (0..4).for_each(|hart| firmware.wait(hart, 20));
    let epoch = running.shared.blocks.epoch();
    let begun = firmware.begun.load(Ordering::SeqCst);
    running.stop();
    assert!(epoch > 0 && begun >= 80);
}

#[test]
fn a_hart_that_awaits_its_start_does_not_keep_others_waiting() {
    let firmware = Arc::new(Flusher::default());
    let machine = calling(&firmware);
    machine.shared.vcpus()[2].set_awaits_start(true);
    let running = machine.start();
    firmware.wait(0, 20);
    assert_eq!(firmware.done(2), 0);
    running.control(2).post(VcpuRequest::Start {
        entry: RAM,
        argument: 0,
    });
    firmware.wait(2, 5);
    running.stop();
}

#[test]
fn pausing_all_ends_whatever_they_wait_for() {
    let (firmware, mut running) = start();
    for _ in 0..50 {
        (0..4).for_each(|hart| firmware.wait(hart, 1));
        let mut machine = running.pause();
        let calls = || (0..4).map(|hart| firmware.done(hart)).sum::<u64>();
        let before = calls();
        assert_eq!(
            before,
            firmware.begun.load(Ordering::SeqCst),
            "none is in a call"
        );
        for hart in &mut machine.vcpus {
            hart.serve_requests();
            assert_eq!(hart.core.control.exit_requests() & exit_request::REQUEST, 0);
        }
        std::thread::yield_now();
        assert_eq!(calls(), before);
        running = machine.start();
    }
    running.stop();
}

#[test]
fn stopping_ends_whatever_they_wait_for() {
    for _ in 0..20 {
        let (firmware, running) = start();
        wait_until("calls of the firmware", || {
            firmware.begun.load(Ordering::SeqCst) >= 8
        });
        // One after the other, as a caller without MachineShared would.
        for control in running.shared.vcpus() {
            control.request_exit(exit_request::STOP);
            std::thread::yield_now();
        }
        running.join();
    }
}

#[test]
fn a_hart_that_has_left_its_loop_is_not_waited_for() {
    let firmware = Arc::new(Flusher {
        powers_off: 3,
        ..Flusher::default()
    });
    let running = calling(&firmware).start();
    firmware.wait_for_power_off();
    wait_until("the end of a hart", || !running.control(3).is_running());
    (0..3).for_each(|hart| firmware.wait(hart, 20));
    assert!(!running.control(3).is_running());
    for control in running.shared.vcpus() {
        control.request_exit(exit_request::STOP);
    }
    let exits: Vec<_> = running.exits().into_iter().map(|(_, exit)| exit).collect();
    let reset = VcpuExit::Power(PowerEvent::Reset);
    let stopped = VcpuExit::Stopped;
    assert_eq!(exits, [stopped, stopped, stopped, reset]);
}

/// Firmware whose calls wait for a gate.
#[derive(Default)]
struct Gate {
    open: AtomicBool,
    calls: AtomicU64,
}

impl Firmware for Gate {
    fn ecall(&self, mut call: SbiCall<'_>) -> SbiReturn {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if call.wait_until(|| self.open.load(Ordering::SeqCst)) {
            SbiReturn::Done { error: 0, value: 7 }
        } else {
            SbiReturn::Again
        }
    }
}

#[test]
fn a_call_that_waits_is_made_anew_after_a_pause() {
    let gate = Arc::new(Gate::default());
    let mut p = Program::new();
    p.put([ECALL]).stop_with(A1);
    let machine = Machine::with_firmware(1, &p, Some(Arc::clone(&gate) as _));
    let mut running = machine.start();
    for calls in 1..=3 {
        wait_until("the call", || gate.calls.load(Ordering::SeqCst) == calls);
        let machine = running.pause();
        let hart = &machine.vcpus[0];
        assert_eq!((hart.pc, hart.core.instructions_retired()), (RAM, 0));
        running = machine.start();
    }
    gate.open.store(true, Ordering::SeqCst);
    let (result, harts) = running.end();
    assert_eq!(result, 7);
    assert!(harts[0].core.instructions_retired() > 0);
}
