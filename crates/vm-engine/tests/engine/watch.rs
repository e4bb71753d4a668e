//! What those see who watch a vCPU.

use std::{ops::Range, sync::Arc};

use parking_lot::Mutex;
use vm_engine::{
    jit,
    observe::{BlockEntry, BlockTracer, CodeListener, HostCodeKind, Tier},
    vcpu::Engine,
};
use vm_toy::{Sys, asm::Program};

use crate::{
    machine::{Machine, RAM},
    toy::stop_with,
};

/// Where the program's function and handler are, as offsets in RAM.
const FUNCTION: u64 = 0x10;
const HANDLER: u64 = 0x20;

/// Calls, returns, loops, branches taken and not, an exception and its handler.
pub fn winding() -> Program {
    let mut p = Program::default();
    let [start, function, past] = std::array::from_fn(|_| p.label());
    p.to("jmp", 0, 0, start).pad(FUNCTION as usize);
    p.bind(function);
    p.put_imm("addi", 2, 2, 1).put("ret", 0, 0);
    p.pad(HANDLER as usize);
    p.put("read", 0, Sys::Epc as u8).put_imm("addi", 0, 0, 1);
    p.put("write", 0, Sys::Epc as u8).put("rti", 0, 0);
    p.bind(start).set(1, RAM + HANDLER);
    p.put("write", 1, Sys::Handler as u8);
    p.set(4, 50).set(3, RAM + FUNCTION).set(1, 3);
    let top = p.here();
    p.to("call", 0, 0, function).put("callr", 3, 0);
    p.put("trap", 0, 0).put("mov", 6, 4).put("and", 6, 1);
    // Past the next two instructions: a branch within the block.
    p.to("bne", 6, 5, past);
    p.put_imm("addi", 2, 2, 1).put_imm("addi", 2, 2, 1);
    p.bind(past).put_imm("addi", 4, 4, -1).to("bne", 4, 5, top);
    stop_with(&mut p, 2);
    p
}

#[derive(Default)]
struct Blocks(Mutex<Vec<(u64, u64, u16, Tier)>>);

impl BlockTracer for Blocks {
    fn enters(&self, entry: &BlockEntry<'_>) {
        assert_eq!((entry.vcpu, entry.mode), (0, "supervisor"));
        let block = (entry.pc, entry.retired, entry.insns(), entry.tier);
        self.0.lock().push(block);
        assert_eq!(entry.disassembly().count(), usize::from(entry.insns()));
    }
}

/// Runs the program; returns its result and its blocks up to the last store.
fn trace(engine: Engine) -> (u64, Vec<(u64, u64, u16, Tier)>) {
    let mut machine = Machine::toys(1, &winding());
    machine.vcpus[0].set_engine(engine).unwrap();
    let blocks = Arc::new(Blocks::default());
    machine.vcpus[0].set_tracer(blocks.clone());
    let (result, _) = machine.run();
    let mut blocks = std::mem::take(&mut *blocks.0.lock());
    let last = blocks.last().unwrap().0;
    blocks.dedup_by_key(|block| block.0);
    assert_eq!(blocks.pop().unwrap().0, last, "the loop at the end");
    (result, blocks)
}

#[test]
fn every_tier_traces_the_same_blocks() {
    let (expected, interpreted) = trace(Engine::Interpreter);
    let (result, traced) = trace(crate::ENGINE);
    assert_eq!(result, expected);
    assert!(traced.len() > 50 * 6, "{}", traced.len());
    let place = |&(pc, retired, insns, _): &(u64, u64, u16, Tier)| (pc, retired, insns);
    let [traced_places, expected_places]: [Vec<_>; 2] =
        [&traced, &interpreted].map(|blocks| blocks.iter().map(place).collect());
    assert_eq!(traced_places, expected_places);
    let compiled = traced.iter().filter(|block| block.3 == Tier::Jit).count();
    match crate::ENGINE {
        Engine::Jit(policy) if jit::SUPPORTED => {
            assert!(compiled > 50 * 4, "{compiled}");
            assert_eq!(compiled == traced.len(), policy.threshold == 0);
        }
        _ => assert_eq!(compiled, 0),
    }
    // What a block has retired is where the next one begins.
    for pair in traced.windows(2) {
        let retired = pair[1].1 - pair[0].1;
        assert!(retired <= u64::from(pair[0].2), "{pair:?}");
    }
}

#[derive(Default)]
struct HostCode(Mutex<Vec<(Range<usize>, String)>>);

impl CodeListener for HostCode {
    fn code_made(&self, host: Range<usize>, kind: HostCodeKind<'_>) {
        let name = match kind {
            HostCodeKind::Runtime(name) => name.to_owned(),
            HostCodeKind::Block { pc, .. } => format!("{pc:#x}"),
        };
        self.0.lock().push((host, name));
    }
}

#[test]
fn generated_code_is_told_of_where_it_lies() {
    let mut machine = Machine::toys(1, &winding());
    let listener = Arc::new(HostCode::default());
    for hart in &mut machine.vcpus {
        hart.set_engine(crate::ENGINE).unwrap();
        hart.set_code_listener(listener.clone());
    }
    let (_, mut harts) = machine.run();
    let blocks = harts[0].take_stats().tier1.code.blocks;
    let mut code = std::mem::take(&mut *listener.0.lock());
    if matches!(crate::ENGINE, Engine::Interpreter) || !jit::SUPPORTED {
        assert!(code.is_empty());
        return;
    }
    let named = |name: &str| code.iter().any(|(_, found)| found == name);
    assert!(
        named("enter") && named("leave") && named("link"),
        "{code:?}"
    );
    let in_ram = code
        .iter()
        .filter(|(_, name)| name.starts_with("0x8"))
        .count();
    assert_eq!(in_ram as u64, blocks);
    code.sort_by_key(|(host, _)| host.start);
    for pair in code.windows(2) {
        assert!(pair[0].0.end <= pair[1].0.start, "{pair:?}");
    }
}
