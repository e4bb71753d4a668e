//! Registers and bits of the 16550A (National Semiconductor PC16550D, §8).

/// Receiver buffer (read), transmitter holding register (write), divisor low.
pub(super) const RBR_THR_DLL: u64 = 0;
/// Interrupt enable, divisor high.
pub(super) const IER_DLM: u64 = 1;
/// Interrupt identification (read), FIFO control (write).
pub(super) const IIR_FCR: u64 = 2;
/// Line control.
pub(super) const LCR: u64 = 3;
/// Modem control.
pub(super) const MCR: u64 = 4;
/// Line status.
pub(super) const LSR: u64 = 5;
/// Modem status.
pub(super) const MSR: u64 = 6;
/// Scratch.
pub(super) const SCR: u64 = 7;

/// Received data available, and character timeout.
pub(super) const IER_RX: u8 = 1 << 0;
/// Transmitter holding register empty.
pub(super) const IER_THRE: u8 = 1 << 1;
/// Receiver line status.
pub(super) const IER_LINE: u8 = 1 << 2;
/// Modem status.
pub(super) const IER_MODEM: u8 = 1 << 3;
/// The bits of IER that exist.
pub(super) const IER_MASK: u8 = 0x0f;

pub(super) const IIR_NONE: u8 = 0x01;
pub(super) const IIR_MODEM: u8 = 0x00;
pub(super) const IIR_THRE: u8 = 0x02;
pub(super) const IIR_RX: u8 = 0x04;
pub(super) const IIR_LINE: u8 = 0x06;
pub(super) const IIR_TIMEOUT: u8 = 0x0c;
/// The FIFOs are enabled.
pub(super) const IIR_FIFO: u8 = 0xc0;

pub(super) const FCR_ENABLE: u8 = 1 << 0;
pub(super) const FCR_CLEAR_RX: u8 = 1 << 1;
pub(super) const FCR_CLEAR_TX: u8 = 1 << 2;
/// DMA mode and receive trigger level, kept while the FIFOs are enabled.
pub(super) const FCR_KEPT: u8 = 0xc9;

/// Divisor latch access.
pub(super) const LCR_DLAB: u8 = 1 << 7;

pub(super) const MCR_DTR: u8 = 1 << 0;
pub(super) const MCR_RTS: u8 = 1 << 1;
pub(super) const MCR_OUT1: u8 = 1 << 2;
pub(super) const MCR_OUT2: u8 = 1 << 3;
pub(super) const MCR_LOOPBACK: u8 = 1 << 4;
/// The bits of MCR that exist.
pub(super) const MCR_MASK: u8 = 0x1f;

pub(super) const LSR_DATA_READY: u8 = 1 << 0;
pub(super) const LSR_OVERRUN: u8 = 1 << 1;
pub(super) const LSR_THR_EMPTY: u8 = 1 << 5;
pub(super) const LSR_TX_EMPTY: u8 = 1 << 6;

pub(super) const MSR_CTS: u8 = 1 << 4;
pub(super) const MSR_DSR: u8 = 1 << 5;
pub(super) const MSR_RI: u8 = 1 << 6;
pub(super) const MSR_DCD: u8 = 1 << 7;
/// RI went from set to clear; the other deltas are their bit shifted down by four.
pub(super) const MSR_TRAILING_RI: u8 = 1 << 2;
pub(super) const MSR_DELTAS: u8 = 0x0f;

/// Depth of each FIFO.
pub(super) const FIFO_LEN: usize = 16;
