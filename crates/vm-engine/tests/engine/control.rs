//! Sleeping, pausing, stopping, requests.

use std::{sync::Arc, time::Duration};

use vm_core::PAGE_SHIFT;
use vm_engine::{
    guest::Guest,
    vcpu::{Completion, TranslatedVcpu, VcpuRequest, exit_request},
};
use vm_testing::{join, wait_for, wait_until};
use vm_toy::{Sys, Toy, asm::Program, regs::r, status};

use crate::{
    common::asm::{self, reg::*, *},
    machine::{ACKNOWLEDGE, MSI, Machine, RAM, Running, STOP},
};

/// Where programs count.
const COUNT: u64 = 0x2000;
/// `mie.MSIE` and `mstatus.MIE`.
const MSIE: i32 = 1 << MSI;
const MIE: i32 = 1 << 3;

/// Toys that count at [`COUNT`] for ever.
fn counting(vcpus: usize) -> Machine<Toy> {
    let mut p = Program::default();
    p.set(1, RAM + COUNT);
    let top = p.here();
    p.put_imm("addi", 2, 2, 1).put("st64", 2, 1);
    p.to("jmp", 0, 0, top);
    Machine::toys(vcpus, &p)
}

/// Toys that wait for interrupts and count the times that they woke.
fn waiting(vcpus: usize, status: u64) -> Machine<Toy> {
    let mut p = Program::default();
    p.set(1, RAM + COUNT).set(3, ACKNOWLEDGE);
    p.set(5, RAM + 0x400).put("write", 5, Sys::Handler as u8);
    p.set(5, status).put("write", 5, Sys::Status as u8);
    let top = p.here();
    p.put("wait", 0, 0);
    if status == 0 {
        // Nobody takes it: acknowledge here. The wait may end for no reason.
        p.put("read", 6, Sys::Lines as u8);
        p.to("beq", 6, 7, top).put("st64", 7, 3);
    }
    p.put_imm("addi", 2, 2, 1).put("st64", 2, 1);
    p.to("jmp", 0, 0, top).pad(0x400);
    p.put_imm("addi", 4, 4, 1)
        .put("st64", 7, 3)
        .put("rti", 0, 0);
    Machine::toys(vcpus, &p)
}

/// The same on a RISC-V hart, which can enable lines one by one.
fn waiting_for_one_line() -> Machine {
    let mut p = asm::Program::new();
    p.li(A1, RAM + COUNT).li(A3, ACKNOWLEDGE);
    p.li(T1, RAM + 0x400).put([csrrw(ZERO, csr::MTVEC, T1)]);
    p.put([addi(T1, ZERO, MSIE), csrrw(ZERO, csr::MIE, T1)]);
    p.put([addi(T1, ZERO, MIE), csrrs(ZERO, csr::MSTATUS, T1)]);
    let top = p.here();
    p.put([WFI, addi(A2, A2, 1), sd(A2, A1, 0)]).j_to(top);
    p.pad(0x400).put([sd(ZERO, A3, 0), MRET]);
    Machine::new(1, &p)
}

/// Waits until the hart has done all that was asked of it.
fn settle<G: Guest>(running: &Running<G>, hart: usize) {
    let done = Arc::new(Completion::new(1));
    running
        .control(hart)
        .post(VcpuRequest::Notify(Arc::clone(&done)));
    wait_until("the requests of a hart", || done.is_done());
}

/// Raises the line and waits until so many interrupts were handled.
fn interrupt<G: Guest>(running: &Running<G>, interrupts: u64) {
    running.control(0).set_line(MSI, true);
    wait_acknowledged(running, interrupts);
}

fn wait_acknowledged<G: Guest>(running: &Running<G>, interrupts: u64) {
    wait_until("interrupts", || running.acknowledged() >= interrupts);
}

fn reg(hart: &TranslatedVcpu<Toy>, n: u8) -> u64 {
    hart.core.get(r(n))
}

#[test]
fn a_line_wakes_a_waiting_hart_and_its_handler_runs_if_it_may() {
    for (status, handled) in [(0, 0), (status::INTERRUPTS, 20)] {
        let running = waiting(1, status).start();
        for n in 1..=20 {
            interrupt(&running, n);
        }
        let harts = running.stop();
        assert_eq!(reg(&harts[0], 4), handled);
    }
}

#[test]
fn requests_do_not_end_a_wait() {
    let running = waiting_for_one_line().start();
    interrupt(&running, 1);
    for page in 0..20 {
        running.control(0).post(VcpuRequest::DropWrites { page });
        // An interrupt that is not enabled does not either.
        running.control(0).set_line(MSI + 4, page % 2 == 0);
        settle(&running, 0);
    }
    let machine = running.pause();
    let count = machine.peek(COUNT);
    let running = machine.start();
    interrupt(&running, 2);
    running.stop();
    // Each handled interrupt may end one wait.
    assert!(count <= 1, "{count}");
}

/// Time that threads named `name` have used, in scheduler ticks, once all sleep.
#[cfg(target_os = "linux")]
fn ticks_of_sleeping_threads(name: &str) -> u64 {
    wait_for("sleeping threads", || {
        let mut ticks = Some(0);
        for task in std::fs::read_dir("/proc/self/task").unwrap() {
            let path = task.unwrap().path().join("stat");
            let Ok(stat) = std::fs::read_to_string(path) else {
                continue;
            };
            let (before, after) = stat.rsplit_once(')').unwrap();
            if !before.ends_with(&format!("({name}")) {
                continue;
            }
            let fields: Vec<_> = after.split_whitespace().collect();
            let used = |n: usize| fields[n].parse::<u64>().unwrap();
            ticks = ticks
                .filter(|_| fields[0] == "S")
                .map(|t| t + used(11) + used(12));
        }
        ticks
    })
}

#[test]
#[cfg(target_os = "linux")]
fn harts_that_halt_or_await_their_start_use_no_time() {
    let mut machine = waiting(2, status::INTERRUPTS);
    machine.thread_name = "sleepers".into();
    machine.shared.vcpus()[1].set_awaits_start(true);
    let running = machine.start();
    (0..2).for_each(|hart| settle(&running, hart));
    let before = ticks_of_sleeping_threads("sleepers");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(ticks_of_sleeping_threads("sleepers"), before);
    let harts = running.stop();
    assert_eq!(
        (harts[1].pc, reg(&harts[1], 1)),
        (RAM, 0),
        "awaits its start"
    );
}

#[test]
fn a_running_hart_pauses_and_goes_on() {
    let mut running = counting(2).start();
    for _ in 0..20 {
        let seen = running.peek(COUNT);
        running.wait_until(COUNT, |count| count != seen);
        let machine = running.pause();
        let count = machine.peek(COUNT);
        for _ in 0..100 {
            std::thread::yield_now();
            assert_eq!(machine.peek(COUNT), count);
        }
        running = machine.start();
    }
    running.stop();
}

#[test]
fn harts_that_halt_or_await_their_start_pause_and_go_on() {
    let machine = waiting(2, status::INTERRUPTS);
    machine.shared.vcpus()[1].set_awaits_start(true);
    let running = machine.start();
    (0..2).for_each(|hart| settle(&running, hart));
    let mut machine = running.pause();
    let vcpus = machine.shared.vcpus();
    vcpus[0].set_line(MSI, true);
    vcpus[1].post(VcpuRequest::Start {
        entry: RAM + 0x3000,
        argument: 5,
    });
    // The started hart stores its argument.
    let mut p = Program::default();
    p.set(1, RAM + 0x3100).put("st64", 0, 1);
    let end = p.here();
    p.put("wait", 0, 0).to("jmp", 0, 0, end);
    machine.load(0x3000, &p.bytes());
    assert!(machine.vcpus[1].serve_requests());
    assert_eq!(machine.vcpus[1].pc, RAM + 0x3000);
    assert!(!machine.shared.vcpus()[1].awaits_start());
    let running = machine.start();
    running.wait_until(0x3100, |value| value == 5);
    wait_acknowledged(&running, 1);
    running.stop();
}

#[test]
fn harts_stop_whatever_they_do() {
    // Running, halted, awaiting its start.
    let mut p = Program::default();
    let runs = p.label();
    p.to("beq", 0, 1, runs);
    let halts = p.here();
    p.put("wait", 0, 0).to("jmp", 0, 0, halts).bind(runs);
    p.put_imm("addi", 2, 2, 1).to("jmp", 0, 0, runs);
    let machine = Machine::toys(3, &p);
    machine.shared.vcpus()[2].set_awaits_start(true);
    let running = machine.start();
    settle(&running, 0);
    running.stop();
}

#[test]
fn a_stopped_hart_does_what_it_was_asked_when_it_runs_again() {
    let running = counting(1).start();
    running.wait_until(COUNT, |count| count > 0);
    let control = Arc::clone(running.control(0));
    let shared = Arc::clone(&running.shared);
    let mut harts = running.stop();
    assert!(!control.is_running());
    // Nobody would answer: it must not be waited for.
    let request = VcpuRequest::SyncInstructions;
    let epoch = shared.blocks.epoch();
    shared.run_on(std::iter::once(0), &[request], || {
        unreachable!("nothing to wait for")
    });
    assert_eq!(shared.blocks.epoch(), epoch);
    control.take_exit_requests(exit_request::STOP);
    let thread = std::thread::spawn(move || harts[0].run());
    wait_until("the request", || shared.blocks.epoch() != epoch);
    control.request_exit(exit_request::STOP);
    join("the end of the hart", thread);
}

#[test]
fn requests_are_done_in_order() {
    let running = counting(1).start();
    let epoch = running.shared.blocks.epoch();
    for n in 1..=100 {
        let done = Arc::new(Completion::new(1));
        running.control(0).post_all([
            VcpuRequest::SyncInstructions,
            VcpuRequest::Notify(Arc::clone(&done)),
        ]);
        wait_until("the requests of a hart", || done.is_done());
        assert_eq!(running.shared.blocks.epoch(), epoch + n);
    }
    running.stop();
}

#[test]
fn requests_reach_the_tlb() {
    let page = (RAM + COUNT) >> PAGE_SHIFT;
    let everything = VcpuRequest::FlushTlb {
        va: 0,
        pages: u64::MAX,
        asid: None,
    };
    let one_page = VcpuRequest::FlushTlb {
        va: RAM + COUNT,
        pages: 1,
        asid: None,
    };
    let requests = [
        (VcpuRequest::DropWrites { page }, Some(false)),
        (VcpuRequest::DropWrites { page: page + 1 }, Some(true)),
        (one_page, None),
        (everything, None),
    ];
    for (request, want) in requests {
        let running = counting(1).start();
        running.wait_until(COUNT, |count| count > 0);
        let mut machine = running.pause();
        let hart = &mut machine.vcpus[0];
        hart.core.control.post(request.clone());
        assert!(hart.serve_requests());
        let core = &mut hart.core;
        let entry = core.tlb.lookup(page, core.data_space, core.accept[1]);
        assert_eq!(
            entry.map(|entry| entry.host_write != 0),
            want,
            "{request:?}"
        );
    }
}

#[test]
fn interrupts_do_not_disturb_a_loop() {
    // Sums 1 to n with a handler that counts in registers of its own.
    let rounds = 200_000;
    let mut p = Program::default();
    p.set(3, ACKNOWLEDGE).set(6, rounds);
    p.set(5, RAM + 0x400).put("write", 5, Sys::Handler as u8);
    p.set(5, status::INTERRUPTS)
        .put("write", 5, Sys::Status as u8);
    let top = p.here();
    p.put("add", 2, 6).put_imm("addi", 6, 6, -1);
    p.to("bne", 6, 7, top).set(5, STOP).put("st64", 2, 5);
    let end = p.here();
    p.to("jmp", 0, 0, end).pad(0x400);
    p.put_imm("addi", 4, 4, 1)
        .put("st64", 7, 3)
        .put("rti", 0, 0);
    let running = Machine::toys(1, &p).start();
    wait_until("the end of the loop", || {
        running.control(0).set_line(MSI, true);
        running.control(0).exit_requests() & exit_request::STOP != 0
    });
    let acknowledged = running.acknowledged();
    let harts = running.join();
    assert_eq!(harts[0].core.get(r(2)), rounds * (rounds + 1) / 2);
    assert_eq!(harts[0].core.get(r(4)), acknowledged);
}
