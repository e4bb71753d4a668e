//! Signals about the program's end and about the terminal.
//!
//! Every signal whose default is to end the program stops the machine in order;
//! those after which nothing can run in order are in [`super::fatal`].
#![allow(
    unsafe_code,
    reason = "sigaction(2) is the one way to learn what is ignored"
)]

use std::{mem::MaybeUninit, ptr, sync::Arc};

use nix::libc;
use signal_hook::{
    consts::{
        SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2,
        SIGVTALRM, SIGWINCH, SIGXCPU,
    },
    iterator::Signals,
    low_level,
};
use vm_machine::console::Screen;

use super::terminal;
use crate::{error::CliError, run::control::Stopper};

/// Signals that end a program which does not care for them, everywhere.
const ENDING: [i32; 10] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGXCPU,
];

/// Stops the machine at the first signal that asks for the program's end. A
/// second one ends the program at once. What the program's parent has ignored
/// (nohup(1), a shell's background) stays ignored. Signals about the terminal are
/// acted on; its size goes to `screen`.
///
/// # Errors
/// [`CliError`] if the host refuses.
pub fn watch(stopper: &Stopper, screen: Arc<Screen>) -> Result<(), CliError> {
    let mut watched = vec![SIGTSTP, SIGCONT, SIGWINCH];
    watched.extend(ENDING.into_iter().chain(other_ending()));
    watched.retain(|&signal| !is_ignored(signal));
    let mut signals = Signals::new(watched).map_err(CliError::host("watch for signals"))?;
    let theirs = stopper.clone();
    let watch = move || {
        for signal in signals.forever() {
            match signal {
                SIGTSTP => stop_here(),
                // The shell has set the terminal to its own taste meanwhile.
                SIGCONT => terminal::enter_again(),
                SIGWINCH => terminal::measure(&screen),
                _ => theirs.end_by(signal),
            }
        }
    };
    let started = stopper.serve("signals", watch);
    started.map_err(CliError::host("start a thread for signals"))
}

/// Stops the program as the signal does by default, with the terminal as the
/// shell wants it.
fn stop_here() {
    terminal::leave();
    // The signal itself was taken; its default action is this one's.
    let _ = low_level::emulate_default_handler(SIGTSTP);
}

/// What ends a program on this host alone.
#[cfg(target_os = "linux")]
fn other_ending() -> impl Iterator<Item = i32> {
    [libc::SIGIO, libc::SIGPWR, libc::SIGSTKFLT]
        .into_iter()
        .chain(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

/// What ends a program on this host alone.
#[cfg(not(target_os = "linux"))]
fn other_ending() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action nothing is changed; the old one is written to
    // memory that is valid for it.
    let result = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: the call has filled it in if it succeeded.
    result == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}
