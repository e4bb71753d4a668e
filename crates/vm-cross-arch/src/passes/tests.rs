//! Golden texts of what the passes make, and a check that they keep meaning.

use proptest::prelude::*;

use super::optimize;
use crate::ir::{
    BinaryOp, Block, Cond, Op, Operand, Slot, Terminator, UnaryOp, Width, eval, fixed,
};

/// Optimises `insn 0, 4` plus `body`, which ends with the terminator.
fn optimized(body: &str) -> String {
    let mut block: Block = format!("block 1, 4\ninsn 0, 4\n{body}").parse().unwrap();
    optimize(&mut block);
    let text = block.to_string();
    let lines = text.lines().skip(2).map(str::trim);
    lines.collect::<Vec<_>>().join("; ")
}

#[test]
fn lui_addi_is_one_constant() {
    let body = "s5 = move 4096\ns5 = add.w64 s5, 5\njump.plain 8";
    assert_eq!(optimized(body), "s5 = move 4101; jump.plain 8");
}

#[test]
fn auipc_pairs_are_one_op() {
    let auipc = "s5 = add.w64 pc, 4096\n";
    assert_eq!(
        optimized(&format!("{auipc}s5 = add.w64 s5, -8\njump.plain 8")),
        "s5 = add.w64 pc, 4088; jump.plain 8"
    );
    assert_eq!(
        optimized(&format!("{auipc}s5 = load.d.zero s5, 16\njump.plain 8")),
        "s5 = add.w64 pc, 4096; s5 = load.d.zero pc, 4112; jump.plain 8",
        "the load may fault: s5 must be up to date"
    );
    assert_eq!(
        optimized(&format!(
            "{auipc}t0 = add.w64 s5, 20\ns1 = add.w64 pc, 8\njumpindirect.call t0"
        )),
        "s5 = add.w64 pc, 4096; s1 = add.w64 pc, 8; jump.call 4116"
    );
}

#[test]
fn floating_point_changes_the_flags() {
    let body = "s5 = move fpflags\nfpflags = move 0\ns40 = fadd.f64.rne s41, s42\n\
                s6 = move fpflags\ns7 = move s5\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = move fpflags; fpflags = move 0; s40 = fadd.f64.rne s41, s42; \
         s6 = move fpflags; s7 = move s5; jump.plain 8"
    );
}

#[test]
fn shift_pairs_extend() {
    let pair = |right: &str, n: u8| {
        optimized(&format!(
            "s5 = shl.w64 s6, {n}\ns5 = {right}.w64 s5, {n}\njump.plain 8"
        ))
    };
    assert_eq!(pair("shr", 32), "s5 = zext32 s6; jump.plain 8");
    assert_eq!(pair("sar", 56), "s5 = sext8 s6; jump.plain 8");
    assert_eq!(pair("shr", 60), "s5 = and.w64 s6, 15; jump.plain 8");
    let overwritten = "s5 = shl.w64 s6, 32\ns6 = move 0\ns5 = shr.w64 s5, 32\njump.plain 8";
    assert!(optimized(overwritten).contains("shr.w64 s5, 32"));
}

#[test]
fn compare_and_branch_fuse() {
    let body = "s5 = set.ltu s6, s7\nbranch.ne s5, 0, 16, 8";
    assert_eq!(
        optimized(body),
        "s5 = set.ltu s6, s7; branch.ltu s6, s7, 16, 8"
    );
    let body = "t0 = set.lts s6, 3\nbranch.eq t0, 0, 16, 8";
    assert_eq!(optimized(body), "branch.ges s6, 3, 16, 8");
    let body = "branch.eq 0, 0, 16, 8";
    assert_eq!(optimized(body), "jump.plain 16");
}

#[test]
fn dead_writes_go_but_not_before_faults_and_helpers() {
    assert_eq!(
        optimized("s5 = move 1\ns5 = move 2\njump.plain 8"),
        "s5 = move 2; jump.plain 8"
    );
    let body = "s5 = move 1\nstore.d s6, s7, 0\ns5 = move 2\njump.plain 8";
    assert!(optimized(body).starts_with("s5 = move 1; store"));
    let body = "s5 = move 1\nhelper 9, 0, 0, 0\ns6 = move s5\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = move 1; helper 9, 0, 0, 0; s6 = move s5; jump.plain 8"
    );
}

fn operand(written: u8) -> impl Strategy<Value = Operand> {
    let constants = prop_oneof![Just(0i64), Just(1), Just(-1), -70i64..70, any::<i64>()];
    prop_oneof![
        3 => (0..8u8).prop_map(|n| Operand::Slot(Slot(n))),
        1 => (0..written.max(1)).prop_map(|n| Operand::Slot(Slot::temp(n))),
        1 => Just(Operand::Slot(fixed::PC)),
        2 => constants.prop_map(Operand::Imm),
    ]
}

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![(0..8u8).prop_map(Slot), (0..4u8).prop_map(Slot::temp)]
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
        (slot(), operand(4)).prop_map(|(dst, src)| Op::Move { dst, src }),
        (binary, width, slot(), operand(4), operand(4)).prop_map(|(op, width, dst, a, b)| {
            Op::Binary {
                op,
                width,
                dst,
                a,
                b,
            }
        }),
        (unary, slot(), operand(4)).prop_map(|(op, dst, a)| Op::Unary { op, dst, a }),
        (cond(), slot(), operand(4), operand(4)).prop_map(|(cond, dst, a, b)| Op::SetIf {
            cond,
            dst,
            a,
            b
        }),
        (slot(), operand(4), operand(4), operand(4)).prop_map(|(dst, test, a, b)| Op::Select {
            dst,
            test,
            a,
            b
        }),
    ]
}

fn cond() -> impl Strategy<Value = Cond> {
    use Cond::*;
    proptest::sample::select(vec![Eq, Ne, LtS, GeS, LtU, GeU])
}

/// Slots 0 to 7 and where the block leads, after running it on `state`.
fn run(block: &Block, state: [u64; 8]) -> ([u64; 8], u64) {
    const PC: u64 = 0x8000_1234;
    let mut slots = [0u64; 256];
    slots[..8].copy_from_slice(&state);
    slots[usize::from(fixed::PC.0)] = PC;
    let read = |slots: &[u64; 256], operand| match operand {
        Operand::Slot(slot) => slots[usize::from(slot.0)],
        Operand::Imm(value) => value as u64,
    };
    for op in &block.ops {
        let value = match *op {
            Op::Move { src, .. } => read(&slots, src),
            Op::Binary {
                op, width, a, b, ..
            } => eval::binary(op, width, read(&slots, a), read(&slots, b)),
            Op::Unary { op, a, .. } => eval::unary(op, read(&slots, a)),
            Op::SetIf { cond, a, b, .. } => {
                u64::from(eval::condition(cond, read(&slots, a), read(&slots, b)))
            }
            Op::Select { test, a, b, .. } => {
                read(&slots, if read(&slots, test) != 0 { a } else { b })
            }
            _ => continue,
        };
        slots[usize::from(op.dst().unwrap().0)] = value;
    }
    let target = match block.end {
        Terminator::Jump { offset, .. } => PC.wrapping_add(offset as u64),
        Terminator::JumpIndirect { target, .. } => read(&slots, target),
        Terminator::Branch {
            cond,
            a,
            b,
            taken,
            fallthrough,
        } => {
            let holds = eval::condition(cond, read(&slots, a), read(&slots, b));
            PC.wrapping_add(if holds { taken } else { fallthrough } as u64)
        }
        Terminator::Helper { .. } => unreachable!("not generated"),
    };
    (slots[..8].try_into().unwrap(), target)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn optimized_blocks_mean_the_same(
        ops in proptest::collection::vec(op(), 0..20),
        (cond, a, b, indirect) in (cond(), operand(4), operand(4), any::<bool>()),
        state in any::<[u64; 8]>(),
    ) {
        let hint = crate::ir::JumpHint::Plain;
        let end = if indirect {
            Terminator::JumpIndirect { target: a, hint }
        } else {
            Terminator::Branch { cond, a, b, taken: 64, fallthrough: 4 }
        };
        // Temporaries count as written: they start as 0 in `run`.
        let mut block = Block { ops, end, insns: 1, bytes: 4 };
        for n in 0..4 {
            block.ops.insert(0, Op::Move { dst: Slot::temp(n), src: Operand::Imm(0) });
        }
        let before = run(&block, state);
        let len = block.ops.len();
        optimize(&mut block);
        prop_assert_eq!(run(&block, state), before, "{}", block);
        prop_assert!(block.ops.len() <= len);
    }
}
