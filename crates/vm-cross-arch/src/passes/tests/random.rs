//! Random blocks mean the same after the passes as before.

use proptest::prelude::*;
use vm_core::AccessSize;

use super::super::{Passes, run as run_passes};
use crate::ir::{
    BinaryOp, Block, Cond, GuestInfo, Op, Operand, Slot, Terminator, UnaryOp, Width, eval, fixed,
};

/// Guest slots that the blocks use.
const SLOTS: usize = 8;
const TEMPS: u8 = 4;

fn operand() -> impl Strategy<Value = Operand> {
    let constants = prop_oneof![Just(0i64), Just(1), Just(-1), -70i64..70, any::<i64>()];
    prop_oneof![
        3 => (0..SLOTS as u8).prop_map(|n| Operand::Slot(Slot(n))),
        1 => (0..TEMPS).prop_map(|n| Operand::Slot(Slot::temp(n))),
        1 => Just(Operand::Slot(fixed::PC)),
        2 => constants.prop_map(Operand::Imm),
    ]
}

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        (0..SLOTS as u8).prop_map(Slot),
        (0..TEMPS).prop_map(Slot::temp)
    ]
}

fn op() -> impl Strategy<Value = Op> {
    use BinaryOp::*;
    let binary = proptest::sample::select(vec![Add, Sub, And, Or, Xor, Shl, Shr, Sar, Mul, DivS]);
    let unary = proptest::sample::select(vec![
        UnaryOp::SignExtend32,
        UnaryOp::ZeroExtend16,
        UnaryOp::PopCount64,
        UnaryOp::UnboxF32,
    ]);
    let width = proptest::sample::select(vec![Width::W64, Width::W64, Width::W32S, Width::W32Z]);
    prop_oneof![
        (slot(), operand()).prop_map(|(dst, src)| Op::Move { dst, src }),
        (binary, width, slot(), operand(), operand()).prop_map(|(op, width, dst, a, b)| {
            Op::Binary {
                op,
                width,
                dst,
                a,
                b,
            }
        }),
        (unary, slot(), operand()).prop_map(|(op, dst, a)| Op::Unary { op, dst, a }),
        (cond(), slot(), operand(), operand()).prop_map(|(cond, dst, a, b)| Op::SetIf {
            cond,
            dst,
            a,
            b
        }),
        (slot(), operand(), operand(), operand()).prop_map(|(dst, test, a, b)| Op::Select {
            dst,
            test,
            a,
            b
        }),
        (operand(), operand(), -9..9).prop_map(|(src, base, offset)| Op::Store {
            src,
            base,
            offset,
            size: AccessSize::Double,
        }),
        (cond(), operand(), operand(), -3..4i64).prop_map(|(cond, a, b, to)| Op::SideExit {
            cond,
            a,
            b,
            offset: 1000 * to,
        }),
    ]
}

fn cond() -> impl Strategy<Value = Cond> {
    use Cond::*;
    proptest::sample::select(vec![Eq, Ne, LtS, GeS, LtU, GeU])
}

type Guest = [u64; SLOTS];

/// What running a block comes to.
#[derive(Debug, PartialEq)]
struct Run {
    slots: Guest,
    /// Where it leads.
    target: u64,
    retired: u16,
    /// What is stored where, and the slots that an exception handler would see there.
    stores: Vec<(u64, u64, Guest)>,
}

const PC: u64 = 0x8000_1234;

struct Machine {
    slots: [u64; 256],
    stores: Vec<(u64, u64, Guest)>,
}

impl Machine {
    fn new(state: Guest) -> Self {
        let mut slots = [0; 256];
        slots[..SLOTS].copy_from_slice(&state);
        slots[usize::from(fixed::PC.0)] = PC;
        let stores = Vec::new();
        Self { slots, stores }
    }

    fn read(&self, operand: Operand) -> u64 {
        match operand {
            Operand::Slot(slot) => self.slots[usize::from(slot.0)],
            Operand::Imm(value) => value as u64,
        }
    }

    fn holds(&self, cond: Cond, a: Operand, b: Operand) -> bool {
        eval::condition(cond, self.read(a), self.read(b))
    }

    fn guest(&self) -> Guest {
        self.slots[..SLOTS].try_into().unwrap()
    }

    fn step(&mut self, op: &Op) {
        let value = match *op {
            Op::Move { src, .. } => self.read(src),
            Op::Binary {
                op, width, a, b, ..
            } => eval::binary(op, width, self.read(a), self.read(b)),
            Op::Unary { op, a, .. } => eval::unary(op, self.read(a)),
            Op::SetIf { cond, a, b, .. } => self.holds(cond, a, b).into(),
            Op::Select { test, a, b, .. } => self.read(if self.read(test) != 0 { a } else { b }),
            Op::Store {
                src, base, offset, ..
            } => {
                let addr = self.read(base).wrapping_add(i64::from(offset) as u64);
                let store = (addr, self.read(src), self.guest());
                return self.stores.push(store);
            }
            _ => return,
        };
        self.slots[usize::from(op.dst().unwrap().0)] = value;
    }

    fn target(&self, end: &Terminator) -> u64 {
        match *end {
            Terminator::Jump { offset, .. } => PC.wrapping_add(offset as u64),
            Terminator::JumpIndirect { target, .. } => self.read(target),
            Terminator::Branch {
                cond,
                a,
                b,
                taken,
                fallthrough,
            } => {
                let holds = self.holds(cond, a, b);
                PC.wrapping_add(if holds { taken } else { fallthrough } as u64)
            }
            Terminator::Helper { .. } => unreachable!("not generated"),
        }
    }
}

fn run(block: &Block, state: Guest) -> Run {
    let mut machine = Machine::new(state);
    let (mut retired, mut exit) = (0, None);
    for op in &block.ops {
        match *op {
            Op::Insn { .. } => retired += 1,
            Op::SideExit { cond, a, b, offset } if machine.holds(cond, a, b) => {
                exit = Some(PC.wrapping_add(offset as u64));
                break;
            }
            _ => machine.step(op),
        }
    }
    Run {
        slots: machine.guest(),
        target: exit.unwrap_or_else(|| machine.target(&block.end)),
        retired,
        stores: machine.stores,
    }
}

/// The ops as one instruction each, after one that sets the temporaries to 0,
/// and the terminator as another.
fn block(ops: Vec<Op>, end: Terminator) -> Block {
    let zero = |n| Op::Move {
        dst: Slot::temp(n),
        src: Operand::Imm(0),
    };
    let mark = |number: usize| Op::Insn {
        offset: 4 * number as u16,
        len: 4,
    };
    let insns = ops.len() + 2;
    let mut all = vec![mark(0)];
    all.extend((0..TEMPS).map(zero));
    for (number, op) in ops.into_iter().enumerate() {
        all.extend([mark(number + 1), op]);
    }
    all.push(mark(insns - 1));
    Block {
        ops: all,
        end,
        insns: insns as u16,
        bytes: 4 * insns as u16,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn optimized_blocks_mean_the_same(
        ops in proptest::collection::vec(op(), 0..24),
        (cond, a, b, indirect) in (cond(), operand(), operand(), any::<bool>()),
        state in [small_or_any(), small_or_any(), small_or_any(), small_or_any(),
                  small_or_any(), small_or_any(), small_or_any(), small_or_any()],
        passes in passes(),
    ) {
        let hint = crate::ir::JumpHint::Plain;
        let end = if indirect {
            Terminator::JumpIndirect { target: a, hint }
        } else {
            Terminator::Branch { cond, a, b, taken: 64, fallthrough: 4 }
        };
        let mut block = block(ops, end);
        prop_assert_eq!(block.verify(&GuestInfo::UNKNOWN), Ok(()));
        let before = run(&block, state);
        let len = block.ops.len();
        run_passes(&mut block, passes, &GuestInfo::UNKNOWN);
        prop_assert_eq!(block.verify(&GuestInfo::UNKNOWN), Ok(()), "{}", block);
        prop_assert_eq!(run(&block, state), before, "{}", block);
        prop_assert!(block.ops.len() <= len);
    }
}

/// All passes more often than any of the subsets.
fn passes() -> impl Strategy<Value = Passes> {
    let subset = any::<[bool; 3]>().prop_map(|[constants, fusion, dead_writes]| Passes {
        constants,
        fusion,
        dead_writes,
    });
    prop_oneof![Just(Passes::ALL), subset]
}

/// Values that are often equal to each other and to the constants.
fn small_or_any() -> impl Strategy<Value = u64> {
    prop_oneof![0..3u64, Just(u64::MAX), any::<u64>()]
}
