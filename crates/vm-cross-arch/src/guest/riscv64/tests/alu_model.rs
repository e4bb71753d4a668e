//! The integer instructions against models written from the manual's prose.

use proptest::prelude::*;

use super::*;
use crate::ir::{Op, Operand, eval};

/// A model: the values of rs1 and of rs2 or the immediate give that of rd.
type Model = fn(u64, u64) -> u64;

const fn sext(word: u32) -> u64 {
    word as i32 as i64 as u64
}

fn clmul(a: u64, b: u64) -> u128 {
    (0..64)
        .filter(|n| b >> n & 1 == 1)
        .fold(0, |sum, n| sum ^ u128::from(a) << n)
}

fn high_product(a: i128, b: i128) -> u64 {
    (a.wrapping_mul(b) as u128 >> 64) as u64
}

fn bytes_or(a: u64) -> u64 {
    (0..8)
        .map(|n| 0xff << (8 * n))
        .filter(|mask| a & mask != 0)
        .sum()
}

/// Names as in the tables; those of immediates are the registers' forms.
const MODELS: &[(&str, Model)] = &[
    ("add addi c.addi c.add", |a, b| a.wrapping_add(b)),
    ("addw addiw c.addw c.addiw", |a, b| {
        sext((a as u32).wrapping_add(b as u32))
    }),
    ("sub c.sub", |a, b| a.wrapping_sub(b)),
    ("subw c.subw", |a, b| {
        sext((a as u32).wrapping_sub(b as u32))
    }),
    ("slt slti", |a, b| u64::from((a as i64) < b as i64)),
    ("sltu sltiu", |a, b| u64::from(a < b)),
    ("and andi c.and c.andi", |a, b| a & b),
    ("or ori c.or", |a, b| a | b),
    ("xor xori c.xor", |a, b| a ^ b),
    ("sll slli c.slli", |a, b| a << (b % 64)),
    ("srl srli c.srli", |a, b| a >> (b % 64)),
    ("sra srai c.srai", |a, b| (a as i64 >> (b % 64)) as u64),
    ("sllw slliw", |a, b| sext((a as u32) << (b % 32))),
    ("srlw srliw", |a, b| sext(a as u32 >> (b % 32))),
    ("sraw sraiw", |a, b| sext((a as i32 >> (b % 32)) as u32)),
    ("mul", |a, b| a.wrapping_mul(b)),
    ("mulw", |a, b| sext((a as u32).wrapping_mul(b as u32))),
    ("mulh", |a, b| {
        high_product(i128::from(a as i64), i128::from(b as i64))
    }),
    ("mulhu", |a, b| high_product(i128::from(a), i128::from(b))),
    ("mulhsu", |a, b| {
        high_product(i128::from(a as i64), i128::from(b))
    }),
    ("div", |a, b| {
        if b == 0 {
            !0
        } else {
            (a as i64).wrapping_div(b as i64) as u64
        }
    }),
    ("divu", |a, b| a.checked_div(b).unwrap_or(!0)),
    ("rem", |a, b| {
        if b == 0 {
            a
        } else {
            (a as i64).wrapping_rem(b as i64) as u64
        }
    }),
    ("remu", |a, b| a.checked_rem(b).unwrap_or(a)),
    ("divw", |a, b| match b as i32 {
        0 => !0,
        b => sext((a as i32).wrapping_div(b) as u32),
    }),
    ("divuw", |a, b| match b as u32 {
        0 => !0,
        b => sext(a as u32 / b),
    }),
    ("remw", |a, b| match b as i32 {
        0 => sext(a as u32),
        b => sext((a as i32).wrapping_rem(b) as u32),
    }),
    ("remuw", |a, b| match b as u32 {
        0 => sext(a as u32),
        b => sext(a as u32 % b),
    }),
    ("sh1add", |a, b| b.wrapping_add(a.wrapping_mul(2))),
    ("sh2add", |a, b| b.wrapping_add(a.wrapping_mul(4))),
    ("sh3add", |a, b| b.wrapping_add(a.wrapping_mul(8))),
    ("add.uw", |a, b| b.wrapping_add(a & 0xffff_ffff)),
    ("sh1add.uw", |a, b| b.wrapping_add((a & 0xffff_ffff) * 2)),
    ("sh2add.uw", |a, b| b.wrapping_add((a & 0xffff_ffff) * 4)),
    ("sh3add.uw", |a, b| b.wrapping_add((a & 0xffff_ffff) * 8)),
    ("slli.uw", |a, b| (a & 0xffff_ffff) << b),
    ("andn", |a, b| a & !b),
    ("orn", |a, b| a | !b),
    ("xnor", |a, b| !(a ^ b)),
    ("clz", |a, _| {
        (0..64).rev().take_while(|n| a >> n & 1 == 0).count() as u64
    }),
    ("clzw", |a, _| {
        (0..32).rev().take_while(|n| a >> n & 1 == 0).count() as u64
    }),
    ("ctz", |a, _| {
        (0..64).take_while(|n| a >> n & 1 == 0).count() as u64
    }),
    ("ctzw", |a, _| {
        (0..32).take_while(|n| a >> n & 1 == 0).count() as u64
    }),
    ("cpop", |a, _| (0..64).map(|n| a >> n & 1).sum()),
    ("cpopw", |a, _| (0..32).map(|n| a >> n & 1).sum()),
    ("max", |a, b| if (a as i64) < b as i64 { b } else { a }),
    ("maxu", |a, b| if a < b { b } else { a }),
    ("min", |a, b| if (a as i64) < b as i64 { a } else { b }),
    ("minu", |a, b| if a < b { a } else { b }),
    ("sext.b", |a, _| ((a << 56) as i64 >> 56) as u64),
    ("sext.h", |a, _| ((a << 48) as i64 >> 48) as u64),
    ("zext.h", |a, _| a & 0xffff),
    ("rol", |a, b| {
        a << (b % 64) | a.checked_shr(64 - (b % 64) as u32).unwrap_or(0)
    }),
    ("ror rori", |a, b| {
        a >> (b % 64) | a.checked_shl(64 - (b % 64) as u32).unwrap_or(0)
    }),
    ("rolw", |a, b| sext((a as u32).rotate_left((b % 32) as u32))),
    ("rorw roriw", |a, b| {
        sext((a as u32).rotate_right((b % 32) as u32))
    }),
    ("orc.b", |a, _| bytes_or(a)),
    ("rev8", |a, _| u64::from_be_bytes(a.to_le_bytes())),
    ("clmul", |a, b| clmul(a, b) as u64),
    ("clmulh", |a, b| (clmul(a, b) >> 64) as u64),
    ("clmulr", |a, b| (clmul(a, b) >> 63) as u64),
    ("bclr bclri", |a, b| a & !(1 << (b % 64))),
    ("bset bseti", |a, b| a | 1 << (b % 64)),
    ("binv binvi", |a, b| a ^ 1 << (b % 64)),
    ("bext bexti", |a, b| a >> (b % 64) & 1),
    ("czero.eqz", |a, b| if b == 0 { 0 } else { a }),
    ("czero.nez", |a, b| if b != 0 { 0 } else { a }),
];

/// Runs the pure ops of a block on 256 slots.
fn run(block: &Block, slots: &mut [u64; 256]) {
    for op in &block.ops {
        let read = |operand: Operand| match operand {
            Operand::Slot(slot) => slots[usize::from(slot.0)],
            Operand::Imm(value) => value as u64,
        };
        let value = match *op {
            Op::Insn { .. } => continue,
            Op::Move { src, .. } => read(src),
            Op::Binary {
                op, width, a, b, ..
            } => eval::binary(op, width, read(a), read(b)),
            Op::Unary { op, a, .. } => eval::unary(op, read(a)),
            Op::SetIf { cond, a, b, .. } => u64::from(eval::condition(cond, read(a), read(b))),
            Op::Select { test, a, .. } if read(test) != 0 => read(a),
            Op::Select { b, .. } => read(b),
            ref other => panic!("not pure: {other}"),
        };
        let dst = op.dst().expect("pure ops have results");
        slots[usize::from(dst.0)] = value;
    }
}

/// Where an instruction's operands come from.
struct Shape {
    rd: u8,
    rs1: u8,
    rs2: Result<u8, i64>,
}

/// The operands of an integer row, from the fields that its pattern names.
fn shape(row: &Row, insn: Insn) -> Shape {
    use super::super::Field;
    let has = |field| row.pattern.has(field);
    let (rd, rs1) = match row.pattern.len {
        4 => (insn.rd(), insn.rs1()),
        _ if has(Field::Rd) => (insn.rd(), insn.rd()),
        _ => (insn.rs1_p(), insn.rs1_p()),
    };
    let rs2 = match () {
        () if has(Field::Rs2) => Ok(insn.rs2()),
        () if has(Field::Rs2P) => Ok(insn.rs2_p()),
        () if has(Field::CRs2) => Ok(insn.c_rs2()),
        () if has(Field::ImmI) => Err(insn.imm_i().into()),
        () if has(Field::Shamt6) => Err(insn.shamt6().into()),
        () if has(Field::Shamt5) => Err(insn.shamt5().into()),
        // A shift amount counts modulo 64 and so may pass for this.
        () => Err(insn.imm_ci().into()),
    };
    Shape { rd, rs1, rs2 }
}

/// Values with interesting bits more often than chance has it.
fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        (0u32..64).prop_map(|n| 1 << n),
        (0u32..64).prop_map(|n| u64::MAX << n),
        prop_oneof![
            Just(0),
            Just(i64::MAX as u64),
            Just(0x8000_0000),
            Just(0x7fff_ffff)
        ],
        any::<i8>().prop_map(|n| n as u64),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn results_agree(fill: u32, values in prop::collection::vec(value(), 32)) {
        for (names, model) in MODELS {
            for name in names.split(' ') {
                let row = rows().find(|row| row.name == name).expect("a row of that name");
                let Some(bits) = encode(row, fill) else { continue };
                if !std::ptr::eq(super::super::decode(bits).expect("legal"), row) {
                    continue; // a special case of the same encoding
                }
                let Shape { rd, rs1, rs2 } = shape(row, Insn(bits));
                let mut slots = [0; 256];
                slots[1..32].copy_from_slice(&values[1..]);
                let a = slots[usize::from(rs1)];
                let b = rs2.map_or_else(|imm| imm as u64, |rs2| slots[usize::from(rs2)]);
                let mut expected = slots;
                if rd != 0 {
                    expected[usize::from(rd)] = model(a, b);
                }
                run(&lift(&[bits], 1).expect("a whole instruction"), &mut slots);
                prop_assert_eq!(&slots[..144], &expected[..144], "{} {:#x}", name, bits);
            }
        }
    }
}

/// Every instruction that only computes has a model, but the ones too plain.
#[test]
fn every_computation_is_modelled() {
    let plain = [
        "lui",
        "auipc",
        "c.lui",
        "c.li",
        "c.mv",
        "c.addi16sp",
        "c.addi4spn",
    ];
    for row in rows() {
        let bits = encode(row, !0)
            .or(encode(row, 0x0ff8_0f84))
            .expect("a legal encoding");
        let block = lift(&[bits], 1).expect("a whole instruction");
        let jump = matches!(
            block.end,
            crate::ir::Terminator::Jump {
                hint: crate::ir::JumpHint::Plain,
                ..
            }
        );
        let computes = block.ops.len() > 1 && block.ops[1..].iter().all(Op::is_pure);
        if jump && computes && !row.needs_fp() && !plain.contains(&row.name) && row.name != "jal" {
            let modelled = MODELS
                .iter()
                .any(|(names, _)| names.split(' ').any(|n| n == row.name));
            assert!(modelled, "{} has no model", row.name);
        }
    }
}
