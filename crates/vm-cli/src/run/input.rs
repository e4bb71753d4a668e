//! Standard input on its way to the guest.

use std::{io::Read, sync::Arc};

use vm_machine::console::ConsoleInput;

use super::{
    control::Stopper,
    keys::{Action, HELP, KeyFilter},
};
use crate::{error::CliError, exit::StopReason, lines, stdio};

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
    let stdin = stdio::stdin().map_err(CliError::host("open standard input"))?;
    let (input, theirs) = (Arc::clone(input), stopper.clone());
    let read = move || {
        if is_terminal {
            read_keys(stdin, &input, &theirs);
        } else {
            read_all(stdin, &input);
        }
    };
    let started = stopper.serve("input", read);
    started.map_err(CliError::host("start a thread for standard input"))
}

/// Reads once; `None` at the end, or if reading fails: then there is no more
/// input, which a guest can live with.
fn read_some<'a>(stdin: &mut impl Read, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    match stdin.read(buffer) {
        Ok(0) => None,
        Ok(len) => buffer.get(..len),
        Err(error) => {
            tracing::warn!("standard input cannot be read: {error}");
            None
        }
    }
}

fn read_all(mut stdin: impl Read, input: &ConsoleInput) {
    let mut buffer = [0; 4096];
    while let Some(bytes) = read_some(&mut stdin, &mut buffer) {
        if !input.send(bytes) {
            return;
        }
    }
}

fn read_keys(mut stdin: impl Read, input: &ConsoleInput, stopper: &Stopper) {
    let mut buffer = [0; 4096];
    let mut keys = KeyFilter::default();
    while let Some(bytes) = read_some(&mut stdin, &mut buffer) {
        let actions = keys.feed(bytes);
        // What was typed before it may have to wait for the guest.
        if actions.contains(&Action::Quit) {
            stopper.stop(StopReason::Quit);
        }
        for action in actions {
            match action {
                Action::Send(bytes) => {
                    if !input.send_ahead(&bytes) {
                        return;
                    }
                }
                Action::Help => lines::show(HELP),
                Action::Quit => return,
            }
        }
    }
}
