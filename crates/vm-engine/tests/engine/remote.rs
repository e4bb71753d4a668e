//! Harts that ask each other for something and wait for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use vm_core::power::PowerEvent;
use vm_engine::{
    guest::riscv64::{Firmware, SbiCall, SbiReturn},
    vcpu::{VcpuExit, VcpuRequest, attention},
};

use crate::{
    common::asm::*,
    machine::{Machine, Running},
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
        while self.done(hart) < start + more {
            std::thread::sleep(Duration::from_micros(100));
        }
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
fn a_parked_hart_does_not_keep_others_waiting() {
    let (firmware, running) = start();
    running.control(1).request_pause();
    running.control(1).wait_paused();
    let parked = firmware.done(1);
    (0..4)
        .filter(|hart| *hart != 1)
        .for_each(|hart| firmware.wait(hart, 20));
    assert_eq!(firmware.done(1), parked, "it answers, but does not run");
    running.control(1).resume();
    firmware.wait(1, 5);
    running.stop();
}

#[test]
fn a_halted_hart_does_not_keep_others_waiting() {
    let firmware = Arc::new(Flusher::default());
    let machine = calling(&firmware);
    machine.shared.vcpus()[2].set_halted(true);
    let running = machine.start();
    firmware.wait(0, 20);
    assert_eq!(firmware.done(2), 0);
    let pc = crate::machine::RAM;
    running.control(2).post(VcpuRequest::Start { pc, arg: 0 });
    firmware.wait(2, 5);
    running.stop();
}

#[test]
fn pausing_all_ends_whatever_they_wait_for() {
    let (firmware, running) = start();
    for _ in 0..50 {
        (0..4).for_each(|hart| firmware.wait(hart, 1));
        running.shared.pause();
        let calls = || (0..4).map(|hart| firmware.done(hart)).sum::<u64>();
        let (before, epoch) = (calls(), running.shared.blocks.epoch());
        assert_eq!(
            before,
            firmware.begun.load(Ordering::SeqCst),
            "none is in a call"
        );
        for control in running.shared.vcpus() {
            assert_eq!(control.attention() & attention::REQUEST, 0);
        }
        std::thread::yield_now();
        assert_eq!((calls(), running.shared.blocks.epoch()), (before, epoch));
        running.shared.resume();
    }
    running.stop();
}

#[test]
fn stopping_ends_whatever_they_wait_for() {
    for _ in 0..20 {
        let (firmware, running) = start();
        while firmware.begun.load(Ordering::SeqCst) < 8 {
            std::thread::yield_now();
        }
        // One after the other, as a caller without MachineShared would.
        for control in running.shared.vcpus() {
            control.raise_attention(attention::STOP);
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
    (0..3).for_each(|hart| firmware.wait(hart, 20));
    assert!(!running.control(3).is_running());
    for control in running.shared.vcpus() {
        control.raise_attention(attention::STOP);
    }
    let exits: Vec<_> = running.exits().into_iter().map(|(_, exit)| exit).collect();
    let reset = VcpuExit::Power(PowerEvent::Reset);
    let stopped = VcpuExit::Stopped;
    assert_eq!(exits, [stopped, stopped, stopped, reset]);
}
