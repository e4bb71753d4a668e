//! Running of golden tests.

use std::sync::Arc;

use vm_core::GuestPhysAddr;
use vm_cross_arch::{
    guest::Isa,
    ir::{Block, Op, Slot, fixed},
    passes,
};
use vm_engine::{
    interp::{self, Fault, Next},
    jit::{self, Processor},
    vcpu::{Core, Engine, MachineShared, TranslatedVcpu, VcpuExit},
};
use vm_optimizers::TierPolicy;
use vm_testing::within;

use crate::{
    case::{Case, Exit, State, Test},
    guest::{self, Left, Mock, MockIsa, RAM_BYTES},
};

/// The block's address where a case does not say.
const PC: u64 = 0x4000;

/// What runs a block, and what it is called.
pub struct Tier {
    pub name: &'static str,
    pub run: fn(&Block, Core) -> (Exit, Core),
}

/// Every way to run a block on this host.
pub fn tiers() -> &'static [Tier] {
    let count = if jit::SUPPORTED { TIERS.len() } else { 2 };
    &TIERS[..count]
}

const TIERS: [Tier; 4] = [
    Tier {
        name: "tier 0",
        run: tier_0,
    },
    Tier {
        name: "tier 0 after passes",
        run: |block, core| {
            let mut block = block.clone();
            passes::optimize(&mut block, MockIsa::INFO);
            block
                .verify(MockIsa::INFO)
                .expect("passes keep the IR's rules");
            tier_0(&block, core)
        },
    },
    // Always after passes.
    Tier {
        name: "tier 1",
        run: |block, core| tier_1(block, core, Processor::of_host()),
    },
    Tier {
        name: "tier 1 without extensions of the host",
        run: |block, core| tier_1(block, core, Processor::least()),
    },
];

fn tier_0(block: &Block, mut core: Core) -> (Exit, Core) {
    let program = interp::lower(block);
    let pc = core.get(fixed::PC);
    let exit = match interp::run(&mut core, &mut Mock::default(), &program) {
        Ok(Next::Jump(target)) => Exit::To {
            target,
            retired: Some(program.insns),
        },
        Ok(Next::Exit { target, retired }) => Exit::To {
            target,
            retired: Some(retired),
        },
        Ok(Next::Helper {
            helper,
            dst,
            args,
            next,
        }) => {
            if let Some(dst) = dst {
                assert!(!dst.is_temp(), "nobody could read the result");
            }
            Exit::Helper {
                id: helper.0,
                args,
                next: next.wrapping_sub(pc) as i64,
            }
        }
        Err(Fault { op, exception }) => Exit::Fault {
            kind: guest::cause_name(exception.cause),
            value: exception.value,
            insn: program.position(op).number,
        },
    };
    (exit, core)
}

/// Bytes of host code.
const CODE_BYTES: usize = 64 << 10;

fn tier_1(block: &Block, core: Core, processor: Processor) -> (Exit, Core) {
    let (pc, control) = (core.get(fixed::PC), Arc::clone(&core.control));
    let (machine, mock) = (Arc::clone(&core.machine), Mock::with(block, &core));
    let mut vcpu = TranslatedVcpu::new(0, control, machine, mock, pc);
    vcpu.core = core;
    let engine = Engine::Jit(TierPolicy {
        threshold: 0,
        code_bytes: CODE_BYTES,
    });
    vcpu.set_engine_for(engine, processor)
        .expect("memory for code");
    let (mut vcpu, exit) = within("the end of a block", move || {
        let exit = vcpu.run();
        (vcpu, exit)
    });
    assert_eq!(exit, VcpuExit::Stopped);
    assert!(
        vcpu.take_stats().tier1.code.blocks >= 1,
        "nothing was compiled"
    );
    let (left, retired) = vcpu.guest.left();
    let retired = u16::try_from(*retired).expect("a block has few instructions");
    let exit = match *left {
        Left::To(target) => Exit::To {
            target,
            retired: Some(retired),
        },
        Left::Helper(call) => {
            assert_eq!(retired, block.insns - 1, "all but the helper's");
            Exit::Helper {
                id: call.id.0,
                args: call.args,
                next: call.next.wrapping_sub(pc) as i64,
            }
        }
        Left::Fault(exception, at) => {
            let insn = instruction(block, at.wrapping_sub(pc));
            assert_eq!(Some(retired), insn, "those before the one that faults");
            Exit::Fault {
                kind: guest::cause_name(exception.cause),
                value: exception.value,
                insn: retired,
            }
        }
    };
    vcpu.core.set(fixed::PC, pc);
    (exit, vcpu.core)
}

/// Number of the instruction at `offset`.
fn instruction(block: &Block, offset: u64) -> Option<u16> {
    let marks = block.ops.iter().filter_map(|op| match *op {
        Op::Insn { offset, .. } => Some(u64::from(offset)),
        _ => None,
    });
    (0..)
        .zip(marks)
        .find(|&(_, mark)| mark == offset)
        .map(|(number, _)| number)
}

pub struct Bench {
    machine: Arc<MachineShared>,
}

impl Bench {
    /// Generated code reports its stores if they are `watched`.
    pub fn new(watched: bool) -> Self {
        Self {
            machine: guest::machine(watched),
        }
    }

    pub fn machine(&self) -> &Arc<MachineShared> {
        &self.machine
    }

    pub fn core(&self) -> Core {
        guest::core(&self.machine)
    }

    /// Runs all cases of a test on every tier.
    pub fn run(&self, test: &Test) -> Result<(), String> {
        test.block
            .verify(MockIsa::INFO)
            .map_err(|e| e.to_string())?;
        for tier in tiers() {
            for (number, case) in test.cases.iter().enumerate() {
                self.run_case(tier, &test.block, case)
                    .map_err(|e| format!("case {} on {}: {e}", number + 1, tier.name))?;
            }
        }
        Ok(())
    }

    fn run_case(&self, tier: &Tier, block: &Block, case: &Case) -> Result<(), String> {
        let mut core = self.core();
        core.set(fixed::PC, PC);
        let zeros = vec![0; RAM_BYTES as usize];
        self.write(&zeros, &case.before);
        set(&mut core, &case.before);
        let pc = core.get(fixed::PC);
        let mut want = core.slots;
        let memory = self.memory();

        let (exit, core) = (tier.run)(block, core);
        let left = self.memory();
        // What is left is compared with what the case says, on the state before.
        self.write(&memory, &case.after);
        let expected = self.memory();
        for (slot, value) in &case.after.slots {
            want[usize::from(slot.0)] = *value;
        }

        let wanted_exit = match case.exit {
            Some(Exit::Jump { offset, retired }) => Some(Exit::To {
                target: pc.wrapping_add(offset as u64),
                retired: retired.or(Some(block.insns)),
            }),
            Some(Exit::To { target, retired }) => Some(Exit::To {
                target,
                retired: retired.or(Some(block.insns)),
            }),
            ref other => other.clone(),
        };
        if Some(&exit) != wanted_exit.as_ref() {
            return Err(format!("ended with {exit:x?}, not {wanted_exit:x?}"));
        }
        let guest_slots = usize::from(Slot::FIRST_TEMP);
        if let Some(n) = (0..guest_slots).find(|&n| core.slots[n] != want[n]) {
            let (slot, have) = (Slot(n as u8), core.slots[n]);
            return Err(format!("{slot} is {have:#x}, not {:#x}", want[n]));
        }
        if let Some(at) = (0..left.len()).find(|&at| left[at] != expected[at]) {
            let (have, want) = (left[at], expected[at]);
            return Err(format!("byte {at:#x} is {have:#x}, not {want:#x}"));
        }
        Ok(())
    }

    pub fn memory(&self) -> Vec<u8> {
        let mut bytes = vec![0; RAM_BYTES as usize];
        self.machine.ram.read(GuestPhysAddr(0), &mut bytes).unwrap();
        bytes
    }

    /// Fills memory with `base`, changed as `state` says.
    fn write(&self, base: &[u8], state: &State) {
        self.machine.ram.write(GuestPhysAddr(0), base).unwrap();
        for cell in &state.memory {
            let addr = GuestPhysAddr(cell.addr);
            self.machine
                .ram
                .store(addr, cell.size, cell.value)
                .expect("memory of a case is RAM");
        }
    }
}

fn set(core: &mut Core, state: &State) {
    for (slot, value) in &state.slots {
        core.set(*slot, *value);
    }
}
