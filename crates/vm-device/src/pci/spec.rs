//! Offsets and bits of configuration space (PCI §6.1, type 0 header).

/// Bytes of configuration space a function of this crate has; an ECAM slot
/// has 4096, of which the extended part reads as zero (no capabilities there).
pub const CONFIG_LEN: usize = 256;

/// Vendor ID, 16 bits.
pub const VENDOR_ID: usize = 0x00;
/// Device ID, 16 bits.
pub const DEVICE_ID: usize = 0x02;
/// Command register, 16 bits (PCI §6.2.2).
pub const COMMAND: usize = 0x04;
/// Status register, 16 bits (PCI §6.2.3).
pub const STATUS: usize = 0x06;
/// Revision ID, 8 bits.
pub const REVISION: usize = 0x08;
/// Class code, 24 bits.
pub const CLASS: usize = 0x09;
/// Cache line size, 8 bits: software's own scratch on PCI Express.
pub const CACHE_LINE_SIZE: usize = 0x0c;
/// The first of six base address registers, 32 bits each.
pub const BAR0: usize = 0x10;
/// How many base address registers a type 0 header has.
pub const BAR_COUNT: usize = 6;
/// Subsystem vendor ID, 16 bits.
pub const SUBSYSTEM_VENDOR_ID: usize = 0x2c;
/// Subsystem ID, 16 bits.
pub const SUBSYSTEM_ID: usize = 0x2e;
/// Offset of the first capability, 8 bits.
pub const CAPABILITIES: usize = 0x34;
/// Interrupt line, 8 bits: software's own scratch.
pub const INTERRUPT_LINE: usize = 0x3c;
/// Interrupt pin, 8 bits: 0 for none, 1 to 4 for INTA to INTD.
pub const INTERRUPT_PIN: usize = 0x3d;
/// Where capabilities may start.
pub const FIRST_CAPABILITY: usize = 0x40;

/// Command: the function answers accesses to its memory BARs.
pub const COMMAND_MEMORY: u16 = 1 << 1;
/// Command: the function may read and write memory, and send messages.
pub const COMMAND_BUS_MASTER: u16 = 1 << 2;
/// Command: parity error response.
pub const COMMAND_PARITY: u16 = 1 << 6;
/// Command: SERR# enable.
pub const COMMAND_SERR: u16 = 1 << 8;
/// Command: the function must not assert INTx.
pub const COMMAND_INTX_DISABLE: u16 = 1 << 10;
/// The command bits that software can set.
pub const COMMAND_WRITABLE: u16 =
    COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_PARITY | COMMAND_SERR | COMMAND_INTX_DISABLE;

/// Status: the function wants to assert INTx.
pub const STATUS_INTERRUPT: u16 = 1 << 3;
/// Status: there is a capability list.
pub const STATUS_CAPABILITIES: u16 = 1 << 4;

/// Capability: MSI-X (PCI §6.8.2).
pub const CAP_MSIX: u8 = 0x11;
/// Capability: vendor specific.
pub const CAP_VENDOR: u8 = 0x09;

/// MSI-X message control: the function sends messages and not INTx.
pub const MSIX_ENABLE: u16 = 1 << 15;
/// MSI-X message control: every vector is masked.
pub const MSIX_FUNCTION_MASK: u16 = 1 << 14;
