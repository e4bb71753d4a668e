//! The ops without micro-ops of their own.

use std::sync::atomic::{self, fence};

use vm_core::AccessSize;
use vm_cross_arch::ir::{Extend, Op, Ordering, eval, fixed};

use super::{
    exec::read,
    float,
    program::{Position, Program},
};
use crate::{
    atomic as guest_atomic,
    guest::{Exception, Guest, HelperCall, Outcome},
    memory,
    vcpu::Core,
};

/// Runs entry `entry` of the cold table, which is micro-op `index`.
#[inline(never)]
pub(super) fn run<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    program: &Program,
    index: usize,
    entry: usize,
) -> Result<(), Exception> {
    match program.cold.get(entry) {
        Some(op) => run_op(core, guest, op, || program.position(index)),
        None => Ok(()),
    }
}

/// The same for a load-reserved or store-conditional of a pair: no access to memory
/// comes between.
#[inline(never)]
pub(super) fn run_pair<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    program: &Program,
    index: usize,
    entry: usize,
) -> Result<(), Exception> {
    match program.cold.get(entry).copied() {
        Some(Op::LoadReserved {
            size, dst, addr, ..
        }) => {
            let va = read(core, addr);
            let value = guest_atomic::load_reserved_of_pair(core, guest, va, size)?;
            core.set(dst, value);
        }
        Some(Op::StoreConditional {
            size,
            dst,
            addr,
            src,
            ..
        }) => {
            let (va, src) = (read(core, addr), read(core, src));
            let stored = guest_atomic::store_conditional_of_pair(core, guest, va, size, src)?;
            core.set(dst, u64::from(!stored));
        }
        Some(op) => run_op(core, guest, &op, || program.position(index))?,
        None => {}
    }
    Ok(())
}

/// Runs any op. `position` is where its instruction is in its block, asked for
/// by helpers alone.
///
/// # Errors
/// The exception it raises.
#[inline]
pub(crate) fn run_op<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    op: &Op,
    position: impl FnOnce() -> Position,
) -> Result<(), Exception> {
    match *op {
        // Marks are no micro-ops; exits have their own.
        Op::Insn { .. } | Op::SideExit { .. } => {}
        Op::Move { dst, src } => core.set(dst, read(core, src)),
        Op::Binary {
            op,
            width,
            dst,
            a,
            b,
        } => {
            core.set(dst, eval::binary(op, width, read(core, a), read(core, b)));
        }
        Op::Unary { op, dst, a } => core.set(dst, eval::unary(op, read(core, a))),
        Op::SetIf { cond, dst, a, b } => {
            core.set(
                dst,
                u64::from(eval::condition(cond, read(core, a), read(core, b))),
            );
        }
        Op::Select { dst, test, a, b } => {
            let chosen = if read(core, test) != 0 { a } else { b };
            core.set(dst, read(core, chosen));
        }
        Op::Load {
            dst,
            base,
            offset,
            size,
            extend,
        } => {
            let va = read(core, base).wrapping_add(i64::from(offset) as u64);
            let value = memory::load(core, guest, va, size)?;
            core.set(dst, extended(value, size, extend));
        }
        Op::Store {
            src,
            base,
            offset,
            size,
        } => {
            let va = read(core, base).wrapping_add(i64::from(offset) as u64);
            let value = read(core, src);
            memory::store(core, guest, va, size, value)?;
        }
        Op::AtomicRmw {
            op,
            size,
            dst,
            addr,
            src,
            ..
        } => {
            let (va, src) = (read(core, addr), read(core, src));
            let old = guest_atomic::read_modify_write(core, guest, va, size, op, src)?;
            core.set(dst, old);
        }
        Op::CompareExchange {
            size,
            dst,
            addr,
            expected,
            new,
            ..
        } => {
            let (va, expected, new) = (read(core, addr), read(core, expected), read(core, new));
            let old = guest_atomic::compare_exchange(core, guest, va, size, expected, new)?;
            core.set(dst, old);
        }
        Op::LoadReserved {
            size, dst, addr, ..
        } => {
            let va = read(core, addr);
            let value = guest_atomic::load_reserved(core, guest, va, size)?;
            core.set(dst, value);
        }
        Op::StoreConditional {
            size,
            dst,
            addr,
            src,
            ..
        } => {
            let (va, src) = (read(core, addr), read(core, src));
            let stored = guest_atomic::store_conditional(core, guest, va, size, src)?;
            core.set(dst, u64::from(!stored));
        }
        Op::ZeroBlock { addr } => {
            let va = read(core, addr);
            memory::zero_block(core, guest, va)?;
        }
        Op::Fence { ordering } => host_fence(ordering),
        Op::Helper { helper, dst, args } => {
            let position = position();
            let pc = core.get(fixed::PC).wrapping_add(u64::from(position.offset));
            let args = args.map(|argument| read(core, argument));
            let next = pc.wrapping_add(u64::from(position.len));
            core.retired_in_block = u64::from(position.number);
            let outcome = guest.helper(
                core,
                &HelperCall {
                    id: helper,
                    args,
                    pc,
                    next,
                },
            );
            core.retired_in_block = 0;
            // Only terminators may jump, wait or exit: lifters see to it.
            if let (Outcome::Value(value), Some(dst)) = (outcome?, dst) {
                core.set(dst, value);
            }
        }
        Op::FpBinary { .. }
        | Op::FpMulAdd { .. }
        | Op::FpSqrt { .. }
        | Op::FpCompare { .. }
        | Op::FpClassify { .. }
        | Op::FpToInt { .. }
        | Op::IntToFp { .. }
        | Op::FpToFp { .. } => float::run(core, op),
    }
    Ok(())
}

/// Where the exit in entry `entry` of the cold table leads, in bytes from the
/// block's start, if it is taken. Lowering makes cold exits of no other op.
#[inline(never)]
pub(super) fn exit(core: &Core, program: &Program, entry: usize) -> Option<i64> {
    match *program.cold.get(entry)? {
        Op::SideExit { cond, a, b, offset } => {
            eval::condition(cond, read(core, a), read(core, b)).then_some(offset)
        }
        _ => None,
    }
}

fn extended(value: u64, size: AccessSize, extend: Extend) -> u64 {
    let unused = 64 - 8 * size.bytes() as u32;
    match extend {
        Extend::Zero => value,
        Extend::Sign => (((value << unused) as i64) >> unused) as u64,
        Extend::Ones => value | !size.mask(),
    }
}

fn host_fence(ordering: Ordering) {
    match ordering {
        Ordering::Relaxed => {}
        Ordering::Acquire => fence(atomic::Ordering::Acquire),
        Ordering::Release => fence(atomic::Ordering::Release),
        Ordering::AcquireRelease => fence(atomic::Ordering::AcqRel),
        Ordering::Sequential => fence(atomic::Ordering::SeqCst),
    }
}
