//! UARTs, interrupt controllers, timers, PCI host and virtio devices.
