//! Breakpoints, and single steps: what debuggers ask of a vCPU.
//!
//! A vCPU that has breakpoints is watched: each block comes back to the engine, and one
//! with a breakpoint in it runs instruction by instruction. Without any, nothing is slower.

use std::{ops::ControlFlow, sync::Arc};

use super::{TranslatedVcpu, VcpuExit, exit_request};
use crate::{guest::Guest, interp::Program};

/// Where a vCPU stops.
#[derive(Debug, Default)]
pub(super) struct Breakpoints {
    /// Virtual addresses, in order.
    addresses: Vec<u64>,
    /// The one that it has stopped at and not left yet.
    reported: Option<u64>,
}

impl Breakpoints {
    /// Whether there are any.
    pub(super) fn are_set(&self) -> bool {
        !self.addresses.is_empty()
    }

    fn has(&self, pc: u64) -> bool {
        self.addresses.binary_search(&pc).is_ok()
    }

    /// Whether a block at `pc` with this program would run past one.
    fn are_within(&self, pc: u64, program: &Program) -> bool {
        let later = program.instructions().skip(1);
        let mut later = later.map(|(offset, _)| pc.wrapping_add(offset.into()));
        later.any(|pc| self.has(pc))
    }
}

impl<G: Guest> TranslatedVcpu<G> {
    /// Has the vCPU stop before it executes an instruction at one of these virtual
    /// addresses, which replace those before. They are [`run`](Self::run)'s alone.
    pub fn set_breakpoints(&mut self, addresses: &[u64]) {
        let first = !self.breakpoints.are_set() && !addresses.is_empty();
        let mut addresses = addresses.to_vec();
        addresses.sort_unstable();
        self.breakpoints.addresses = addresses;
        self.watch();
        if first && let Some(tier1) = &mut self.tier1 {
            tier1.cache.unlink_all();
        }
    }

    /// Executes one instruction, or enters the handler of its exception. Interrupts wait,
    /// and so does a vCPU that has not been started; nothing sleeps.
    pub fn single_step(&mut self) -> Option<VcpuExit> {
        self.counted(|vcpu| {
            vcpu.breakpoints.reported = None;
            let control = Arc::clone(&vcpu.core.control);
            vcpu.serve_requests();
            if control.awaits_start() {
                return None;
            }
            // An instruction that would wait ends then.
            control.request_exit(exit_request::STOP);
            vcpu.state_changed();
            vcpu.run_instruction_counted()
        })
    }

    /// Executes the instruction at the breakpoint that the vCPU has stopped at, if it is
    /// still there, before anything else: the handler of an interrupt would come back.
    pub(super) fn leave_breakpoint(&mut self) -> Option<VcpuExit> {
        let here = self.breakpoints.reported == Some(self.pc);
        if here && !self.core.control.has(exit_request::STOP) {
            self.breakpoints.reported = None;
            self.serve_requests();
            self.state_changed();
            return self.run_instruction_counted();
        }
        if !here {
            self.breakpoints.reported = None;
        }
        None
    }

    /// Does what breakpoints ask for before the block at `self.pc` runs; breaks off, with
    /// what the vCPU exits with, if the block is not to run as a whole.
    pub(super) fn heed_breakpoints(&mut self) -> ControlFlow<Option<VcpuExit>> {
        let pc = self.pc;
        if self.breakpoints.has(pc) {
            self.breakpoints.reported = Some(pc);
            return ControlFlow::Break(Some(VcpuExit::Breakpoint { pc }));
        }
        let Some(code) = self.find_cached() else {
            return ControlFlow::Break(None);
        };
        if self.breakpoints.are_within(pc, &code.program) {
            return ControlFlow::Break(self.run_instruction_counted());
        }
        ControlFlow::Continue(())
    }

    fn run_instruction_counted(&mut self) -> Option<VcpuExit> {
        let retired = self.core.retired;
        let exit = self.run_instruction();
        if self.tier1.is_some() {
            self.stats.tier0.retired += self.core.retired.wrapping_sub(retired);
        }
        exit
    }
}
