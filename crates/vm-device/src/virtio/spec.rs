//! Numbers of the Virtio 1.2 specification (OASIS, 2022) shared by all devices.

/// Bits of the device status field (§2.1).
pub mod status {
    /// The guest has noticed the device.
    pub const ACKNOWLEDGE: u8 = 1;
    /// The guest knows how to drive the device.
    pub const DRIVER: u8 = 2;
    /// The driver is set up: the device may run.
    pub const DRIVER_OK: u8 = 4;
    /// Features are negotiated.
    pub const FEATURES_OK: u8 = 8;
    /// The device met something that it cannot recover from without a reset.
    pub const NEEDS_RESET: u8 = 64;
    /// The guest has given up on the device.
    pub const FAILED: u8 = 128;

    /// The bits that the driver sets.
    pub const DRIVER_BITS: u8 = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;
}

/// Feature bits that belong to no particular device type (§6).
pub mod feature {
    /// A descriptor may refer to a table of descriptors.
    pub const RING_INDIRECT_DESC: u64 = 1 << 28;
    /// `used_event` and `avail_event` say when notifications are wanted.
    pub const RING_EVENT_IDX: u64 = 1 << 29;
    /// The device follows version 1 or later, not the legacy interface.
    pub const VERSION_1: u64 = 1 << 32;

    /// What every device here offers besides its own features.
    pub const COMMON: u64 = RING_INDIRECT_DESC | RING_EVENT_IDX | VERSION_1;
}

/// Device types (§5).
pub mod device_id {
    /// Block device.
    pub const BLOCK: u16 = 2;
    /// Console.
    pub const CONSOLE: u16 = 3;
    /// Entropy source.
    pub const ENTROPY: u16 = 4;
}

/// Bits of the interrupt status: `InterruptStatus` over MMIO (§4.2.2), ISR status over PCI (§4.1.4.5).
pub mod interrupt {
    /// The device used a buffer in an active queue.
    pub const USED_BUFFER: u32 = 1;
    /// The device's configuration changed, or it needs a reset.
    pub const CONFIG_CHANGE: u32 = 2;
}
