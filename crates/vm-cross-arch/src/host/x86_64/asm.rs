//! Instructions, on top of the assembler library.

use dynasmrt::{DynasmApi, SimpleAssembler, dynasm};

use super::regs::{Gpr, Xmm};

/// An instruction with a register and memory at base plus displacement, in its
/// shortest form.
macro_rules! reg_mem {
    ($asm:expr, $name:ident $class:ident($reg:expr), [$base:expr, $disp:expr]) => {{
        let (reg, base, disp): (u8, u8, i32) = ($reg.0, $base.0, $disp);
        match i8::try_from(disp) {
            Ok(disp) => {
                dynasmrt::dynasm!($asm ; .arch x64 ; $name $class(reg), [BYTE Rq(base) + disp])
            }
            Err(_) => dynasmrt::dynasm!($asm ; .arch x64 ; $name $class(reg), [Rq(base) + disp]),
        }
    }};
}

/// The same with the operands the other way round.
macro_rules! mem_reg {
    ($asm:expr, $name:ident [$base:expr, $disp:expr], $class:ident($reg:expr)) => {{
        let (reg, base, disp): (u8, u8, i32) = ($reg.0, $base.0, $disp);
        match i8::try_from(disp) {
            Ok(disp) => {
                dynasmrt::dynasm!($asm ; .arch x64 ; $name [BYTE Rq(base) + disp], $class(reg))
            }
            Err(_) => dynasmrt::dynasm!($asm ; .arch x64 ; $name [Rq(base) + disp], $class(reg)),
        }
    }};
}
pub(super) use {mem_reg, reg_mem};

/// A two-operand operation with register, memory and constant forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alu {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Cmp,
}

/// The condition of a jump or move, by its number in encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cc {
    Below = 0x2,
    AboveEqual = 0x3,
    Equal = 0x4,
    NotEqual = 0x5,
    Above = 0x7,
    Sign = 0x8,
    Parity = 0xa,
    Less = 0xc,
    GreaterEqual = 0xd,
}

/// A place in the code that a jump's displacement is yet to be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the jump goes astray unless it is bound"]
pub(super) struct Patch(u32);

impl Patch {
    /// Offset of the displacement.
    pub(super) const fn offset(self) -> u32 {
        self.0
    }
}

/// Code being written.
pub(super) struct Asm {
    pub(super) out: SimpleAssembler,
}

macro_rules! alu_match {
    ($op:expr, $mac:ident!($($args:tt)*)) => {
        match $op {
            Alu::Add => $mac!(add $($args)*),
            Alu::Sub => $mac!(sub $($args)*),
            Alu::And => $mac!(and $($args)*),
            Alu::Or => $mac!(or $($args)*),
            Alu::Xor => $mac!(xor $($args)*),
            Alu::Cmp => $mac!(cmp $($args)*),
        }
    };
}

impl Asm {
    pub(super) fn new() -> Self {
        let ops = Vec::with_capacity(2048);
        Self {
            out: SimpleAssembler { ops },
        }
    }

    /// Offset of the next instruction.
    pub(super) fn here(&self) -> u32 {
        self.out.ops.len() as u32
    }

    /// `dst op= src`, on 64 bits if `wide`, else on 32.
    pub(super) fn alu_rr(&mut self, op: Alu, wide: bool, dst: Gpr, src: Gpr) {
        let (d, s) = (dst.0, src.0);
        macro_rules! emit {
            ($name:ident) => {
                if wide {
                    dynasm!(self.out ; .arch x64 ; $name Rq(d), Rq(s))
                } else {
                    dynasm!(self.out ; .arch x64 ; $name Rd(d), Rd(s))
                }
            };
        }
        alu_match!(op, emit!());
    }

    /// `dst op= [base + disp]`.
    pub(super) fn alu_rm(&mut self, op: Alu, wide: bool, dst: Gpr, (base, disp): (Gpr, i32)) {
        macro_rules! emit {
            ($name:ident) => {
                if wide {
                    reg_mem!(self.out, $name Rq(dst), [base, disp])
                } else {
                    reg_mem!(self.out, $name Rd(dst), [base, disp])
                }
            };
        }
        alu_match!(op, emit!());
    }

    /// `dst op= imm`.
    pub(super) fn alu_ri(&mut self, op: Alu, wide: bool, dst: Gpr, imm: i32) {
        let d = dst.0;
        macro_rules! emit {
            ($name:ident) => {
                if wide {
                    dynasm!(self.out ; .arch x64 ; $name Rq(d), DWORD imm)
                } else {
                    dynasm!(self.out ; .arch x64 ; $name Rd(d), DWORD imm)
                }
            };
        }
        if let Ok(imm) = i8::try_from(imm) {
            return self.alu_ri8(op, wide, dst, imm);
        }
        alu_match!(op, emit!());
    }

    /// The form with a sign-extended byte, which the library does not choose
    /// for registers known at run time only.
    fn alu_ri8(&mut self, op: Alu, wide: bool, dst: Gpr, imm: i8) {
        let digit = match op {
            Alu::Add => 0,
            Alu::Or => 1,
            Alu::And => 4,
            Alu::Sub => 5,
            Alu::Xor => 6,
            Alu::Cmp => 7,
        };
        let rex = 0x40 | u8::from(wide) << 3 | dst.0 >> 3;
        let modrm = 0xc0 | digit << 3 | (dst.0 & 7);
        self.out.extend([rex, 0x83, modrm, imm as u8]);
    }

    pub(super) fn mov_rr(&mut self, dst: Gpr, src: Gpr) {
        if dst != src {
            dynasm!(self.out ; .arch x64 ; mov Rq(dst.0), Rq(src.0));
        }
    }

    /// `dst = zero-extended low half of src`.
    pub(super) fn mov32_rr(&mut self, dst: Gpr, src: Gpr) {
        dynasm!(self.out ; .arch x64 ; mov Rd(dst.0), Rd(src.0));
    }

    /// `dst = imm`, leaving the flags alone.
    pub(super) fn mov_ri(&mut self, dst: Gpr, imm: i64) {
        let d = dst.0;
        if let Ok(imm) = u32::try_from(imm) {
            dynasm!(self.out ; .arch x64 ; mov Rd(d), DWORD imm as i32);
        } else if let Ok(imm) = i32::try_from(imm) {
            dynasm!(self.out ; .arch x64 ; mov Rq(d), DWORD imm);
        } else {
            dynasm!(self.out ; .arch x64 ; mov Rq(d), QWORD imm);
        }
    }

    /// `dst = imm`; may change the flags.
    pub(super) fn set_ri(&mut self, dst: Gpr, imm: i64) {
        if imm == 0 {
            dynasm!(self.out ; .arch x64 ; xor Rd(dst.0), Rd(dst.0));
        } else {
            self.mov_ri(dst, imm);
        }
    }

    /// `dst = [base + disp]`, 64 bits.
    pub(super) fn load(&mut self, dst: Gpr, (base, disp): (Gpr, i32)) {
        reg_mem!(self.out, mov Rq(dst), [base, disp]);
    }

    /// `[base + disp] = src`, 64 bits.
    pub(super) fn store(&mut self, (base, disp): (Gpr, i32), src: Gpr) {
        mem_reg!(self.out, mov [base, disp], Rq(src));
    }

    /// `[base + disp] = imm`, 64 bits, sign-extended from 32.
    pub(super) fn store_imm(&mut self, (base, disp): (Gpr, i32), imm: i32) {
        match i8::try_from(disp) {
            Ok(disp) => {
                dynasm!(self.out ; .arch x64 ; mov QWORD [BYTE Rq(base.0) + disp], DWORD imm);
            }
            Err(_) => dynasm!(self.out ; .arch x64 ; mov QWORD [Rq(base.0) + disp], DWORD imm),
        }
    }

    /// `[base + disp] = imm`, 32 bits.
    pub(super) fn store32_imm(&mut self, (base, disp): (Gpr, i32), imm: i32) {
        match i8::try_from(disp) {
            Ok(disp) => {
                dynasm!(self.out ; .arch x64 ; mov DWORD [BYTE Rq(base.0) + disp], DWORD imm);
            }
            Err(_) => dynasm!(self.out ; .arch x64 ; mov DWORD [Rq(base.0) + disp], DWORD imm),
        }
    }

    /// `dst = base + disp`.
    pub(super) fn lea(&mut self, dst: Gpr, base: Gpr, disp: i32) {
        if disp == 0 {
            self.mov_rr(dst, base);
        } else {
            reg_mem!(self.out, lea Rq(dst), [base, disp]);
        }
    }

    /// `dst = a + b`.
    pub(super) fn lea_sum(&mut self, dst: Gpr, a: Gpr, b: Gpr) {
        dynasm!(self.out ; .arch x64 ; lea Rq(dst.0), [Rq(a.0) + Rq(b.0)]);
    }

    /// Copies a vector register.
    pub(super) fn movaps(&mut self, dst: Xmm, src: Xmm) {
        if dst != src {
            dynasm!(self.out ; .arch x64 ; movaps Rx(dst.0), Rx(src.0));
        }
    }

    /// A conditional jump to a place not known yet.
    pub(super) fn jcc(&mut self, cc: Cc) -> Patch {
        self.out.push(0x0f);
        self.out.push(0x80 | cc as u8);
        self.displacement()
    }

    /// A jump to a place not known yet.
    pub(super) fn jmp(&mut self) -> Patch {
        self.out.push(0xe9);
        self.displacement()
    }

    /// A call of a place not known yet.
    pub(super) fn call(&mut self) -> Patch {
        self.out.push(0xe8);
        self.displacement()
    }

    fn displacement(&mut self) -> Patch {
        let at = self.here();
        self.out.push_i32(0);
        Patch(at)
    }

    /// Lets a jump lead to the next instruction.
    pub(super) fn bind(&mut self, patch: Patch) {
        let here = self.here();
        self.bind_to(patch, here);
    }

    /// Lets a jump lead to the instruction at offset `target`.
    pub(super) fn bind_to(&mut self, patch: Patch, target: u32) {
        let at = patch.0 as usize;
        let displacement = (target as i32).wrapping_sub(at as i32 + 4);
        if let Some(field) = self.out.ops.get_mut(at..at + 4) {
            field.copy_from_slice(&displacement.to_le_bytes());
        }
    }
}
