//! AArch64: one pass from IR to machine code.
//!
//! `x28` is the state register, `x27` the short TLB; `x0` to `x5` are scratch and cache
//! slots within a block; `x6` to `x8`, `x16` and `x17` serve single ops and the stubs;
//! `x9` to `x15` and `x19` to `x26` are for global guest registers. `x18` is the
//! system's. Whatever is rare lies behind the block's main line.
//!
//! This is the first step of the back-end. All integer ops but carry-less products, loads,
//! stores, fences and every way out of a block have a native form. Atomics, reservations,
//! cleared blocks, floating-point ops and helpers are left to the engine
//! ([`Runtime::Op`](super::contract::Runtime::Op)).
//!
//! The host orders memory no more than it has to: plain loads and stores become just that,
//! and only fences become barriers. A dependency between two accesses orders them for
//! guests that are weakly ordered, too; a guest with stronger rules (x86-64) asks for
//! accesses that acquire and release, which do not exist yet.
#![allow(
    clippy::useless_conversion,
    reason = "the assembler's macro converts register numbers of any type"
)]

mod alu;
mod asm;
mod cold;
mod control;
mod emitter;
mod encode;
mod float_control;
mod icache;
mod load_store;
mod multiply;
mod patch;
mod regs;
mod runtime;

use super::{
    Backend, Callbacks, Config, GlobalRegisters, RuntimeCode, Transfer,
    contract::{HostCode, Request, StateLayout},
};
use crate::{
    guest::GuestShape,
    ir::{Block, SLOT_COUNT},
};
use regs::Gpr;

/// The back-end: what the code of all blocks of a vCPU has in common.
#[derive(Debug)]
pub struct Aarch64 {
    guest: &'static GuestShape,
    layout: StateLayout,
    /// Which guest registers live in host registers.
    globals: GlobalRegisters<Gpr>,
    watched_stores: Option<i32>,
}

impl Aarch64 {
    /// A back-end for code of that kind.
    fn new(config: &Config<()>) -> Self {
        let Config {
            guest,
            layout,
            watched_stores,
            ..
        } = *config;
        Self {
            guest,
            layout,
            globals: GlobalRegisters::new(guest, &regs::GLOBALS),
            watched_stores,
        }
    }
}

/// Whether all that code needs of the vCPU's state is within reach of the state register.
fn is_near(config: &Config<()>) -> bool {
    let layout = &config.layout;
    let last_slot = layout.slots + 8 * (SLOT_COUNT as i32 - 1);
    let last_arg = layout.args + 2 * layout.arg_bytes;
    let doubles = [
        layout.slots,
        last_slot,
        layout.bias,
        layout.bias + 8,
        layout.jumps,
        layout.tlb,
        layout.args,
        last_arg,
        config.watched_stores.unwrap_or_default(),
    ];
    let words = [
        layout.budget,
        layout.mapping,
        layout.site_pc,
        layout.site,
        layout.callee,
        layout.next,
        layout.fp_control,
        layout.host_fp_control,
    ];
    let double = |&offset: &i32| asm::reaches(offset, 3);
    let word = |&offset: &i32| asm::reaches(offset, 2);
    doubles.iter().all(double) && words.iter().all(word)
}

impl Backend for Aarch64 {
    type Features = ();

    const STATE_BIAS: i32 = regs::STATE_BIAS;
    const TLB_BIAS: i32 = regs::TLB_BIAS;
    /// A fetch block of common processors.
    const ALIGN: usize = 16;
    const JUMP_BYTES: usize = patch::INSN;
    const GUARD_BYTES: usize = patch::WORD;
    const KILL_BYTES: usize = patch::INSN;
    const VENEER_BYTES: usize = patch::VENEER;
    const LEAST_REACH: u32 = patch::Field::NEAR.reach();
    const FP_CLEAR: u32 = float_control::CLEAR;

    fn try_new(config: &Config<()>) -> Option<Self> {
        is_near(config).then(|| Self::new(config))
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

    fn reach(&self, jump: &[u8]) -> u32 {
        patch::reach(jump)
    }

    fn lead(&self, jump: &mut [u8], distance: i32) {
        patch::lead(jump, distance);
    }

    fn set_guard(&self, guard: &mut [u8], number: u32) {
        patch::set_word(guard, number);
    }

    fn kill(&self, entry: &mut [u8], distance: i32) {
        patch::jump(entry, distance);
    }

    fn veneer(&self, code: &mut [u8], distance: i32) {
        patch::veneer(code, distance);
    }

    fn publish(&self, written: &[u8], executed: &[u8]) {
        icache::publish(written, executed);
    }

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
