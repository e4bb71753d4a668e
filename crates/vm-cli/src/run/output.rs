//! Where the guest's output goes.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use vm_device::console::ThreadedOutput;
use vm_machine::{
    config::Console,
    console::HostConsole,
    files::{Files, OutputFile},
};

use crate::error::CliError;

/// How long the end of the program waits for a reader that is slow.
const PATIENCE: Duration = Duration::from_secs(5);

/// The guest's output, and the thread that writes it.
pub struct HostOutput {
    output: Arc<ThreadedOutput>,
    file: Option<OutputFile>,
}

impl HostOutput {
    /// Opens what the setting names.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be written.
    pub fn open(console: &Console, files: &mut Files) -> Result<Self, CliError> {
        let file = match console {
            Console::File(path) => Some(files.write("console", path)?),
            Console::Stdio | Console::None => None,
        };
        let writer: Box<dyn Write + Send> = match &file {
            Some(file) => Box::new(file.writer()?),
            None if *console == Console::Stdio => Box::new(io::stdout()),
            None => Box::new(io::sink()),
        };
        let output = ThreadedOutput::new(writer);
        let output = output.map_err(CliError::host("start a thread for the console"))?;
        Ok(Self {
            output: Arc::new(output),
            file,
        })
    }

    /// From here on the guest may print.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be emptied.
    pub fn begin(&mut self) -> Result<(), CliError> {
        let begun = self.file.as_mut().map(OutputFile::begin);
        Ok(begun.transpose().map(drop)?)
    }

    /// A console that prints here.
    pub fn console(&self) -> HostConsole {
        HostConsole::new(self.output.clone())
    }

    /// Waits until everything is written, or the reader takes too long.
    pub fn flush(&self) {
        self.output.flush(PATIENCE);
    }
}
