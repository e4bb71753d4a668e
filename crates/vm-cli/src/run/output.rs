//! Where the guest's output goes.

use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use vm_device::console::{Patient, ThreadedOutput};
use vm_machine::{
    config::{Console, Setting},
    console::HostConsole,
    files::{Files, OutputFile},
};

use crate::{
    error::{CliError, OutputLost},
    stdio,
};

/// How long the end of the program waits for a reader that takes nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits in all once somebody has asked for the end.
const HASTE: Duration = Duration::from_millis(500);
/// How often it looks whether somebody has.
const SLICE: Duration = Duration::from_millis(20);

/// The guest's output, and the thread that writes it.
pub struct HostOutput {
    output: Arc<ThreadedOutput>,
    file: Option<OutputFile>,
    place: String,
}

impl HostOutput {
    /// Opens what the setting names.
    ///
    /// # Errors
    /// [`CliError`] if the file cannot be written.
    pub fn open(console: &Console, files: &mut Files) -> Result<Self, CliError> {
        match console {
            Console::Stdio => {
                let stdout = stdio::stdout().map_err(CliError::host("open standard output"))?;
                Self::new(stdout, None, "standard output".to_owned())
            }
            Console::None => Self::new(io::sink(), None, String::new()),
            Console::File(path) => {
                let file = files.write(Setting::Console, path)?;
                let writer = Patient::new(file.writer()?);
                let place = format!("--console file:{}", path.display());
                Self::new(writer, Some(file), place)
            }
        }
    }

    fn new(
        writer: impl Write + Send + 'static,
        file: Option<OutputFile>,
        place: String,
    ) -> Result<Self, CliError> {
        let output = ThreadedOutput::new(writer);
        let output = output.map_err(CliError::host("start a thread for the console"))?;
        Ok(Self {
            output: Arc::new(output),
            file,
            place,
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

    /// Waits until everything is written, unless the reader takes nothing for
    /// some seconds, or `hurry` says that the end was asked for. Then the rest is
    /// dropped: no stopped terminal may keep the program from ending.
    ///
    /// # Errors
    /// [`OutputLost`] if something was lost that nobody asked to drop.
    pub fn finish(&self, hurry: impl Fn() -> bool) -> Result<(), OutputLost> {
        let place = || self.place.clone();
        if !self.flush(&hurry) {
            self.output.abandon();
            if !hurry() {
                return Err(OutputLost::Stalled {
                    place: place(),
                    patience: PATIENCE,
                });
            }
        }
        match self.output.failure() {
            Some(cause) => Err(OutputLost::Failed {
                place: place(),
                cause,
            }),
            None => Ok(()),
        }
    }

    fn flush(&self, hurry: &impl Fn() -> bool) -> bool {
        let mut written = self.output.written();
        let mut deadline = Instant::now() + PATIENCE;
        let mut hurried = false;
        while !self.output.flush(SLICE) {
            let now = Instant::now();
            if !hurried && hurry() {
                hurried = true;
                deadline = deadline.min(now + HASTE);
            }
            if now >= deadline {
                return false;
            }
            if !hurried && self.output.written() != written {
                written = self.output.written();
                deadline = now + PATIENCE;
            }
        }
        true
    }
}
