//! Branches and jumps.

use super::super::{Builder, Insn, builder::x, regs};
use crate::ir::{BinaryOp, Cond, JumpHint, Operand};

/// Branches if `rs1 cond rs2`.
pub fn branch(b: &mut Builder, i: Insn, cond: Cond) {
    b.branch(cond, x(i.rs1()), x(i.rs2()), i.imm_b());
}

/// `JAL`.
pub fn jal(b: &mut Builder, i: Insn) {
    jump(b, i.rd(), i.imm_j());
}

/// `JALR`.
pub fn jalr(b: &mut Builder, i: Insn) {
    jump_register(b, i.rd(), i.rs1(), i.imm_i());
}

/// `rd =` return address; jumps by `distance`.
pub fn jump(b: &mut Builder, rd: u8, distance: i32) {
    b.link(regs::x(rd));
    match rd {
        0 => b.jump(distance),
        _ if is_link(rd) => b.end_jump(distance, JumpHint::Call),
        _ => b.end_jump(distance, JumpHint::Plain),
    }
}

/// `rd =` return address; jumps to `(rs1 + imm) & !1`. The target comes first:
/// `rd` may be `rs1`.
pub fn jump_register(b: &mut Builder, rd: u8, rs1: u8, imm: i32) {
    let target = b.temp();
    let mut address = x(rs1);
    if imm != 0 {
        b.binary64(BinaryOp::Add, target, address, Operand::Imm(imm.into()));
        address = target.into();
    }
    b.binary64(BinaryOp::And, target, address, Operand::Imm(!1));
    b.link(regs::x(rd));
    b.end_jump_indirect(target.into(), indirect_hint(rd, rs1));
}

/// Whether it is a link register by convention: `x1` or `x5`.
const fn is_link(register: u8) -> bool {
    matches!(register, 1 | 5)
}

/// Return-address stack actions of `JALR` (Unprivileged §2.5.1, Table 3).
const fn indirect_hint(rd: u8, rs1: u8) -> JumpHint {
    match (is_link(rd), is_link(rs1)) {
        (false, false) => JumpHint::Plain,
        (false, true) => JumpHint::Return,
        (true, true) if rd != rs1 => JumpHint::ReturnCall,
        (true, _) => JumpHint::Call,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_address_stack_hints() {
        assert_eq!(indirect_hint(0, 10), JumpHint::Plain);
        assert_eq!(indirect_hint(0, 1), JumpHint::Return);
        assert_eq!(indirect_hint(10, 5), JumpHint::Return);
        assert_eq!(indirect_hint(1, 10), JumpHint::Call);
        assert_eq!(indirect_hint(1, 1), JumpHint::Call);
        assert_eq!(indirect_hint(1, 5), JumpHint::ReturnCall);
    }
}
