//! The ops of a block's body: a row says everything about one.

use vm_core::AccessSize;

use super::{
    AtomicOp, BinaryOp, Cond, Extend, FpBinaryOp, FpCompareOp, FpFormat, HelperId, IntFormat,
    Operand, Ordering, Rounding, Slot, UnaryOp, Width, description::describe, effects::Effects,
    verify,
};

describe! {
    /// One step of a block.
    ///
    /// Floating-point ops accrue their flags in [`fixed::FP_FLAGS`](super::fixed::FP_FLAGS).
    /// A result that is not a number is always the default NaN: quiet, positive, no
    /// payload. Guests that keep payloads or signs need ops of their own.
    pub enum Op {
        /// The following ops belong to the guest instruction at `offset`.
        Insn("insn", Effects::MARK, verify::length(len)) {
            /// Bytes from the block's start.
            offset: u16,
            /// Length of the instruction, in bytes.
            len: u8,
        }
        /// `dst = src`.
        Move("move", Effects::NONE) {
            /// Result.
            dst: Slot,
            /// Source.
            src: Operand,
        }
        /// `dst = a op b`.
        Binary("", Effects::NONE, verify::width(op, width)) {
            /// Operation.
            op: BinaryOp,
            /// Width.
            width: Width,
            /// Result.
            dst: Slot,
            /// Left operand.
            a: Operand,
            /// Right operand.
            b: Operand,
        }
        /// `dst = op a`.
        Unary("", Effects::NONE) {
            /// Operation.
            op: UnaryOp,
            /// Result.
            dst: Slot,
            /// Operand.
            a: Operand,
        }
        /// `dst = 1` if the condition holds, else 0.
        SetIf("set", Effects::NONE) {
            /// Comparison.
            cond: Cond,
            /// Result.
            dst: Slot,
            /// Left operand.
            a: Operand,
            /// Right operand.
            b: Operand,
        }
        /// `dst = if test != 0 { a } else { b }`.
        Select("select", Effects::NONE) {
            /// Result.
            dst: Slot,
            /// What decides.
            test: Operand,
            /// Result if `test` is not zero.
            a: Operand,
            /// Result if it is.
            b: Operand,
        }
        /// Loads from guest virtual memory; misaligned is allowed. May fault.
        Load("load", Effects::LOAD) {
            /// Result.
            dst: Slot,
            /// Base address.
            base: Operand,
            /// Added to the base, wrapping.
            offset: i32,
            /// Size.
            size: AccessSize,
            /// Upper bits.
            extend: Extend,
        }
        /// Stores to guest virtual memory; misaligned is allowed. May fault.
        Store("store", Effects::STORE) {
            /// Value.
            src: Operand,
            /// Base address.
            base: Operand,
            /// Added to the base, wrapping.
            offset: i32,
            /// Size.
            size: AccessSize,
        }
        /// Zeroes the 64 bytes, aligned as a whole, that contain the address. May
        /// fault; the fault is at the address itself.
        ZeroBlock("zeroblock", Effects::STORE) {
            /// Address.
            addr: Operand,
        }
        /// `dst = memory; memory = memory op src`, atomically. The old value is
        /// sign-extended. May fault, also by misalignment. Sizes: word, double.
        AtomicRmw("amo", Effects::ATOMIC, verify::atomic(size)) {
            /// Operation.
            op: AtomicOp,
            /// Size.
            size: AccessSize,
            /// The old value.
            dst: Slot,
            /// Address.
            addr: Operand,
            /// Operand.
            src: Operand,
            /// Ordering.
            ordering: Ordering,
        }
        /// Compares memory with `expected` (of `size`) and stores `new` if equal.
        /// The old value is sign-extended. May fault, also by misalignment. Sizes:
        /// word, double.
        CompareExchange("cas", Effects::ATOMIC, verify::atomic(size)) {
            /// Size.
            size: AccessSize,
            /// The old value.
            dst: Slot,
            /// Address.
            addr: Operand,
            /// What memory must hold.
            expected: Operand,
            /// What it then gets.
            new: Operand,
            /// Ordering.
            ordering: Ordering,
        }
        /// Loads, sign-extended, and reserves the address. May fault, also by
        /// misalignment. Sizes: word, double.
        LoadReserved("lr", Effects::RESERVED_LOAD, verify::atomic(size)) {
            /// Size.
            size: AccessSize,
            /// Result.
            dst: Slot,
            /// Address.
            addr: Operand,
            /// Ordering.
            ordering: Ordering,
        }
        /// Stores if the reservation holds: `dst` = 0, else 1. Ends the reservation.
        /// May fault, also by misalignment. Sizes: word, double.
        StoreConditional("sc", Effects::CONDITIONAL_STORE, verify::atomic(size)) {
            /// Size.
            size: AccessSize,
            /// 0 on success, else 1.
            dst: Slot,
            /// Address.
            addr: Operand,
            /// Value.
            src: Operand,
            /// Ordering.
            ordering: Ordering,
        }
        /// Orders earlier against later memory accesses.
        Fence("fence", Effects::ORDER) {
            /// How.
            ordering: Ordering,
        }
        /// `dst = a op b`.
        FpBinary("", Effects::FP_FLAGS) {
            /// Operation.
            op: FpBinaryOp,
            /// Format.
            format: FpFormat,
            /// Rounding.
            rounding: Rounding,
            /// Result.
            dst: Slot,
            /// Left operand.
            a: Operand,
            /// Right operand.
            b: Operand,
        }
        /// `dst = ±(a × b) ± c`, rounded once. Infinity times zero is invalid whatever
        /// the addend is.
        FpMulAdd("fmuladd", Effects::FP_FLAGS) {
            /// Format.
            format: FpFormat,
            /// Rounding.
            rounding: Rounding,
            /// Negates the product.
            negate_product: bool,
            /// Negates the addend.
            negate_addend: bool,
            /// Result.
            dst: Slot,
            /// Factor.
            a: Operand,
            /// Factor.
            b: Operand,
            /// Addend.
            c: Operand,
        }
        /// `dst = √a`.
        FpSqrt("fsqrt", Effects::FP_FLAGS) {
            /// Format.
            format: FpFormat,
            /// Rounding.
            rounding: Rounding,
            /// Result.
            dst: Slot,
            /// Operand.
            a: Operand,
        }
        /// `dst = 1` if the comparison holds, else 0.
        FpCompare("", Effects::FP_FLAGS) {
            /// Comparison.
            op: FpCompareOp,
            /// Format.
            format: FpFormat,
            /// Result.
            dst: Slot,
            /// Left operand.
            a: Operand,
            /// Right operand.
            b: Operand,
        }
        /// `dst` = one bit for what `a` is, from bit 0: -infinity, negative normal,
        /// negative subnormal, -0, +0, positive subnormal, positive normal, +infinity,
        /// signalling NaN, quiet NaN. No flags.
        FpClassify("fclass", Effects::NONE) {
            /// Format.
            format: FpFormat,
            /// Result.
            dst: Slot,
            /// Operand.
            a: Operand,
        }
        /// Converts to an integer. What the format cannot hold is invalid and gives the
        /// nearest value that it can; a NaN gives the greatest.
        FpToInt("ftoint", Effects::FP_FLAGS) {
            /// Source format.
            from: FpFormat,
            /// Result format.
            to: IntFormat,
            /// Rounding.
            rounding: Rounding,
            /// Result.
            dst: Slot,
            /// Operand.
            a: Operand,
        }
        /// Converts from an integer.
        IntToFp("inttof", Effects::FP_FLAGS) {
            /// Source format.
            from: IntFormat,
            /// Result format.
            to: FpFormat,
            /// Rounding.
            rounding: Rounding,
            /// Result.
            dst: Slot,
            /// Operand.
            a: Operand,
        }
        /// Converts between floating-point formats.
        FpToFp("ftof", Effects::FP_FLAGS) {
            /// Source format.
            from: FpFormat,
            /// Result format.
            to: FpFormat,
            /// Rounding.
            rounding: Rounding,
            /// Result.
            dst: Slot,
            /// Operand.
            a: Operand,
        }
        /// Leaves the block if the condition holds: its guest instruction has then
        /// retired, and the guest goes on at `offset`. Every guest slot and fixed
        /// cell is up to date here, as at an op that may fault. Nothing but further
        /// exits follows it in its instruction.
        SideExit("sideexit", Effects::EXIT) {
            /// The comparison, on 64 bits.
            cond: Cond,
            /// Its left side.
            a: Operand,
            /// Its right side.
            b: Operand,
            /// Where to if it holds, in bytes from the block's start.
            offset: i64,
        }
        /// Runs a helper that returns to the block, or raises an exception. What it
        /// may read and change beside its result, it [declares](super::HelperEffects);
        /// nothing that the translation of this block depended on.
        Helper("helper", Effects::ANY_HELPER) {
            /// Which.
            helper: HelperId,
            /// Where its result goes; `None` drops it.
            dst: Option<Slot>,
            /// Its arguments.
            args: [Operand; 3],
        }
    }
}

impl Op {
    /// Whether the op does nothing but write [`dst`](Self::dst): it can go if
    /// nobody reads that.
    #[inline]
    pub const fn is_pure(&self) -> bool {
        self.effects().is_none()
    }

    /// Whether the op accrues its flags in [`fixed::FP_FLAGS`](super::fixed::FP_FLAGS).
    #[inline]
    pub const fn accrues_flags(&self) -> bool {
        self.effects().has(Effects::FP_FLAGS)
    }

    /// Whether the op may raise an exception.
    #[inline]
    pub const fn may_fault(&self) -> bool {
        self.effects().has(Effects::FAULT)
    }

    /// Whether the op may leave the block early, by an exception or by an exit:
    /// all guest slots must be up to date then.
    #[inline]
    pub const fn may_leave(&self) -> bool {
        self.effects().has(Effects::FAULT.and(Effects::EXIT))
    }
}

#[cfg(test)]
mod tests;
