//! What the vCPUs of one machine share.

use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{Ordering, fence},
    },
    time::Duration,
};

use parking_lot::Mutex;
use vm_core::{GuestPhysAddr, PhysBus, time::AlarmService};
use vm_mem::{GuestRam, WriteObserver};

use super::{Completion, VcpuControl, VcpuRequest};
use crate::{
    cache::{BlockCache, Stored},
    reservation::Reservations,
};

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
    /// Pages that became code pages, until every vCPU has noticed.
    unseen_marks: Mutex<Vec<Arc<Completion>>>,
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
            unseen_marks: Mutex::default(),
            vcpus: OnceLock::new(),
        }
    }

    /// Attaches the vCPUs, once, before any runs. Later calls change nothing.
    pub fn attach(self: &Arc<Self>, vcpus: Vec<Arc<VcpuControl>>) {
        if vcpus.len() > 1 {
            self.reservations.share();
        }
        let _ = self.vcpus.set(vcpus);
        let observer: Weak<Self> = Arc::downgrade(self);
        self.ram.observe(observer);
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

    /// Marks the source of a block as code, for vCPU `marker`; tells whether its
    /// page had none before. The marker then withdraws its own direct write
    /// access; the others are asked to. The source is to be compared with memory
    /// afterwards.
    pub(crate) fn mark_code(&self, marker: usize, addr: GuestPhysAddr, bytes: u64) -> bool {
        // Who fences on another vCPU and has seen the mark learns who has not.
        let pending = self.ram.begin_write();
        let is_new = self.blocks.mark_code(addr, bytes);
        if is_new {
            self.watch_page(marker, addr.page());
        }
        drop(pending);
        // The other side of the fence in `GuestRam`: who writes sees the mark, or
        // what was written is seen here.
        fence(Ordering::SeqCst);
        is_new
    }

    /// Has all vCPUs but `marker` report their stores to physical page `page`.
    fn watch_page(&self, marker: usize, page: u64) {
        self.broadcast(marker, &VcpuRequest::DropWrites { page });
        // Asked after that: who does not run does it before it stores again.
        let others = self.vcpus().iter().enumerate();
        let awaited: Vec<_> = others
            .filter(|(index, vcpu)| *index != marker && vcpu.is_running())
            .collect();
        if awaited.is_empty() {
            return;
        }
        let seen = Arc::new(Completion::new(awaited.len()));
        let mut unseen = self.unseen_marks.lock();
        unseen.retain(|mark| !mark.is_done());
        unseen.push(Arc::clone(&seen));
        drop(unseen);
        for (_, vcpu) in awaited {
            vcpu.post(VcpuRequest::Notify(Arc::clone(&seen)));
        }
    }

    /// The marks that some vCPU has not noticed: it may still store to their
    /// pages unseen.
    pub(crate) fn unseen_marks(&self) -> Vec<Arc<Completion>> {
        let mut unseen = self.unseen_marks.lock();
        unseen.retain(|mark| !mark.is_done());
        unseen.clone()
    }

    /// Has every write that the caller may have seen be known to
    /// [`blocks`](Self::blocks) and to all vCPUs, and blocks be compared with
    /// memory before they are found again.
    pub(crate) fn sync_instructions(&self) {
        self.ram.await_writes();
        self.blocks.sync();
    }

    /// Invalidates translations of the `bytes` bytes at `addr`, which lie in one page and
    /// which vCPU `index` has stored to, here and on the other vCPUs; whether it
    /// has generated code to drop itself.
    pub(crate) fn stored_by(&self, index: usize, addr: GuestPhysAddr, bytes: u64) -> bool {
        let page = addr.page();
        let invalidated = match self.blocks.stored(addr, bytes) {
            Stored::NoCode => false,
            Stored::Invalidated => true,
            Stored::Beside => self.blocks.count_beside(page),
        };
        if invalidated {
            self.broadcast(index, &VcpuRequest::DropCode { page });
        }
        invalidated
    }

    /// Invalidates translations of the `bytes` bytes at `addr`, on all vCPUs.
    pub(crate) fn code_changed(&self, addr: GuestPhysAddr, bytes: u64) {
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

/// Whoever writes to RAM and is no vCPU: devices, firmware on the host, loaders,
/// page walkers.
impl WriteObserver for MachineShared {
    fn written(&self, addr: GuestPhysAddr, bytes: u64) {
        self.reservations.written_by_others(addr.0, bytes);
        self.code_changed(addr, bytes);
    }
}
