//! What those see who watch a vCPU.

use std::{ops::Range, sync::Arc};

use parking_lot::Mutex;
use vm_engine::{
    jit,
    observe::{BlockEntry, BlockTracer, CodeListener, HostCodeKind, Tier},
    vcpu::Engine,
};

use crate::{
    common::asm::{csr::*, reg::*, *},
    machine::{Machine, RAM, STOP},
};

/// Calls, returns, loops, branches taken and not, an exception and its handler.
pub fn winding() -> Program {
    let mut p = Program::new();
    let to_start = p.here();
    p.put([NOP]);
    let function = p.here();
    p.put([addi(A2, A2, 1), RET]);
    let handler = p.here();
    p.put([
        csrrs(T0, MEPC, ZERO),
        addi(T0, T0, 4),
        csrrw(ZERO, MEPC, T0),
        MRET,
    ]);
    let start = p.here();
    p.patch(to_start, jal(ZERO, start - to_start));
    p.li(T1, RAM + handler as u64).put([csrrw(ZERO, MTVEC, T1)]);
    p.li(A4, 50).li(A3, RAM + function as u64);
    let top = p.here();
    let call = p.here();
    p.put([jal(RA, function - call), jalr(RA, A3, 0), ECALL]);
    p.put([andi(A5, A4, 3)]);
    // Past the next two instructions: a branch within the block.
    p.put([bne(A5, ZERO, 12), addi(A2, A2, 1), addi(A2, A2, 1)]);
    p.put([addi(A4, A4, -1)]).bne_to(A4, ZERO, top);
    p.li(A1, STOP).put([sd(A2, A1, 0)]);
    let end = p.here();
    p.j_to(end);
    p
}

#[derive(Default)]
struct Blocks(Mutex<Vec<(u64, u64, u16, Tier)>>);

impl BlockTracer for Blocks {
    fn enters(&self, entry: &BlockEntry<'_>) {
        assert_eq!((entry.vcpu, entry.mode), (0, "M"));
        let block = (entry.pc, entry.retired, entry.insns(), entry.tier);
        self.0.lock().push(block);
        assert_eq!(entry.disassembly().count(), usize::from(entry.insns()));
    }
}

/// Runs the program; returns its result and its blocks up to the last store.
fn trace(engine: Engine) -> (u64, Vec<(u64, u64, u16, Tier)>) {
    let mut machine = Machine::new(1, &winding());
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
    let mut machine = Machine::new(1, &winding());
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
