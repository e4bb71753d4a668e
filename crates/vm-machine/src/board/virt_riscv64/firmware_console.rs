//! The firmware's console is the board's UART.

use std::sync::Arc;

use vm_device::{console::ConsoleOutput, serial::Ns16550a};

use crate::firmware::FirmwareConsole;

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
        self.uart.take_input()
    }
}
