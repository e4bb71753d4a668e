//! A split virtqueue (§2.7), as a device sees it.

use std::sync::{Arc, atomic::Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use virtio_queue::{Queue, QueueOwnedT, QueueState, QueueT};
use vm_memory::{Bytes, GuestAddress, GuestMemory, GuestMemoryMmap, Permissions};

use super::{
    chain::Chain,
    dma::DmaMemory,
    fault::{FaultCause, QueueFault},
    interrupt::Interrupt,
    worker::Control,
};

/// `VIRTQ_AVAIL_F_NO_INTERRUPT` (§2.7.6).
const AVAIL_NO_INTERRUPT: u16 = 1;

/// Where and how large the driver made a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueLayout {
    /// Number of descriptors.
    pub size: u16,
    /// Whether the driver has enabled the queue.
    pub ready: bool,
    /// Guest physical address of the descriptor table.
    pub descriptors: u64,
    /// Guest physical address of the available ring (driver area).
    pub available: u64,
    /// Guest physical address of the used ring (device area).
    pub used: u64,
}

/// How far a queue has been served; both count modulo 2^16.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePosition {
    /// The next entry of the available ring to take.
    pub next_available: u16,
    /// The next entry of the used ring to fill.
    pub next_used: u16,
}

/// One queue of a device. It exists as long as the device, and looks empty
/// while the driver has not enabled it.
pub struct Virtqueue {
    index: u16,
    max_size: u16,
    memory: DmaMemory,
    interrupt: Arc<dyn Interrupt>,
    ring: Mutex<Option<Queue>>,
}

impl Virtqueue {
    /// A stopped queue of at most `max_size` descriptors.
    pub(super) fn new(
        index: u16,
        max_size: u16,
        memory: DmaMemory,
        interrupt: Arc<dyn Interrupt>,
    ) -> Self {
        Self {
            index,
            max_size,
            memory,
            interrupt,
            ring: Mutex::new(None),
        }
    }

    /// The largest size that the driver may choose.
    pub fn max_size(&self) -> u16 {
        self.max_size
    }

    /// The guest memory that the queue's buffers lie in.
    pub fn memory(&self) -> &DmaMemory {
        &self.memory
    }

    /// Checks a layout without starting the queue.
    pub(super) fn check(&self, layout: &QueueLayout) -> Result<(), QueueFault> {
        self.build(layout, QueuePosition::default(), false)
            .map(drop)
    }

    fn build(
        &self,
        layout: &QueueLayout,
        position: QueuePosition,
        event_idx: bool,
    ) -> Result<Queue, QueueFault> {
        let queue = Queue::try_from(QueueState {
            max_size: self.max_size,
            next_avail: position.next_available,
            next_used: position.next_used,
            event_idx_enabled: event_idx,
            size: layout.size,
            ready: true,
            desc_table: layout.descriptors,
            avail_ring: layout.available,
            used_ring: layout.used,
        })
        .map_err(|e| self.fault(e))?;
        if !self.rings_in_memory(layout) {
            return Err(self.fault(FaultCause::RingsOutsideMemory));
        }
        Ok(queue)
    }

    /// Whether all three areas, of the sizes in §2.7, lie in guest memory.
    fn rings_in_memory(&self, layout: &QueueLayout) -> bool {
        let size = usize::from(layout.size);
        let inside = |addr, len, access| {
            let check = |memory: &GuestMemoryMmap| {
                GuestMemory::check_range(memory, GuestAddress(addr), len, access)
            };
            self.memory.inspect(check)
        };
        inside(layout.descriptors, 16 * size, Permissions::Read)
            && inside(layout.available, 6 + 2 * size, Permissions::Read)
            && inside(layout.used, 6 + 8 * size, Permissions::Write)
    }

    /// Lets the device serve the queue from `position` on.
    pub(super) fn start(
        &self,
        layout: &QueueLayout,
        position: QueuePosition,
        event_idx: bool,
    ) -> Result<(), QueueFault> {
        let queue = self.build(layout, position, event_idx)?;
        *self.ring.lock() = Some(queue);
        Ok(())
    }

    /// Makes the queue look empty to the device.
    pub(super) fn stop(&self) {
        *self.ring.lock() = None;
    }

    /// How far the queue has been served, if it is started.
    pub(super) fn position(&self) -> Option<QueuePosition> {
        self.ring.lock().as_ref().map(|queue| QueuePosition {
            next_available: queue.next_avail(),
            next_used: queue.next_used(),
        })
    }

    /// Takes the next request, if there is one and the queue is started.
    ///
    /// # Errors
    /// [`QueueFault`] if the driver broke the ring or the chain.
    pub fn pop(&self) -> Result<Option<Chain>, QueueFault> {
        let mut ring = self.ring.lock();
        let Some(queue) = ring.as_mut() else {
            return Ok(None);
        };
        self.memory.inspect(|memory| {
            let raw = queue.iter(memory).map_err(|e| self.fault(e))?.next();
            raw.map(|raw| Chain::parse(memory, raw))
                .transpose()
                .map_err(|cause| cause.in_queue(self.index))
        })
    }

    /// Returns a request of which the first `written` bytes of the writable
    /// buffers were filled, and interrupts the driver if it wants that.
    ///
    /// # Errors
    /// [`QueueFault`] if the used ring cannot be written.
    pub fn complete(&self, chain: &Chain, written: u32) -> Result<(), QueueFault> {
        let wanted = {
            let mut ring = self.ring.lock();
            let Some(queue) = ring.as_mut() else {
                return Ok(());
            };
            let changes = [used::element(queue), used::index(queue)];
            self.memory
                .update(&changes, |memory| {
                    queue.add_used(memory, chain.head(), written)
                })
                .map_err(|e| self.fault(e))?;
            self.interrupt_wanted(queue)?
        };
        if wanted {
            self.interrupt.used_buffer(self.index);
        }
        Ok(())
    }

    /// §2.7.7: `used_event` decides if negotiated, else the available ring's flags.
    fn interrupt_wanted(&self, queue: &mut Queue) -> Result<bool, QueueFault> {
        let wanted = self
            .memory
            .inspect(|memory| queue.needs_notification(memory))
            .map_err(|e| self.fault(e))?;
        if queue.event_idx_enabled() {
            return Ok(wanted);
        }
        // After the fence in `needs_notification`.
        let flags = GuestAddress(queue.avail_ring());
        let flags: u16 = self
            .memory
            .inspect(|memory| memory.load(flags, Ordering::Relaxed))
            .map_err(|e| self.fault(virtio_queue::Error::GuestMemory(e)))?;
        Ok(u16::from_le(flags) & AVAIL_NO_INTERRUPT == 0)
    }

    /// Tells the driver that it need not notify the device (a hint, §2.7.10).
    ///
    /// # Errors
    /// [`QueueFault`] if the used ring cannot be written.
    pub fn mute(&self) -> Result<(), QueueFault> {
        match self.ring.lock().as_mut() {
            Some(queue) => self
                .memory
                .update(used::muting(queue).as_slice(), |memory| {
                    queue.disable_notification(memory)
                })
                .map_err(|e| self.fault(e)),
            None => Ok(()),
        }
    }

    /// Asks the driver for notifications again. `true` if requests have
    /// arrived in the meantime, of which the driver may not notify.
    ///
    /// # Errors
    /// [`QueueFault`] if the rings cannot be accessed.
    pub fn unmute(&self) -> Result<bool, QueueFault> {
        match self.ring.lock().as_mut() {
            Some(queue) => self
                .memory
                .update(&[used::unmuting(queue)], |memory| {
                    queue.enable_notification(memory)
                })
                .map_err(|e| self.fault(e)),
            None => Ok(false),
        }
    }

    /// Makes the request that [`pop`](Self::pop) took last the next one again.
    pub(super) fn put_back(&self) {
        if let Some(queue) = self.ring.lock().as_mut() {
            queue.go_to_previous_position();
        }
    }

    /// Serves requests until none is left or `control` says to stop.
    ///
    /// `serve` returns how many bytes it wrote, or `None` if the request must
    /// wait: then the device kicks its worker when it can go on.
    pub(super) fn drain(
        &self,
        control: &Control,
        mut serve: impl FnMut(&Chain) -> Result<Option<u32>, FaultCause>,
    ) -> Result<(), QueueFault> {
        loop {
            self.mute()?;
            while !control.should_stop() {
                let Some(chain) = self.pop()? else { break };
                match serve(&chain).map_err(|cause| cause.in_queue(self.index))? {
                    Some(written) => self.complete(&chain, written)?,
                    None => {
                        self.put_back();
                        return Ok(());
                    }
                }
            }
            if !self.unmute()? || control.should_stop() {
                return Ok(());
            }
        }
    }

    fn fault(&self, cause: impl Into<FaultCause>) -> QueueFault {
        cause.into().in_queue(self.index)
    }
}

/// The parts of a used ring (§2.7.8) that a device writes: addresses and lengths
/// in bytes.
mod used {
    use virtio_queue::{Queue, QueueT};

    /// `flags` and `idx`.
    const HEADER: u64 = 4;
    const ELEMENT: u64 = 8;
    const HALF: u64 = 2;

    /// `idx`.
    pub(super) fn index(queue: &Queue) -> (u64, u64) {
        (queue.used_ring().wrapping_add(HALF), HALF)
    }

    /// The element that is filled next.
    pub(super) fn element(queue: &Queue) -> (u64, u64) {
        (element_at(queue, queue.next_used()), ELEMENT)
    }

    /// What tells the driver that it need not notify the device, if anything does:
    /// an `avail_event` that stays as it is says the same.
    pub(super) fn muting(queue: &Queue) -> Option<(u64, u64)> {
        (!queue.event_idx_enabled()).then(|| flags(queue))
    }

    /// What asks the driver for notifications: `avail_event` where it was
    /// negotiated, else `flags`.
    pub(super) fn unmuting(queue: &Queue) -> (u64, u64) {
        if queue.event_idx_enabled() {
            let end = ELEMENT * u64::from(queue.size());
            (queue.used_ring().wrapping_add(HEADER + end), HALF)
        } else {
            flags(queue)
        }
    }

    fn flags(queue: &Queue) -> (u64, u64) {
        (queue.used_ring(), HALF)
    }

    fn element_at(queue: &Queue, index: u16) -> u64 {
        // A started queue has descriptors.
        let slot = u64::from(index % queue.size().max(1));
        queue.used_ring().wrapping_add(HEADER + ELEMENT * slot)
    }
}
