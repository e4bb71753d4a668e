//! Lines for the user. Unlike with `println!`, nobody reading them is no
//! reason to panic: the guest runs on when the reader of a pipe has left. A
//! terminal that is stopped is no reason to wait either.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Display,
    io::{self, Write, stderr},
    panic,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;
use vm_device::console::{ConsoleOutput as _, ThreadedOutput};

use crate::{error::CliError, stdio};

/// How long a line waits for a reader that is slow.
const PATIENCE: Duration = Duration::from_millis(500);

/// Writes a line to stdout.
///
/// # Errors
/// [`CliError`] if it cannot be written.
pub fn out(line: impl Display) -> Result<(), CliError> {
    let write = || stdio::stdout()?.write_all(format!("{line}\n").as_bytes());
    write().map_err(CliError::host("write to standard output"))
}

/// Writes a line to stderr, if anybody reads it.
pub fn err(line: impl Display) {
    let line = format!("{line}\n");
    let mut rest = line.as_bytes();
    while !rest.is_empty() {
        let taken = write(rest);
        rest = rest.get(taken..).unwrap_or_default();
        if !finish() {
            return;
        }
    }
}

/// Waits until everything is on stderr; `false` if nobody reads it.
pub fn finish() -> bool {
    /// Somebody has waited already, in vain.
    static STALLED: AtomicBool = AtomicBool::new(false);
    let Some(stderr) = queue() else { return true };
    let patience = if STALLED.load(Ordering::Relaxed) {
        Duration::ZERO
    } else {
        PATIENCE
    };
    let done = stderr.flush(patience);
    STALLED.store(!done, Ordering::Relaxed);
    done
}

/// Has messages about panics written like other lines.
pub fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("<unnamed>");
        let backtrace = Backtrace::capture();
        match backtrace.status() {
            BacktraceStatus::Captured => err(format_args!("thread '{name}' {info}\n{backtrace}")),
            _ => err(format_args!("thread '{name}' {info}")),
        }
    }));
}

/// Shows text on stderr, without waiting for anybody to read it.
pub fn show(text: &str) {
    write(text.as_bytes());
}

/// Takes lines of the log. A line for which there is no room is dropped: who
/// writes it may be a vCPU.
pub struct Log;

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        write(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what there is room for; returns how much that was.
fn write(bytes: &[u8]) -> usize {
    match queue() {
        Some(stderr) => stderr.try_write(bytes),
        None => {
            let _ = stderr().write_all(bytes);
            bytes.len()
        }
    }
}

/// What is on its way to stderr. Its thread is the only one that can be held up.
fn queue() -> Option<&'static ThreadedOutput> {
    static QUEUE: OnceLock<Option<ThreadedOutput>> = OnceLock::new();
    let start = || ThreadedOutput::new(stdio::stderr().ok()?).ok();
    QUEUE.get_or_init(start).as_ref()
}
