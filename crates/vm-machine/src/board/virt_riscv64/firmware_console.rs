//! The firmware's console is the board's UART.

use std::sync::Arc;

use vm_core::{AccessSize, MmioDevice};
use vm_device::{console::ConsoleOutput, serial::Ns16550a};

use crate::firmware::FirmwareConsole;

/// Receiver buffer register.
const RBR: u64 = 0;
/// Line status register.
const LSR: u64 = 5;
/// LSR: a received byte waits.
const DATA_READY: u64 = 1;

/// Prints where the UART prints, and reads what the UART received.
pub(crate) struct UartConsole {
    output: Arc<dyn ConsoleOutput>,
    uart: Arc<Ns16550a>,
}

impl UartConsole {
    pub(crate) fn new(output: Arc<dyn ConsoleOutput>, uart: Arc<Ns16550a>) -> Self {
        Self { output, uart }
    }
}

impl FirmwareConsole for UartConsole {
    fn write(&self, bytes: &[u8]) -> usize {
        self.output.try_write(bytes)
    }

    fn read(&self) -> Option<u8> {
        let register = |offset| self.uart.read(offset, AccessSize::Byte);
        if register(LSR)? & DATA_READY == 0 {
            return None;
        }
        register(RBR).map(|byte| byte as u8)
    }
}
