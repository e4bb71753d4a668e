//! Saving and restoring a toy.

use serde::{Deserialize, Serialize};
use vm_core::snapshot::{Kind, SavedState, SnapshotError};
use vm_engine::vcpu::Core;
use vm_mem::tlb::Flush;

use crate::{
    Sys, Toy,
    regs::{CARRY, r},
};

const KIND: Kind<State> = Kind::new("toy", 1);

#[derive(Serialize, Deserialize)]
struct State {
    pc: u64,
    r: [u64; 8],
    carry: u64,
    sys: [u64; Sys::ALL.len()],
}

impl Toy {
    /// Saves the toy, paused with `pc` as its next instruction.
    ///
    /// # Errors
    /// If the state does not serialise.
    pub fn save(&self, core: &Core, pc: u64) -> Result<SavedState, SnapshotError> {
        KIND.save(&State {
            pc,
            r: std::array::from_fn(|n| core.get(r(n as u8))),
            carry: core.get(CARRY),
            sys: self.sys,
        })
    }

    /// Restores one that does not run; returns its next instruction's address.
    ///
    /// # Errors
    /// If the state is of another kind or version.
    pub fn restore(&mut self, core: &mut Core, saved: &SavedState) -> Result<u64, SnapshotError> {
        let state: State = KIND.load(saved)?;
        for (n, value) in (0..).zip(state.r) {
            core.set(r(n), value);
        }
        core.set(CARRY, state.carry & 1);
        self.sys = state.sys;
        core.flush_translations(&Flush::ALL);
        self.update(core);
        Ok(state.pc)
    }
}
