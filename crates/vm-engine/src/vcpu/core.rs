//! The architecture-neutral state of one vCPU.

use std::sync::Arc;

use vm_core::{GuestPhysAddr, PAGE_SHIFT, PAGE_SIZE};
use vm_cross_arch::ir::{SLOT_COUNT, Slot};
use vm_mem::tlb::{DefaultTlb, Flush, Perms, Space};

use super::{Calls, MachineShared, VcpuControl, VcpuRequest};
use crate::{
    cache::JumpFlush,
    jit::{JitState, LoneReservation, ShortTlbs},
};

/// The architecture-neutral state of one vCPU, owned by its thread.
pub struct Core {
    /// Index of the vCPU in its machine.
    pub index: usize,
    /// Guest registers, fixed cells and temporaries.
    pub slots: [u64; SLOT_COUNT],
    /// What generated code reads and writes besides.
    pub(crate) jit: JitState,
    /// Cached translations.
    pub tlb: DefaultTlb,
    /// Translations that generated code looks up itself.
    pub short_tlbs: ShortTlbs,
    /// The address space that accesses belong to now: data, and fetches.
    pub data_space: Space,
    /// The address space of instruction fetches.
    pub fetch_space: Space,
    /// For each [`vm_core::AccessKind`], the page permissions of which one suffices.
    pub accept: [Perms; 3],
    /// Guest instructions retired by completed blocks.
    pub retired: u64,
    /// Instructions of the running block that retired before the one that
    /// called the current helper.
    pub retired_in_block: u64,
    /// The running reservation of load-reserved, if any, where other vCPUs can
    /// break it.
    pub reservation: Option<crate::reservation::Reservation>,
    /// What the jump cache has to forget before the next block. Set by
    /// requests and by helpers that end a block.
    pub jump_flush: JumpFlush,
    /// Physical pages of which blocks have been invalidated.
    pub(crate) dropped_code: Vec<u64>,
    /// What generated code has called the engine for.
    pub(crate) calls: Calls,
    /// The part other threads see.
    pub control: Arc<VcpuControl>,
    /// The machine.
    pub machine: Arc<MachineShared>,
}

impl Core {
    /// A vCPU with all slots 0.
    pub fn new(index: usize, control: Arc<VcpuControl>, machine: Arc<MachineShared>) -> Self {
        Self {
            index,
            slots: [0; SLOT_COUNT],
            jit: JitState::new(machine.reservations.count_address()),
            tlb: DefaultTlb::default(),
            short_tlbs: ShortTlbs::default(),
            data_space: Space::new(0, 0, 0),
            fetch_space: Space::new(0, 0, 0),
            accept: [Perms::NONE; 3],
            retired: 0,
            retired_in_block: 0,
            reservation: None,
            jump_flush: JumpFlush::default(),
            dropped_code: Vec::new(),
            calls: Calls::default(),
            control,
            machine,
        }
    }

    /// The value of a slot.
    #[inline]
    pub fn get(&self, slot: Slot) -> u64 {
        self.slots[usize::from(slot.0)]
    }

    /// Sets a slot.
    #[inline]
    pub fn set(&mut self, slot: Slot, value: u64) {
        self.slots[usize::from(slot.0)] = value;
    }

    /// Gives up the reservation of load-reserved, if there is one.
    pub fn clear_reservation(&mut self) {
        self.jit.lone = LoneReservation::default();
        if let Some(reservation) = self.reservation.take() {
            self.machine.reservations.release(reservation);
        }
    }

    /// Forgets the translations that a fence is about, and what depends on them.
    pub fn flush_translations(&mut self, flush: &Flush) {
        self.tlb.flush(flush);
        // Of address spaces, these caches know only what each has for itself.
        let (va, asid) = (flush.page.map(|va| va.0), flush.filter.own_of());
        self.short_tlbs.flush(va, asid);
        match (va, asid) {
            (None, None) => self.jump_flush.all(),
            (None, Some(asid)) => self.jump_flush.non_global(asid),
            (Some(va), asid) => self.jump_flush.page(va, asid),
        }
    }

    /// Makes stores to physical page `page` take the slow path: it holds code.
    pub fn forbid_direct_writes(&mut self, page: u64) {
        self.tlb.forbid_direct_writes(page);
        let addr = GuestPhysAddr(page << PAGE_SHIFT);
        if let Some(host) = self.machine.ram.host_ptr(addr, PAGE_SIZE) {
            self.short_tlbs.forbid_direct_writes(host.as_ptr() as usize);
        }
    }

    /// What an instruction fence does: translations of whatever was written
    /// before are invalid.
    pub fn sync_instructions(&mut self) {
        self.machine.sync_instructions();
        self.jump_flush.code();
    }

    /// Notes that blocks of physical page `page` have been invalidated, here and
    /// on the other vCPUs.
    pub(crate) fn code_dropped(&mut self, page: u64) {
        self.note_dropped(page);
        self.machine
            .broadcast(self.index, &VcpuRequest::DropCode { page });
    }

    /// The same where the others know.
    pub(crate) fn note_dropped(&mut self, page: u64) {
        if self.dropped_code.last() != Some(&page) {
            self.dropped_code.push(page);
        }
    }

    /// Guest instructions retired so far, as a helper called by an
    /// instruction sees it: that instruction itself not counted.
    pub fn instructions_retired(&self) -> u64 {
        self.retired.wrapping_add(self.retired_in_block)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.clear_reservation();
    }
}
