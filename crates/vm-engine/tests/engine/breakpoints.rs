//! Breakpoints and single steps.

use std::collections::BTreeSet;

use vm_engine::vcpu::{TranslatedVcpu, VcpuExit, exit_request};
use vm_toy::{Sys, Toy, asm::Program, status};

use crate::{
    machine::{LINE, Machine, RAM},
    watch::winding,
};

/// An address that the hart has come to, and how many instructions had retired then.
type Arrival = (u64, u64);

fn here(hart: &TranslatedVcpu<Toy>) -> Arrival {
    (hart.pc, hart.core.retired)
}

/// Where the program comes, step by step, up to the jump to itself at its end.
fn steps() -> Vec<Arrival> {
    let mut machine = Machine::toys(1, &winding());
    let hart = &mut machine.vcpus[0];
    let mut arrivals = vec![here(hart)];
    loop {
        assert_eq!(hart.single_step(), None);
        let next = here(hart);
        if arrivals.last().is_some_and(|last| last.0 == next.0) {
            arrivals.pop();
            return arrivals;
        }
        arrivals.push(next);
    }
}

/// Runs on to the end; returns where the hart has stopped.
fn stops(hart: &mut TranslatedVcpu<Toy>) -> Vec<Arrival> {
    let mut stops = Vec::new();
    loop {
        match hart.run() {
            VcpuExit::Breakpoint { pc } => {
                assert_eq!(pc, hart.pc);
                stops.push(here(hart));
            }
            exit => {
                assert_eq!(exit, VcpuExit::Stopped);
                return stops;
            }
        }
    }
}

fn at(arrivals: &[Arrival], addresses: &[u64]) -> Vec<Arrival> {
    let there = arrivals.iter().filter(|(pc, _)| addresses.contains(pc));
    there.copied().collect()
}

#[test]
fn every_arrival_at_a_breakpoint_stops_the_vcpu_before_the_instruction() {
    let arrivals = steps();
    let all: BTreeSet<u64> = arrivals.iter().map(|arrival| arrival.0).collect();
    let all: Vec<u64> = all.into_iter().collect();
    assert!(all.len() > 20 && arrivals.len() > 500);
    let single = all.iter().map(std::slice::from_ref);
    for addresses in single.chain([&all[..], &all[5..9]]) {
        let mut machine = Machine::toys(1, &winding());
        let hart = &mut machine.vcpus[0];
        hart.set_breakpoints(addresses);
        assert_eq!(stops(hart), at(&arrivals, addresses), "{addresses:x?}");
    }
}

#[test]
fn breakpoints_come_and_go_while_code_is_hot() {
    const BEFORE: u64 = 300;
    let arrivals = steps();
    let later = arrivals.partition_point(|arrival| arrival.1 < BEFORE);
    let later = &arrivals[later..];
    let end = *arrivals.last().unwrap();
    for address in later.iter().map(|arrival| arrival.0).take(30) {
        let mut machine = Machine::toys(1, &winding());
        let hart = &mut machine.vcpus[0];
        assert_eq!(hart.run_for(BEFORE), None);
        assert_eq!(here(hart), later[0]);
        hart.set_breakpoints(&[address]);
        let expected = at(later, &[address]);
        for stop in expected.iter().take(2) {
            assert_eq!(hart.run(), VcpuExit::Breakpoint { pc: address });
            assert_eq!(here(hart), *stop);
        }
        hart.set_breakpoints(&[end.0]);
        assert_eq!(stops(hart), [end]);
    }
}

#[test]
fn an_interrupt_waits_for_the_instruction_at_the_breakpoint() {
    // The first of the two instructions has 6 bytes.
    let (here, next) = (0x100, 0x106);
    let mut p = Program::default();
    p.set(5, RAM + 0x800).put("write", 5, Sys::Handler as u8);
    p.set(5, status::INTERRUPTS).set(4, RAM + here);
    p.put("write", 5, Sys::Status as u8).put("jr", 4, 0);
    p.pad(here as usize).put_imm("addi", 0, 0, 1);
    p.put_imm("addi", 0, 0, 1).pad(0x800);
    let mut machine = Machine::toys(1, &p);
    let pc = RAM + here;
    let handler = RAM + 0x800;
    let hart = &mut machine.vcpus[0];
    hart.set_breakpoints(&[pc, handler]);
    assert_eq!(hart.run(), VcpuExit::Breakpoint { pc });
    let retired = hart.core.retired;
    hart.core.control.set_line(LINE, true);
    assert_eq!(hart.run(), VcpuExit::Breakpoint { pc: handler });
    assert_eq!(hart.core.retired, retired + 1);
    assert_eq!(hart.guest.sys(Sys::Epc), RAM + next);
}

#[test]
fn a_step_does_not_wait_for_an_interrupt() {
    let mut p = Program::default();
    p.put("wait", 0, 0).put_imm("addi", 0, 0, 1);
    let mut machine = Machine::toys(1, &p);
    let hart = &mut machine.vcpus[0];
    for (pc, retired) in [(1, 1), (7, 2)] {
        assert_eq!(hart.single_step(), None);
        assert_eq!(here(hart), (RAM + pc, retired));
    }
    hart.core.control.set_awaits_start(true);
    assert_eq!(hart.single_step(), None);
    assert_eq!(hart.pc, RAM + 7, "it has not been started");
    assert_eq!(hart.run(), VcpuExit::Stopped);
    hart.core.control.take_exit_requests(exit_request::STOP);
}
