//! Running a number of instructions, neither more nor less.

use vm_engine::vcpu::TranslatedVcpu;
use vm_toy::{
    Sys, Toy,
    asm::Program,
    cause,
    regs::{CARRY, LINK, r},
};

use crate::machine::{Machine, RAM};

/// Where there is nothing.
const NOWHERE: u64 = 0x1000;

/// Loops, calls, and traps in the middle of blocks and in a fetch.
fn program() -> Program {
    let mut p = Program::default();
    p.set(5, RAM + 0x400).put("write", 5, Sys::Handler as u8);
    p.set(1, NOWHERE).set(4, 5);
    let top = p.here();
    p.put_imm("addi", 2, 2, 1).put("ld64", 3, 1);
    p.put_imm("addi", 2, 2, 2)
        .put("trap", 0, 0)
        .put("mov", 3, 2);
    p.put("illegal", 0, 0).put("callr", 1, 0);
    let over = p.label();
    p.to("beq", 5, 5, over).put_imm("addi", 2, 2, 4).bind(over);
    p.put("add", 3, 2).put_imm("addi", 4, 4, -1).set(5, 0);
    p.to("bne", 4, 5, top).set(4, 3).to("jmp", 0, 0, top);
    // Goes on after the instruction, or after the call of what is not there.
    p.pad(0x400);
    p.put("read", 0, Sys::Cause as u8)
        .put("read", 6, Sys::Epc as u8);
    let (load, call, done) = (p.label(), p.label(), p.label());
    p.set(5, cause::BUS).to("beq", 0, 5, load);
    p.set(5, cause::BUS + 2).to("beq", 0, 5, call);
    p.put_imm("addi", 6, 6, 1).to("jmp", 0, 0, done).bind(load);
    p.put_imm("addi", 6, 6, 6).to("jmp", 0, 0, done).bind(call);
    p.put("mov", 6, LINK).bind(done);
    p.put("write", 6, Sys::Epc as u8).put("rti", 0, 0);
    p
}

fn machine(max_insns: u16) -> Machine<Toy> {
    let mut machine = Machine::toys(1, &program());
    machine.vcpus[0].set_max_block_insns(max_insns);
    machine
}

fn registers(vcpu: &TranslatedVcpu<Toy>) -> (u64, u64, Vec<u64>) {
    let slots = (0..8).map(r).chain([CARRY]);
    let values = slots.map(|slot| vcpu.core.get(slot));
    (vcpu.core.retired, vcpu.pc, values.collect())
}

#[test]
fn so_many_instructions_run_however_they_are_cut_into_blocks() {
    const INSNS: u64 = 1_000;
    let mut single = machine(1);
    let single = &mut single.vcpus[0];
    let mut expected = vec![registers(single)];
    for _ in 0..INSNS {
        assert_eq!(single.run_for(1), None);
        expected.push(registers(single));
    }
    let rounds = single.core.get(r(2)) / 3;
    assert!(rounds > 20, "it goes round: {rounds}");
    for (max_insns, stride) in [(64, 1), (64, 7), (64, 130), (64, INSNS), (3, 50), (1, 9)] {
        let mut whole = machine(max_insns);
        let vcpu = &mut whole.vcpus[0];
        for at in (0..=INSNS).step_by(stride as usize) {
            let found = registers(vcpu);
            assert_eq!(
                found, expected[at as usize],
                "blocks of {max_insns} by {stride}"
            );
            assert_eq!(found.0, at);
            assert_eq!(vcpu.run_for(stride), None);
        }
    }
}
