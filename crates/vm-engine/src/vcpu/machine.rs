//! What the vCPUs of one machine share.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use vm_core::{PhysBus, time::AlarmService};
use vm_mem::GuestRam;

use super::{Completion, VcpuControl, VcpuRequest};
use crate::{cache::BlockCache, reservation::Reservations};

/// Memory, translated code and the other vCPUs, as every vCPU sees them.
pub struct MachineShared {
    /// The guest's RAM.
    pub ram: GuestRam,
    /// Everything else on the physical bus.
    pub bus: Arc<dyn PhysBus>,
    /// Guest time and alarms.
    pub alarms: Arc<AlarmService>,
    /// Translated blocks, keyed by physical page.
    pub blocks: BlockCache,
    /// Load-reserved reservations.
    pub reservations: Reservations,
    vcpus: OnceLock<Vec<Arc<VcpuControl>>>,
}

impl MachineShared {
    /// Shared state of a machine whose vCPUs are yet to be attached.
    pub fn new(ram: GuestRam, bus: Arc<dyn PhysBus>, alarms: Arc<AlarmService>) -> Self {
        Self {
            blocks: BlockCache::new(&ram),
            ram,
            bus,
            alarms,
            reservations: Reservations::default(),
            vcpus: OnceLock::new(),
        }
    }

    /// Attaches the vCPUs, once, before any runs. Later calls change nothing.
    pub fn attach(&self, vcpus: Vec<Arc<VcpuControl>>) {
        let _ = self.vcpus.set(vcpus);
    }

    /// The vCPUs, by index.
    pub fn vcpus(&self) -> &[Arc<VcpuControl>] {
        self.vcpus.get().map_or(&[], Vec::as_slice)
    }

    /// Posts `request` to every vCPU but `except`, without waiting.
    pub fn broadcast(&self, except: usize, request: &VcpuRequest) {
        for (index, vcpu) in self.vcpus().iter().enumerate() {
            if index != except {
                vcpu.post(request.clone());
            }
        }
    }

    /// Posts `requests` to the vCPUs whose indices `targets` yields and waits
    /// until each has done them. Halted vCPUs are not waited for: they do
    /// their requests before they run an instruction. `serve` is called while
    /// waiting and must carry out the caller's own requests: two vCPUs may be
    /// waiting for each other.
    pub fn run_on(
        &self,
        targets: impl Iterator<Item = usize>,
        requests: &[VcpuRequest],
        mut serve: impl FnMut(),
    ) {
        let vcpus: Vec<_> = targets
            .filter_map(|index| self.vcpus().get(index))
            .collect();
        let awaited: Vec<_> = vcpus.iter().filter(|vcpu| !vcpu.is_halted()).collect();
        let completion = Arc::new(Completion::new(awaited.len()));
        for vcpu in &vcpus {
            requests
                .iter()
                .for_each(|request| vcpu.post(request.clone()));
        }
        for vcpu in awaited {
            vcpu.post(VcpuRequest::Notify(Arc::clone(&completion)));
        }
        while !completion.wait_for(Duration::from_micros(50)) {
            serve();
            if self.vcpus().iter().any(|vcpu| vcpu.is_stopping()) {
                return;
            }
        }
    }
}
