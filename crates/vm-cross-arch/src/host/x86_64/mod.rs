//! x86-64: one pass from IR to machine code.
//!
//! `rbp` is the state register, `r15` the short TLB; `rax`, `rcx` and `rdx` are
//! scratch; the rest holds global guest registers. Within a block the scratch
//! and the vector registers cache slots. Whatever is rare lies behind the
//! block's main line.
#![allow(
    clippy::useless_conversion,
    reason = "the assembler's macro converts register numbers of any type"
)]

mod alu;
mod asm;
mod atomic;
mod cold;
mod control;
mod emitter;
mod encode;
mod features;
mod float;
mod float_control;
mod load_store;
mod multiply;
mod patch;
mod regs;
mod runtime;
mod vector;

pub use features::Features;
pub use regs::Gpr;

use super::{
    Backend, Callbacks, Config, GlobalRegisters, RuntimeCode, Transfer,
    contract::{HostCode, Request, ReservationCells, StateLayout},
};
use crate::{guest::GuestShape, ir::Block};

/// The back-end: what the code of all blocks of a vCPU has in common.
#[derive(Debug)]
pub struct X86_64 {
    guest: &'static GuestShape,
    layout: StateLayout,
    /// Which guest registers live in host registers.
    globals: GlobalRegisters<Gpr>,
    features: Features,
    watched_stores: Option<i32>,
    reservation: ReservationCells,
}

impl X86_64 {
    /// A back-end for code of that kind.
    pub fn new(config: &Config<Features>) -> Self {
        let Config {
            guest,
            layout,
            features,
            watched_stores,
            reservation,
        } = *config;
        Self {
            guest,
            layout,
            globals: GlobalRegisters::new(guest, &regs::GLOBALS),
            features,
            watched_stores,
            reservation,
        }
    }
}

impl Backend for X86_64 {
    type Features = Features;

    const STATE_BIAS: i32 = regs::STATE_BIAS;
    const TLB_BIAS: i32 = regs::TLB_BIAS;
    /// A fetch block of common processors.
    const ALIGN: usize = 16;
    const JUMP_BYTES: usize = patch::DISPLACEMENT;
    const GUARD_BYTES: usize = 4;
    const KILL_BYTES: usize = patch::JUMP;
    const VENEER_BYTES: usize = patch::JUMP;
    const LEAST_REACH: u32 = patch::REACH;
    const FP_CLEAR: u32 = float_control::CLEAR;

    fn try_new(config: &Config<Features>) -> Option<Self> {
        Some(Self::new(config))
    }

    fn emit(&self, block: &Block, request: &Request) -> HostCode {
        emitter::Emitter::new(block, request, self).run()
    }

    fn runtime_code(&self, callbacks: &Callbacks) -> RuntimeCode {
        runtime::runtime_code(self, callbacks)
    }

    fn transfer(&self, bias: u64, mapping: u32) -> Transfer {
        runtime::transfer(self, bias, mapping)
    }

    fn reach(&self, _jump: &[u8]) -> u32 {
        patch::REACH
    }

    fn lead(&self, jump: &mut [u8], distance: i32) {
        patch::lead(jump, distance);
    }

    fn set_guard(&self, guard: &mut [u8], number: u32) {
        patch::set(guard, number as i32);
    }

    fn kill(&self, entry: &mut [u8], distance: i32) {
        patch::jump(entry, distance);
    }

    fn veneer(&self, code: &mut [u8], distance: i32) {
        patch::jump(code, distance);
    }

    /// The processor sees to it itself, once it has executed a jump (AMD64 Architecture
    /// Programmer's Manual volume 2, section 7.6.1).
    fn publish(&self, _written: &[u8], _executed: &[u8]) {}

    fn fp_flags(word: u32) -> u64 {
        float_control::flags(word)
    }

    fn take_fp_flags() -> u64 {
        float_control::take_flags()
    }

    fn keeping_fp<R>(work: impl FnOnce() -> R) -> R {
        float_control::keeping(work)
    }
}
