//! Where the guest's output goes.

use std::{
    fs::File,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use vm_device::console::ThreadedOutput;
use vm_machine::{config::Console, console::HostConsole};

use crate::error::CliError;

/// How long the end of the program waits for a reader that is slow.
const PATIENCE: Duration = Duration::from_secs(5);

/// The guest's output, and the thread that writes it.
pub struct HostOutput(Arc<ThreadedOutput>);

impl HostOutput {
    /// Opens what the setting names.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be created.
    pub fn open(console: &Console) -> Result<Self, CliError> {
        let writer: Box<dyn Write + Send> = match console {
            Console::Stdio => Box::new(io::stdout()),
            Console::None => Box::new(io::sink()),
            Console::File(path) => {
                let file = File::create(path).map_err(|cause| CliError::Write {
                    option: "console",
                    path: path.clone(),
                    cause,
                })?;
                Box::new(file)
            }
        };
        let output = ThreadedOutput::new(writer);
        let output = output.map_err(CliError::host("start a thread for the console"))?;
        Ok(Self(Arc::new(output)))
    }

    /// A console that prints here.
    pub fn console(&self) -> HostConsole {
        HostConsole::new(self.0.clone())
    }

    /// Waits until everything is written, or the reader takes too long.
    pub fn flush(&self) {
        self.0.flush(PATIENCE);
    }
}
