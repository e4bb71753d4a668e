//! What generated code finds in a vCPU.

use std::mem::offset_of;

use vm_cross_arch::host::{
    Backend, Native,
    contract::{ReservationCells, StateLayout},
};

use super::jumps::MappingContext;
use crate::vcpu::Core;

/// The floating-point control and status word without any flag.
const FP_CLEAR: u32 = Native::FP_CLEAR;

/// The cells of a vCPU that generated code reads and writes, beside the slots.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct JitState {
    budget: i32,
    /// What the budget was when instructions were last counted.
    granted: i32,
    pub(crate) context: MappingContext,
    /// Address of the jump table in use.
    pub(crate) jumps: usize,
    /// Where the register of the short TLB points.
    pub(crate) tlb: usize,
    fp_control: u32,
    host_fp_control: u32,
    fp_clear: u32,
    fp_flags: [u8; 64],
    // Arguments that are not next to each other are loaded one by one: a wide
    // load would wait for the stores of both to leave the store buffer.
    args: [Argument; 3],
    pub(crate) site_pc: i32,
    pub(crate) site: u32,
    pub(crate) callee: u32,
    pub(crate) next: i32,
    /// Address of the count of reservations.
    pub(crate) reservations: usize,
    /// The reservation that no other vCPU knows of.
    pub(crate) lone: LoneReservation,
    /// Address of the vCPU while it runs generated code.
    pub(crate) vcpu: usize,
}

/// A reservation of load-reserved that no other vCPU knows of: the vCPU is alone
/// on its machine, or the store-conditional follows without an access to memory
/// in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct LoneReservation {
    /// Host address of the access; 0 if there is no reservation.
    pub(crate) host: u64,
    /// What was loaded, sign-extended.
    pub(crate) value: u64,
    /// Beside other vCPUs: not 0 if nothing came between.
    pub(crate) proven: u32,
    /// Beside other vCPUs: not 0 while there is a reservation that they know of,
    /// or the next one has to be such.
    pub(crate) refused: u32,
}

impl JitState {
    pub(crate) fn new(reservations: usize) -> Self {
        Self {
            budget: 0,
            granted: 0,
            context: MappingContext::default(),
            jumps: 0,
            tlb: 0,
            site_pc: 0,
            site: 0,
            callee: 0,
            next: 0,
            fp_control: FP_CLEAR,
            host_fp_control: FP_CLEAR,
            fp_clear: FP_CLEAR,
            fp_flags: std::array::from_fn(|accrued| Native::fp_flags(accrued as u32) as u8),
            args: [Argument::default(); 3],
            reservations,
            lone: LoneReservation::default(),
            vcpu: 0,
        }
    }

    /// Guest instructions since the last call.
    pub(crate) fn take_retired(&mut self) -> u64 {
        let retired = self.uncounted();
        self.granted = self.budget;
        retired
    }

    /// The same, without taking them.
    pub(crate) fn uncounted(&self) -> u64 {
        (i64::from(self.granted) - i64::from(self.budget)) as u64
    }

    /// Adds instructions to the budget that were taken off, but not retired.
    pub(crate) fn give_back(&mut self, insns: u16) {
        let insns = i32::from(insns);
        (self.granted, self.budget) = (self.granted + insns, self.budget + insns);
    }

    /// How many instructions may still run until the vCPU looks around.
    pub(crate) fn budget(&self) -> i32 {
        self.budget
    }

    /// Allows so many instructions until the vCPU looks around.
    pub(crate) fn grant(&mut self, budget: i32) {
        (self.granted, self.budget) = (budget, budget);
    }

    /// Arguments of the helper that ends a block.
    pub(crate) fn args(&self) -> [u64; 3] {
        self.args.map(|argument| argument.value)
    }

    /// Floating-point exceptions that had accrued when generated code was
    /// left, and no call has returned yet, as [`vm_core::float::flags`].
    pub(crate) fn take_fp_flags(&mut self) -> u64 {
        let control = std::mem::replace(&mut self.fp_control, FP_CLEAR);
        Native::fp_flags(control)
    }
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Argument {
    value: u64,
    unused: u64,
}

/// Offset from the state register of something at `offset` in [`Core`].
const fn from_state(offset: usize) -> i32 {
    offset as i32 - (offset_of!(Core, slots) as i32 + Native::STATE_BIAS)
}

macro_rules! cell {
    ($($field:tt)*) => {
        from_state(offset_of!(Core, jit.$($field)*))
    };
}

/// Where generated code finds the cells.
pub(crate) const LAYOUT: StateLayout = StateLayout {
    slots: from_state(offset_of!(Core, slots)),
    budget: cell!(budget),
    bias: cell!(context.bias),
    mapping: cell!(context.number),
    jumps: cell!(jumps),
    tlb: cell!(tlb),
    site_pc: cell!(site_pc),
    site: cell!(site),
    callee: cell!(callee),
    next: cell!(next),
    args: cell!(args),
    arg_bytes: size_of::<Argument>() as i32,
    fp_flags: cell!(fp_flags),
    fp_clear: cell!(fp_clear),
    fp_control: cell!(fp_control),
    host_fp_control: cell!(host_fp_control),
};

/// Where it finds the reservation that no other vCPU knows of.
pub(crate) const RESERVATION: ReservationCells = ReservationCells {
    host: cell!(lone.host),
    value: cell!(lone.value),
    proven: cell!(lone.proven),
    refused: cell!(lone.refused),
};

/// Where it finds the address of the count of reservations.
pub(crate) const RESERVATIONS: i32 = cell!(reservations);

const _: () = assert!(
    LAYOUT.mapping == LAYOUT.bias + 8,
    "both are copied from a jump table's entry at once"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_counted_once() {
        let mut state = JitState::new(0);
        state.grant(100);
        state.budget -= 30;
        assert_eq!((state.take_retired(), state.take_retired()), (30, 0));
        state.budget -= 80;
        assert_eq!(state.take_retired(), 80);
    }
}
