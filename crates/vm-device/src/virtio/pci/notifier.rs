//! Interrupts of a PCI device: MSI-X where the guest enabled it, else INTx (§4.1.5).

use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{
    pci::{Msix, PciConfig},
    virtio::interrupt::{Interrupt, InterruptStatus},
};

/// `VIRTIO_MSI_NO_VECTOR`: no message for this event.
pub(super) const NO_VECTOR: u16 = 0xffff;

/// Which MSI-X vector announces what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vectors {
    pub(super) config: u16,
    pub(super) queues: Vec<u16>,
}

impl Vectors {
    fn none(queues: usize) -> Self {
        Self {
            config: NO_VECTOR,
            queues: vec![NO_VECTOR; queues],
        }
    }
}

/// The way from a device to the interrupt controller.
pub(super) struct Notifier {
    /// The ISR status, which drives INTx.
    isr: InterruptStatus,
    msix: Option<Arc<Msix>>,
    vectors: Mutex<Vectors>,
}

impl Notifier {
    pub(super) fn new(config: Arc<PciConfig>, queues: usize) -> Self {
        let msix = config.msix().cloned();
        let pin = move |asserted: bool| config.set_intx(asserted);
        Self {
            isr: InterruptStatus::new(Arc::new(pin)),
            msix,
            vectors: Mutex::new(Vectors::none(queues)),
        }
    }

    /// §4.1.4.5: reading the ISR status clears it and releases the pin.
    pub(super) fn take_isr(&self) -> u32 {
        self.isr.replace(0)
    }

    pub(super) fn isr(&self) -> u32 {
        self.isr.pending()
    }

    pub(super) fn set_isr(&self, causes: u32) {
        self.isr.replace(causes);
    }

    pub(super) fn vectors(&self) -> Vectors {
        self.vectors.lock().clone()
    }

    pub(super) fn set_vectors(&self, vectors: Vectors) {
        *self.vectors.lock() = vectors;
    }

    pub(super) fn config_vector(&self) -> u16 {
        self.vectors.lock().config
    }

    pub(super) fn queue_vector(&self, queue: u16) -> u16 {
        let vectors = self.vectors.lock();
        let vector = vectors.queues.get(usize::from(queue));
        vector.copied().unwrap_or(NO_VECTOR)
    }

    pub(super) fn set_config_vector(&self, vector: u16) {
        self.vectors.lock().config = self.checked(vector);
    }

    pub(super) fn set_queue_vector(&self, queue: u16, vector: u16) {
        let vector = self.checked(vector);
        if let Some(slot) = self.vectors.lock().queues.get_mut(usize::from(queue)) {
            *slot = vector;
        }
    }

    /// §4.1.5.1.2.1: the driver reads back whether a vector could be had.
    fn checked(&self, vector: u16) -> u16 {
        let count = self.msix.as_ref().map_or(0, |msix| msix.vectors());
        if vector < count { vector } else { NO_VECTOR }
    }

    fn announce(&self, cause: u32, vector: impl FnOnce() -> u16) {
        match &self.msix {
            // Without a vector, `signal` does nothing: there are fewer.
            Some(msix) if msix.enabled() => msix.signal(vector()),
            _ => self.isr.raise(cause),
        }
    }
}

impl Interrupt for Notifier {
    fn used_buffer(&self, queue: u16) {
        self.announce(crate::virtio::spec::interrupt::USED_BUFFER, || {
            self.queue_vector(queue)
        });
    }

    fn config_change(&self) {
        self.announce(crate::virtio::spec::interrupt::CONFIG_CHANGE, || {
            self.config_vector()
        });
    }

    fn clear(&self) {
        self.isr.replace(0);
        let mut vectors = self.vectors.lock();
        *vectors = Vectors::none(vectors.queues.len());
    }
}
