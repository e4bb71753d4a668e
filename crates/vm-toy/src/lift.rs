//! From the toy's bytes to a block.

use vm_core::AccessSize;
use vm_cross_arch::{
    guest::{BlockBuilder, GuestShape, Isa, IsaContext, ZERO},
    ir::{BinaryOp, Block, Cond, Extend, GuestInfo, JumpHint, Operand, Width},
};

use crate::{
    Helper, Insn,
    regs::{CARRY, INFO, LINK, SHAPE, r},
    rows::{ILLEGAL, decode, text},
};

/// Conditional branches that a block goes on behind.
const MAX_EXITS: u16 = 4;

/// The toy's instruction set.
#[derive(Debug)]
pub struct ToyIsa;

/// What a translation depends on besides its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Context {
    /// It is for user mode.
    pub user: bool,
}

impl IsaContext for Context {
    fn key(self) -> u32 {
        self.user.into()
    }

    fn from_key(key: u32) -> Self {
        Self { user: key != 0 }
    }

    fn rounds_to_nearest(self) -> bool {
        true
    }
}

impl Isa for ToyIsa {
    type Context = Context;
    const SHAPE: &'static GuestShape = &SHAPE;
    const INFO: &'static GuestInfo = &INFO;
    const MAX_BLOCK_BYTES: usize = 512;

    fn lift(context: Context, code: &[u8], max_insns: u16) -> Option<Block> {
        let mut b = BlockBuilder::default();
        while let Some((row, insn)) = code.get(usize::from(b.next())..).and_then(decode) {
            let illegal = row.privileged && context.user;
            b.begin(row.format.bytes());
            (if illegal { ILLEGAL } else { row }.lift)(&mut b, insn);
            if b.is_ended() || b.insns() >= max_insns || b.exits() > MAX_EXITS {
                break;
            }
        }
        (b.insns() != 0).then(|| b.finish())
    }

    fn disassemble(code: &[u8], _: u64) -> String {
        decode(code).map_or_else(|| "?".to_owned(), text)
    }
}

fn a(i: Insn) -> Operand {
    r(i.a).into()
}

fn b_(i: Insn) -> Operand {
    r(i.b).into()
}

/// `nop`.
pub fn nop(_: &mut BlockBuilder, _: Insn) {}

/// An instruction that a helper does, without operands.
pub fn end(b: &mut BlockBuilder, _: Insn, helper: Helper) {
    b.end_helper(helper.id(), None, [ZERO; 3]);
}

/// `read a, sys`.
pub fn read(b: &mut BlockBuilder, i: Insn) {
    let number = Operand::Imm(i.b.into());
    b.helper(Helper::Read.id(), Some(r(i.a)), [number, ZERO, ZERO]);
}

/// `write a, sys`.
pub fn write(b: &mut BlockBuilder, i: Insn) {
    let number = Operand::Imm(i.b.into());
    b.end_helper(Helper::Write.id(), None, [number, a(i), ZERO]);
}

/// `ret`: jumps to `r7`.
pub fn ret(b: &mut BlockBuilder, _: Insn) {
    b.end_jump_indirect(r(LINK).into(), JumpHint::Return);
}

/// `jr a`.
pub fn jump_register(b: &mut BlockBuilder, i: Insn) {
    b.end_jump_indirect(a(i), JumpHint::Plain);
}

/// `callr a`: the target is read before `r7` is written.
pub fn call_register(b: &mut BlockBuilder, i: Insn) {
    let target = b.temp();
    b.mov(target, a(i));
    b.link(r(LINK));
    b.end_jump_indirect(target.into(), JumpHint::Call);
}

/// `jmp`.
pub fn jump(b: &mut BlockBuilder, i: Insn) {
    b.jump(i.imm as i32);
}

/// `call`.
pub fn call(b: &mut BlockBuilder, i: Insn) {
    b.link(r(LINK));
    b.end_jump(i.imm as i32, JumpHint::Call);
}

/// Branches if `a cond b`.
pub fn branch(b: &mut BlockBuilder, i: Insn, cond: Cond) {
    b.branch(cond, a(i), b_(i), i.imm as i32);
}

/// `bnc`: branches without carry.
pub fn branch_no_carry(b: &mut BlockBuilder, i: Insn) {
    b.branch(Cond::Eq, CARRY.into(), ZERO, i.imm as i32);
}

/// `a = b`.
pub fn copy(b: &mut BlockBuilder, i: Insn) {
    b.mov(r(i.a), b_(i));
}

/// `a =` a constant.
pub fn set(b: &mut BlockBuilder, i: Insn) {
    b.mov(r(i.a), Operand::Imm(i.imm));
}

/// `a = b` with carry.
pub fn move_if_carry(b: &mut BlockBuilder, i: Insn) {
    b.select(r(i.a), CARRY.into(), b_(i), a(i));
}

/// `a = b +` a constant; no carry.
pub fn add_immediate(b: &mut BlockBuilder, i: Insn) {
    let constant = Operand::Imm(i.imm);
    b.binary(BinaryOp::Add, Width::W64, r(i.a), b_(i), constant);
}

/// `a = a + b`, and the carry of that.
pub fn add(b: &mut BlockBuilder, i: Insn) {
    let sum = b.temp();
    b.binary(BinaryOp::Add, Width::W64, sum, a(i), b_(i));
    b.set_if(Cond::LtU, CARRY, sum.into(), b_(i));
    b.mov(r(i.a), sum.into());
}

/// `a = a + b + carry`, and the carry of that.
pub fn add_with_carry(b: &mut BlockBuilder, i: Insn) {
    let (sum, all, first, second) = (b.temp(), b.temp(), b.temp(), b.temp());
    b.binary(BinaryOp::Add, Width::W64, sum, a(i), b_(i));
    b.set_if(Cond::LtU, first, sum.into(), b_(i));
    b.binary(BinaryOp::Add, Width::W64, all, sum.into(), CARRY.into());
    b.set_if(Cond::LtU, second, all.into(), sum.into());
    b.binary(BinaryOp::Or, Width::W64, CARRY, first.into(), second.into());
    b.mov(r(i.a), all.into());
}

/// `a = a - b`; the carry is a borrow.
pub fn subtract(b: &mut BlockBuilder, i: Insn) {
    b.set_if(Cond::LtU, CARRY, a(i), b_(i));
    b.binary(BinaryOp::Sub, Width::W64, r(i.a), a(i), b_(i));
}

/// `a = a op b`.
pub fn binary(b: &mut BlockBuilder, i: Insn, op: BinaryOp) {
    b.binary(op, Width::W64, r(i.a), a(i), b_(i));
}

/// `a = (a cond b)`, 0 or 1.
pub fn compare(b: &mut BlockBuilder, i: Insn, cond: Cond) {
    b.set_if(cond, r(i.a), a(i), b_(i));
}

/// `a = memory[b + offset]`, zero-extended.
pub fn load(b: &mut BlockBuilder, i: Insn, size: AccessSize) {
    b.load(r(i.a), b_(i), i.imm as i32, size, Extend::Zero);
}

/// `memory[b + offset] = a`.
pub fn store(b: &mut BlockBuilder, i: Insn, size: AccessSize) {
    b.store(a(i), b_(i), i.imm as i32, size);
}
