//! What a machine has done, in numbers.

use std::time::{Duration, Instant};

use vm_engine::vcpu::VcpuStats;

use super::{memory::MemoryStats, vcpus::Vcpus};
use crate::error::MachineError;

/// What a machine has done, in numbers; resets do not begin anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineStats {
    /// How long it ran, pauses included.
    pub wall: Duration,
    /// How often the guest has reset it.
    pub resets: u64,
    /// What it takes of the host's memory at its end.
    pub memory: MemoryStats,
    /// Each vCPU.
    pub vcpus: Vec<VcpuStats>,
}

impl MachineStats {
    /// All vCPUs together.
    pub fn total(&self) -> VcpuStats {
        let mut total = VcpuStats::default();
        self.vcpus.iter().for_each(|&vcpu| total += vcpu);
        total
    }

    /// Adds what vCPUs, which are stopped for it, have done since they were
    /// asked last.
    pub(super) fn collect(&mut self, vcpus: &mut Vcpus) -> Result<(), MachineError> {
        let parked = vcpus.parked()?;
        self.vcpus.resize_with(parked.len(), VcpuStats::default);
        for (sum, vcpu) in self.vcpus.iter_mut().zip(parked) {
            *sum += vcpu.take_stats();
        }
        Ok(())
    }

    /// Adds the time since `begin`.
    pub(super) fn ran_since(&mut self, begin: Instant) {
        self.wall += begin.elapsed();
    }
}
