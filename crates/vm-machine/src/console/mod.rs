//! The host's end of the guest's console. It outlives the guest's devices, so
//! that a reset loses nothing.

mod input;
mod output;
mod screen;

use std::sync::Arc;

pub use vm_device::console::{ConsoleOutput, MemoryOutput};

pub use input::{ConsoleInput, InputPort};
pub use output::SharedOutput;
pub use screen::Screen;

/// Where a machine's console is.
#[derive(Clone)]
pub struct HostConsole {
    /// Takes what the guest prints.
    pub output: Arc<SharedOutput>,
    /// Gives the guest what was typed.
    pub input: Arc<ConsoleInput>,
    /// Tells the guest how large the terminal is.
    pub screen: Arc<Screen>,
}

impl HostConsole {
    /// A console that prints to `output`.
    pub fn new(output: Arc<dyn ConsoleOutput>) -> Self {
        Self {
            output: SharedOutput::new(output),
            input: ConsoleInput::new(),
            screen: Arc::default(),
        }
    }
}
