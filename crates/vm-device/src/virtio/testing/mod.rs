//! A guest driver for tests: it talks to a device only through the registers
//! of a transport and through guest memory.

mod queue;
mod transport;

use std::sync::Arc;

use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

pub(super) use self::{
    queue::{Descriptor, DriverQueue, NEXT, WRITE},
    transport::{MmioBus, PciBus, Transport, find_capability, write_pci},
};
use super::{
    device::VirtioDevice,
    dma::DmaMemory,
    spec::{feature, status},
};

/// Guest memory for tests: a hole in the middle, so that neighbouring
/// addresses are not always both memory.
pub(super) fn memory() -> GuestRam {
    GuestRam::new(&[
        (GuestPhysAddr(0), 0x80_0000),
        (GuestPhysAddr(0x100_0000), 0x10_0000),
    ])
    .unwrap()
}

/// The first address that tests may use for buffers.
pub(super) const BUFFERS: u64 = 0x10_0000;

pub(super) use vm_testing::wait_until;

/// A driver with its device.
pub(super) struct Driver<T> {
    pub(super) bus: T,
    pub(super) memory: GuestRam,
    pub(super) queues: Vec<DriverQueue>,
}

impl<T: Transport> Driver<T> {
    /// Plugs a device in; the driver does nothing yet.
    pub(super) fn plug(device: Arc<dyn VirtioDevice>) -> Self {
        let memory = memory();
        let bus = T::plug(device, &DmaMemory::new(&memory));
        Self {
            bus,
            memory,
            queues: Vec::new(),
        }
    }

    /// Plugs a device in and brings it up with all of `features` that it offers.
    #[track_caller]
    pub(super) fn start(device: Arc<dyn VirtioDevice>, features: u64) -> Self {
        let mut driver = Self::plug(device);
        driver.initialise(features);
        driver
    }

    /// The initialisation sequence (§3.1.1), with queues of 16 descriptors.
    #[track_caller]
    pub(super) fn initialise(&mut self, features: u64) {
        self.negotiate(features);
        self.queues.clear();
        for index in 0..self.bus.queue_count() {
            self.add_queue(index, 16);
        }
        self.bus.add_status(status::DRIVER_OK);
    }

    /// Resets the device and agrees on the features that it offers of `features`.
    #[track_caller]
    pub(super) fn negotiate(&mut self, features: u64) {
        self.bus.set_status(0);
        assert_eq!(self.bus.status(), 0);
        self.bus.add_status(status::ACKNOWLEDGE);
        self.bus.add_status(status::DRIVER);
        let features = (features | feature::VERSION_1) & self.bus.device_features();
        self.bus.set_driver_features(features);
        self.bus.add_status(status::FEATURES_OK);
        assert_ne!(
            self.bus.status() & status::FEATURES_OK,
            0,
            "features refused"
        );
    }

    /// Lays a queue out in fresh memory and enables it.
    pub(super) fn add_queue(&mut self, index: u16, size: u16) {
        let queue = DriverQueue::new(&self.memory, 0x1_0000 * (u64::from(index) + 1), size);
        self.bus.set_queue(index, &queue.layout());
        self.queues.push(queue);
    }

    /// Makes a chain available in queue `index` and notifies the device.
    pub(super) fn submit(&mut self, index: u16, descriptors: &[Descriptor]) -> u16 {
        let head = self.queues[usize::from(index)].add(&self.memory, descriptors);
        self.bus.notify(index);
        head
    }

    /// Waits until the device has used the chain that was submitted last, and
    /// returns how many bytes it says it wrote.
    #[track_caller]
    pub(super) fn wait_used(&mut self, index: u16) -> u32 {
        let queue = &self.queues[usize::from(index)];
        wait_until("a used buffer", || {
            queue.used_index(&self.memory) == queue.available_index()
                || self.bus.status() & status::NEEDS_RESET != 0
        });
        self.settle();
        assert_eq!(
            self.bus.status() & status::NEEDS_RESET,
            0,
            "the device gave up"
        );
        queue.last_used(&self.memory).1
    }

    /// Waits until the device asks for a reset.
    #[track_caller]
    pub(super) fn wait_needs_reset(&self) {
        wait_until("a need for a reset", || {
            self.bus.status() & status::NEEDS_RESET != 0
        });
        self.settle();
    }

    /// Waits for the device to finish what it is at: memory changes before
    /// the interrupt comes.
    fn settle(&self) {
        self.bus.snapshot().quiesce();
        self.bus.snapshot().resume();
    }

    pub(super) fn write(&self, addr: u64, bytes: &[u8]) {
        self.memory.write(GuestPhysAddr(addr), bytes).unwrap();
    }

    pub(super) fn read(&self, addr: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.memory.read(GuestPhysAddr(addr), &mut bytes).unwrap();
        bytes
    }

    /// Saves this machine and carries on in a new one with the same memory,
    /// whose device is `device`.
    #[track_caller]
    pub(super) fn migrate(&self, device: Arc<dyn VirtioDevice>) -> Self {
        self.bus.snapshot().quiesce();
        let saved = self.bus.snapshot().save().unwrap();
        let bus = T::plug(device, &DmaMemory::new(&self.memory));
        bus.snapshot().quiesce();
        bus.snapshot().restore(&saved).unwrap();
        assert!(bus.snapshot().save().unwrap() == saved, "another state");
        bus.snapshot().resume();
        Self {
            bus,
            memory: self.memory.clone(),
            queues: self.queues.clone(),
        }
    }
}

/// Makes each generic test a test on every transport.
macro_rules! on_every_transport {
    ($($test:ident),* $(,)?) => {
        mod mmio {
            $(#[test] fn $test() { vm_testing::within(stringify!($test), super::$test::<crate::virtio::testing::MmioBus>); })*
        }
        mod pci {
            $(#[test] fn $test() { vm_testing::within(stringify!($test), super::$test::<crate::virtio::testing::PciBus>); })*
        }
    };
}
pub(super) use on_every_transport;
