//! What the vCPUs of one machine share.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use vm_core::{GuestPhysAddr, PhysBus, time::AlarmService};
use vm_mem::GuestRam;

use super::{Completion, VcpuControl, VcpuRequest};
use crate::{cache::BlockCache, reservation::Reservations};

/// How often a vCPU that waits for others looks at what they ask of it.
const SERVE_INTERVAL: Duration = Duration::from_micros(50);

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
        if vcpus.len() > 1 {
            self.reservations.share();
        }
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

    /// Drops translated code from the `bytes` bytes at `addr`, which a device
    /// has written.
    pub fn written_by_device(&self, addr: GuestPhysAddr, bytes: u64) {
        for page in self.blocks.stored_range(addr, bytes) {
            self.broadcast(usize::MAX, &VcpuRequest::DropCode { page });
        }
    }

    /// Posts `requests` to the vCPUs whose indices `targets` yields and waits
    /// until each has done them, or has no thread that could: then they are
    /// done before it runs an instruction. `serve` is called while waiting and
    /// must carry out the caller's own requests: two vCPUs may be waiting for
    /// each other.
    pub fn run_on(
        &self,
        targets: impl Iterator<Item = usize>,
        requests: &[VcpuRequest],
        mut serve: impl FnMut(),
    ) {
        let post = |vcpu: &'_ Arc<VcpuControl>| {
            let done = Arc::new(Completion::new(1));
            let notify = VcpuRequest::Notify(Arc::clone(&done));
            vcpu.post_all(requests.iter().cloned().chain([notify]));
            (Arc::clone(vcpu), done)
        };
        let vcpus = targets.filter_map(|index| self.vcpus().get(index));
        let awaited: Vec<_> = vcpus.map(post).collect();
        for (vcpu, done) in awaited {
            while !done.is_done() && vcpu.is_running() {
                if !done.wait_for(SERVE_INTERVAL) {
                    serve();
                }
            }
        }
    }
}
