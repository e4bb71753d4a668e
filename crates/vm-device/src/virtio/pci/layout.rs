//! Who a virtio PCI function is, and where its structures are (§4.1.2, §4.1.4).

use std::sync::Arc;

use crate::{
    pci::{BarKind, ConfigBuilder, ConfigError, Identity, IntxPin, Msix, PciConfig, spec},
    virtio::spec::device_id,
};

/// The vendor of every virtio device.
const VENDOR: u16 = 0x1af4;
/// Modern devices are numbered from here by device type.
const DEVICE_BASE: u16 = 0x1040;
/// §4.1.2.1: a modern device has revision 1 or higher.
const REVISION: u8 = 1;
/// §4.1.2.1: a modern device has a subsystem ID of 0x40 or higher.
const SUBSYSTEM: u16 = 0x1100;

/// The BAR with the device's structures, and the one with MSI-X.
pub(super) const BAR: usize = 0;
pub(super) const MSIX_BAR: usize = 1;

/// Each structure has its own page in the BAR.
pub(super) const COMMON: u64 = 0x0000;
pub(super) const ISR: u64 = 0x1000;
pub(super) const DEVICE: u64 = 0x2000;
pub(super) const NOTIFY: u64 = 0x3000;
pub(super) const PAGE: u64 = 0x1000;
pub(super) const BAR_LEN: u64 = 0x4000;

/// Bytes between the notification addresses of two queues.
pub(super) const NOTIFY_MULTIPLIER: u32 = 4;

/// Capability types (`cfg_type`, §4.1.4).
mod cfg_type {
    pub const COMMON: u8 = 1;
    pub const NOTIFY: u8 = 2;
    pub const ISR: u8 = 3;
    pub const DEVICE: u8 = 4;
    pub const PCI: u8 = 5;
}

/// Offsets in the capability that gives access through configuration space
/// (§4.1.4.9), from its start.
pub(super) mod window {
    pub const BAR: u16 = 4;
    pub const OFFSET: u16 = 8;
    pub const LENGTH: u16 = 12;
    pub const DATA: u16 = 16;
    pub const END: u16 = 20;
}

/// Base class, sub-class and interface, as other implementations choose them.
fn class(device: u16) -> u32 {
    match device {
        // Mass storage, SCSI.
        device_id::BLOCK => 0x01_00_00,
        // Simple communication, other.
        device_id::CONSOLE => 0x07_80_00,
        // Unclassified.
        _ => 0x00_ff_00,
    }
}

/// `struct virtio_pci_cap` after its first two bytes.
fn capability(cfg_type: u8, offset: u64, len: u64) -> Vec<u8> {
    let mut body = vec![16, cfg_type, BAR as u8, 0, 0, 0];
    // All offsets and lengths are below BAR_LEN.
    body.extend((offset as u32).to_le_bytes());
    body.extend((len as u32).to_le_bytes());
    body
}

/// `struct virtio_pci_cap` with four bytes more.
fn longer_capability(cfg_type: u8, offset: u64, len: u64, more: u32) -> Vec<u8> {
    let mut body = capability(cfg_type, offset, len);
    body[0] += 4;
    body.extend(more.to_le_bytes());
    body
}

/// The configuration space of a device, and the offset of its access window.
pub(super) fn config_space(
    device: u16,
    msix: Option<Arc<Msix>>,
) -> Result<(PciConfig, u16), ConfigError> {
    let mut builder = ConfigBuilder::new(&Identity {
        vendor: VENDOR,
        device: DEVICE_BASE + device,
        revision: REVISION,
        class: class(device),
        subsystem_vendor: VENDOR,
        subsystem: SUBSYSTEM,
        pin: Some(IntxPin::A),
    });
    builder.memory_bar(BAR, BarKind::Memory32, BAR_LEN)?;
    let mut vendor =
        |body: &[u8], writable: &[u8]| builder.capability(spec::CAP_VENDOR, body, writable);
    vendor(&capability(cfg_type::COMMON, COMMON, PAGE), &[])?;
    vendor(&capability(cfg_type::ISR, ISR, PAGE), &[])?;
    vendor(&capability(cfg_type::DEVICE, DEVICE, PAGE), &[])?;
    let notify = longer_capability(cfg_type::NOTIFY, NOTIFY, PAGE, NOTIFY_MULTIPLIER);
    vendor(&notify, &[])?;
    let access = longer_capability(cfg_type::PCI, 0, 0, 0);
    let window = vendor(&access, &WINDOW_WRITABLE)?;
    if let Some(msix) = msix {
        builder.msix(MSIX_BAR, msix)?;
    }
    Ok((builder.build(), window.into()))
}

/// The access window's `bar`, `offset`, `length` and data belong to software.
const WINDOW_WRITABLE: [u8; 18] = {
    let mut writable = [0; 18];
    let mut at = window::BAR as usize;
    while at < window::END as usize {
        // `id` and the padding follow `bar`.
        if at == window::BAR as usize || at >= window::OFFSET as usize {
            writable[at - 2] = 0xff;
        }
        at += 1;
    }
    writable
};
