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
mod load_store;
mod multiply;
mod regs;
mod runtime;
mod vector;

pub use features::Features;
pub use regs::{GlobalRegisters, Gpr, STATE_BIAS, TLB_BIAS};
pub use runtime::{Callbacks, RuntimeCode, runtime_code, transfer_code};

use super::contract::{HostCode, Request, StateLayout};
use crate::ir::{Block, Slot};

/// What the code of all blocks of a vCPU has in common.
#[derive(Debug)]
pub struct Backend {
    /// Where the vCPU's state is.
    pub layout: StateLayout,
    /// Which guest registers live in host registers.
    pub globals: GlobalRegisters,
    /// What the processor offers.
    pub features: Features,
    /// Offset from the state register of a pointer to the `u32` that is not 0
    /// while stores must be reported; `None` if they never must: the vCPU is
    /// alone.
    pub watched_stores: Option<i32>,
    /// Where the vCPU keeps a reservation that no other can see.
    pub reservation: ReservationCells,
}

/// Offsets from the state register of a reservation of load-reserved.
#[derive(Debug, Clone, Copy)]
pub struct ReservationCells {
    /// `u64`: host address of the access; 0 if there is no reservation.
    pub host: i32,
    /// `u64`: what was loaded, sign-extended.
    pub value: i32,
    /// `u32`, beside other vCPUs: not 0 while the store-conditional that runs is
    /// known to follow its load-reserved with no access to memory in between.
    pub proven: i32,
    /// `u32`, beside other vCPUs: not 0 while the engine has to make reservations.
    pub refused: i32,
}

impl Backend {
    fn global(&self, slot: Slot) -> Option<Gpr> {
        self.globals.get(slot)
    }

    /// Translates a block.
    pub fn emit(&self, block: &Block, request: &Request) -> HostCode {
        emitter::Emitter::new(block, request, self).run()
    }
}
