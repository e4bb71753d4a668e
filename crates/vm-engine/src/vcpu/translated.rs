//! A translated vCPU as its machine sees it.

use std::{io, sync::Arc};

use vm_core::{
    GuestPhysAddr,
    snapshot::{SavedState, SnapshotError},
};

use super::{Observed, TranslatedVcpu, Vcpu, VcpuControl, VcpuExit, VcpuStats};
use crate::{
    guest::{GuestState, RegisterError, Registers},
    observe::{BlockTracer, CodeListener},
};

impl<G: GuestState> Vcpu for TranslatedVcpu<G> {
    fn index(&self) -> usize {
        self.core.index
    }

    fn control(&self) -> &Arc<VcpuControl> {
        &self.core.control
    }

    fn engine(&self) -> &'static str {
        match self.tier1 {
            Some(_) => "JIT",
            None => "interpreter",
        }
    }

    fn run(&mut self) -> VcpuExit {
        TranslatedVcpu::run(self)
    }

    fn single_step(&mut self) -> Option<VcpuExit> {
        TranslatedVcpu::single_step(self)
    }

    fn set_breakpoints(&mut self, addresses: &[u64]) -> io::Result<()> {
        TranslatedVcpu::set_breakpoints(self, addresses);
        Ok(())
    }

    fn settle(&mut self) {
        self.serve_requests();
    }

    fn registers(&self) -> Result<Registers, RegisterError> {
        Ok(self.guest.registers(&self.core, self.pc))
    }

    fn set_registers(&mut self, registers: &Registers) -> Result<(), RegisterError> {
        self.pc = self.guest.set_registers(&mut self.core, registers)?;
        Ok(())
    }

    fn system_register(&mut self, name: &str) -> Result<u64, RegisterError> {
        self.guest.system_register(&self.core, name)
    }

    fn set_system_register(&mut self, name: &str, value: u64) -> Result<(), RegisterError> {
        self.guest.set_system_register(&mut self.core, name, value)
    }

    fn find_address(&self, va: u64) -> Option<GuestPhysAddr> {
        self.guest.find_address(&self.core, va)
    }

    fn save(&mut self) -> Result<SavedState, SnapshotError> {
        // What was asked is not saved, and it may be to start.
        self.serve_requests();
        self.guest.save(&self.core, self.pc)
    }

    fn restore(&mut self, saved: &SavedState) -> Result<(), SnapshotError> {
        self.pc = self.guest.restore(&mut self.core, saved)?;
        Ok(())
    }

    fn take_stats(&mut self) -> VcpuStats {
        TranslatedVcpu::take_stats(self)
    }

    fn observed(&mut self) -> Option<&mut dyn Observed> {
        Some(self)
    }
}

impl<G: GuestState> Observed for TranslatedVcpu<G> {
    fn set_code_listener(&mut self, listener: Arc<dyn CodeListener>) {
        TranslatedVcpu::set_code_listener(self, listener);
    }

    fn set_tracer(&mut self, tracer: Arc<dyn BlockTracer>) {
        TranslatedVcpu::set_tracer(self, tracer);
    }
}
