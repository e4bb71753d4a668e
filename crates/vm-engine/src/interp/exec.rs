//! Runs lowered blocks.

use vm_core::AccessSize;
use vm_cross_arch::ir::{BinaryOp, Cond, HelperId, Operand, Slot, Terminator, Width, eval, fixed};

use super::{
    cold,
    micro::{MicroOp, for_each_hot},
    program::{End, Program},
};
use crate::{
    guest::{Exception, Guest},
    memory,
    vcpu::Core,
};

/// An exception raised inside a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Index of the micro-op that raised it.
    pub op: usize,
    /// The exception.
    pub exception: Exception,
}

/// Where a block leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To this virtual address.
    Jump(u64),
    /// To a virtual address, from within the block.
    Exit {
        /// The address.
        target: u64,
        /// How many of the block's instructions have retired.
        retired: u16,
    },
    /// To a helper; afterwards to `next` unless the helper knows better.
    Helper {
        /// Which.
        helper: HelperId,
        /// Where its result goes.
        dst: Option<Slot>,
        /// Its arguments.
        args: [u64; 3],
        /// The virtual address of the next instruction.
        next: u64,
    },
}

/// Runs a block to its end. [`fixed::PC`] must hold its virtual address.
///
/// # Errors
/// The exception that ended it early.
#[inline]
pub fn run<G: Guest>(core: &mut Core, guest: &mut G, program: &Program) -> Result<Next, Fault> {
    run_ops(core, guest, program)
}

/// Value of operand `operand`.
#[inline(always)]
pub(super) fn read(core: &Core, operand: Operand) -> u64 {
    match operand {
        Operand::Slot(slot) => core.get(slot),
        Operand::Imm(value) => value as u64,
    }
}

/// Matches a micro-op: the arms for hot binary ops and exits, then those given.
macro_rules! dispatch {
    (
        ($op:expr, $core:ident, { $($arms:tt)* })
        [$($rr:ident $ri:ident $bin:ident $width:ident;)*]
        [$($exit_rr:ident $exit_ri:ident $cond:ident;)*]
    ) => {
        match $op {
            $(
                MicroOp::$rr { dst, a, b } => {
                    let (a, b) = ($core.slots[usize::from(a)], $core.slots[usize::from(b)]);
                    $core.slots[usize::from(dst)] =
                        eval::binary(BinaryOp::$bin, Width::$width, a, b);
                }
                MicroOp::$ri { dst, a, imm } => {
                    let a = $core.slots[usize::from(a)];
                    $core.slots[usize::from(dst)] =
                        eval::binary(BinaryOp::$bin, Width::$width, a, imm as u64);
                }
            )*
            $(
                MicroOp::$exit_rr { a, b, retired, to } => {
                    let (a, b) = ($core.slots[usize::from(a)], $core.slots[usize::from(b)]);
                    if eval::condition(Cond::$cond, a, b) {
                        return Ok(exit($core, retired, to.into()));
                    }
                }
                MicroOp::$exit_ri { a, retired, imm, to } => {
                    let a = $core.slots[usize::from(a)];
                    if eval::condition(Cond::$cond, a, i64::from(imm) as u64) {
                        return Ok(exit($core, retired, to.into()));
                    }
                }
            )*
            $($arms)*
        }
    };
}

macro_rules! load {
    ($core:ident, $guest:ident, $index:ident, $dst:ident, $base:ident, $offset:ident,
     $size:ident, $extend:expr) => {{
        let va = $core.slots[usize::from($base)].wrapping_add($offset as i64 as u64);
        match memory::load($core, $guest, va, AccessSize::$size) {
            Ok(value) => $core.slots[usize::from($dst)] = $extend(value),
            Err(exception) => {
                return Err(Fault {
                    op: $index,
                    exception,
                });
            }
        }
    }};
}

macro_rules! store {
    ($core:ident, $guest:ident, $index:ident, $src:ident, $base:ident, $offset:ident,
     $size:ident) => {{
        let va = $core.slots[usize::from($base)].wrapping_add($offset as i64 as u64);
        let value = $core.slots[usize::from($src)];
        if let Err(exception) = memory::store($core, $guest, va, AccessSize::$size, value) {
            return Err(Fault {
                op: $index,
                exception,
            });
        }
    }};
}

fn run_ops<G: Guest>(core: &mut Core, guest: &mut G, program: &Program) -> Result<Next, Fault> {
    for (index, op) in program.ops.iter().enumerate() {
        for_each_hot!(dispatch!(*op, core, {
            MicroOp::MoveSlot { dst, a } => {
                core.slots[usize::from(dst)] = core.slots[usize::from(a)];
            }
            MicroOp::MoveImm { dst, imm } => core.slots[usize::from(dst)] = imm as u64,
            MicroOp::SetLtSRR { dst, a, b } => {
                let (a, b) = (core.slots[usize::from(a)], core.slots[usize::from(b)]);
                core.slots[usize::from(dst)] = u64::from((a as i64) < b as i64);
            }
            MicroOp::SetLtSRI { dst, a, imm } => {
                core.slots[usize::from(dst)] =
                    u64::from((core.slots[usize::from(a)] as i64) < imm);
            }
            MicroOp::SetLtURR { dst, a, b } => {
                let (a, b) = (core.slots[usize::from(a)], core.slots[usize::from(b)]);
                core.slots[usize::from(dst)] = u64::from(a < b);
            }
            MicroOp::SetLtURI { dst, a, imm } => {
                core.slots[usize::from(dst)] =
                    u64::from(core.slots[usize::from(a)] < imm as u64);
            }
            MicroOp::SignExtend32 { dst, a } => {
                core.slots[usize::from(dst)] = sign32(core.slots[usize::from(a)]);
            }
            MicroOp::ZeroExtend32 { dst, a } => {
                core.slots[usize::from(dst)] = u64::from(core.slots[usize::from(a)] as u32);
            }
            MicroOp::ZeroExtend16 { dst, a } => {
                core.slots[usize::from(dst)] = u64::from(core.slots[usize::from(a)] as u16);
            }
            MicroOp::Select { dst, test, a, b } => {
                let chosen = if core.slots[usize::from(test)] != 0 { a } else { b };
                core.slots[usize::from(dst)] = core.slots[usize::from(chosen)];
            }
            MicroOp::LoadS8 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Byte, sign8);
            }
            MicroOp::LoadU8 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Byte, same);
            }
            MicroOp::LoadS16 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Half, sign16);
            }
            MicroOp::LoadU16 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Half, same);
            }
            MicroOp::LoadS32 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Word, sign32);
            }
            MicroOp::LoadU32 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Word, same);
            }
            MicroOp::Load64 { dst, base, offset } => {
                load!(core, guest, index, dst, base, offset, Double, same);
            }
            MicroOp::Store8 { src, base, offset } => {
                store!(core, guest, index, src, base, offset, Byte);
            }
            MicroOp::Store16 { src, base, offset } => {
                store!(core, guest, index, src, base, offset, Half);
            }
            MicroOp::Store32 { src, base, offset } => {
                store!(core, guest, index, src, base, offset, Word);
            }
            MicroOp::Store64 { src, base, offset } => {
                store!(core, guest, index, src, base, offset, Double);
            }
            MicroOp::Cold { index: entry } => {
                let result = cold::run(core, guest, program, index, usize::from(entry));
                if let Err(exception) = result {
                    return Err(Fault { op: index, exception });
                }
            }
            MicroOp::Paired { index: entry } => {
                let result = cold::run_pair(core, guest, program, index, usize::from(entry));
                if let Err(exception) = result {
                    return Err(Fault { op: index, exception });
                }
            }
            MicroOp::ColdExit { index: entry, retired } => {
                if let Some(to) = cold::exit(core, program, usize::from(entry)) {
                    return Ok(exit(core, retired, to));
                }
            }
        }));
    }
    Ok(end(core, program))
}

#[inline(always)]
fn exit(core: &Core, retired: u16, to: i64) -> Next {
    Next::Exit {
        target: core.get(fixed::PC).wrapping_add(to as u64),
        retired,
    }
}

#[inline(always)]
fn same(value: u64) -> u64 {
    value
}

#[inline(always)]
fn sign8(value: u64) -> u64 {
    i64::from(value as i8) as u64
}

#[inline(always)]
fn sign16(value: u64) -> u64 {
    i64::from(value as i16) as u64
}

#[inline(always)]
fn sign32(value: u64) -> u64 {
    i64::from(value as i32) as u64
}

#[inline(always)]
fn end(core: &Core, program: &Program) -> Next {
    let pc = core.get(fixed::PC);
    match program.end {
        End::Jump { offset } => Next::Jump(pc.wrapping_add(offset as u64)),
        End::Branch {
            cond,
            a,
            b,
            taken,
            fallthrough,
        } => {
            let (a, b) = (core.slots[usize::from(a)], core.slots[usize::from(b)]);
            let offset = if eval::condition(cond, a, b) {
                taken
            } else {
                fallthrough
            };
            Next::Jump(pc.wrapping_add(i64::from(offset) as u64))
        }
        End::JumpIndirect { target } => Next::Jump(read(core, target)),
        End::Other(ref terminator) => other_end(core, pc, terminator),
    }
}

fn other_end(core: &Core, pc: u64, terminator: &Terminator) -> Next {
    match *terminator {
        Terminator::Jump { offset, .. } => Next::Jump(pc.wrapping_add(offset as u64)),
        Terminator::JumpIndirect { target, .. } => Next::Jump(read(core, target)),
        Terminator::Branch {
            cond,
            a,
            b,
            taken,
            fallthrough,
        } => {
            let holds = eval::condition(cond, read(core, a), read(core, b));
            let offset = if holds { taken } else { fallthrough };
            Next::Jump(pc.wrapping_add(offset as u64))
        }
        Terminator::Helper {
            helper,
            dst,
            args,
            next,
        } => Next::Helper {
            helper,
            dst,
            args: args.map(|argument| read(core, argument)),
            next: pc.wrapping_add(next as u64),
        },
    }
}
