//! Standard input on its way to the guest.

use std::{
    io::{self, Read, Write},
    sync::Arc,
    thread,
};

use vm_machine::console::ConsoleInput;

use super::{
    control::Stopper,
    keys::{Action, HELP, KeyFilter},
};
use crate::{error::CliError, exit::StopReason};

/// Starts the thread that reads standard input. On a terminal, key sequences
/// control the machine; from a pipe or file, every byte is the guest's. The
/// end of the input ends the thread, not the guest.
///
/// # Errors
/// [`CliError`] if the host has no thread left.
pub fn start(
    input: &Arc<ConsoleInput>,
    stopper: &Stopper,
    is_terminal: bool,
) -> Result<(), CliError> {
    let (input, stopper) = (Arc::clone(input), stopper.clone());
    let read = move || {
        if is_terminal {
            read_keys(&input, &stopper);
        } else {
            read_all(&input);
        }
    };
    let spawned = thread::Builder::new().name("input".into()).spawn(read);
    spawned
        .map(|_| ())
        .map_err(CliError::host("start a thread for standard input"))
}

/// Reads once; `None` at the end, or if reading fails: then there is no more
/// input, which a guest can live with.
fn read_some(buffer: &mut [u8]) -> Option<&[u8]> {
    loop {
        match io::stdin().lock().read(buffer) {
            Ok(0) => return None,
            Ok(len) => return buffer.get(..len),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::warn!("standard input cannot be read: {error}");
                return None;
            }
        }
    }
}

fn read_all(input: &ConsoleInput) {
    let mut buffer = [0; 4096];
    while let Some(bytes) = read_some(&mut buffer) {
        if !input.send(bytes) {
            return;
        }
    }
}

fn read_keys(input: &ConsoleInput, stopper: &Stopper) {
    let mut buffer = [0; 4096];
    let mut keys = KeyFilter::default();
    while let Some(bytes) = read_some(&mut buffer) {
        for action in keys.feed(bytes) {
            match action {
                Action::Send(bytes) => {
                    // What a guest does not take for that long is lost, as on a wire.
                    input.offer(&bytes);
                }
                Action::Help => {
                    // A terminal that is gone needs no help.
                    let _ = io::stderr().write_all(HELP.as_bytes());
                }
                Action::Quit => stopper.stop(StopReason::Quit),
            }
        }
    }
}
