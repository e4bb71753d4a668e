//! The terminal where the program ends by a fault.
#![allow(
    unsafe_code,
    reason = "signal handlers: the terminal is to be restored in the thread that faults"
)]

use std::{io, sync::OnceLock};

use nix::{
    libc,
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction},
};

use super::terminal;

/// Signals that end the program where it stands: nothing can run after them,
/// hence not what waits for other signals. They come from faults and abort(3), or
/// are sent.
const FATAL: [Signal; 7] = [
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGSEGV,
    Signal::SIGSYS,
    Signal::SIGTRAP,
];

/// Those that an instruction raises again when it is executed again.
const FAULTS: [Signal; 4] = [
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGSEGV,
];

/// What was done about each of [`FATAL`] before.
static BEFORE: [OnceLock<SigAction>; FATAL.len()] = [const { OnceLock::new() }; FATAL.len()];

/// Has the terminal restored when the program ends by a fault.
///
/// # Errors
/// Whatever the host says.
pub fn restore_terminal_on_faults() -> io::Result<()> {
    // The stack may be what is used up: threads have another one for that.
    let flags = SaFlags::SA_ONSTACK;
    let ours = SigAction::new(SigHandler::SigAction(on_fault), flags, SigSet::empty());
    for (signal, before) in FATAL.into_iter().zip(&BEFORE) {
        if before.get().is_some() {
            continue;
        }
        // SAFETY: `on_fault` does only what is safe in a signal handler, as it says.
        let previous = unsafe { sigaction(signal, &ours) }?;
        let _ = before.set(previous);
    }
    Ok(())
}

/// Restores the terminal and leaves the rest to whom it would be left without this.
///
/// All of it is safe in a signal handler: atomic loads, and the functions
/// tcgetpgrp, getpgrp, pthread_sigmask, tcsetattr, sigaction and raise, which
/// signal-safety(7) lists.
extern "C" fn on_fault(number: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    terminal::restore();
    let handlers = FATAL.iter().zip(&BEFORE);
    for (&signal, before) in handlers.filter(|(signal, _)| **signal as libc::c_int == number) {
        // SAFETY: with SA_SIGINFO, which `SigHandler::SigAction` implies, the kernel
        // passes a valid pointer.
        let sent = unsafe { (*info).si_code } <= 0;
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // The library's action for faults takes those that were sent for nothing.
        let next = before.get().filter(|_| !sent).unwrap_or(&default);
        // SAFETY: the former action was in force before this one, and the default
        // one is always valid.
        let _ = unsafe { sigaction(signal, next) };
        // A fault repeats itself on return, with its address, which tells an
        // overflow of the stack. Others would be over: this one waits for the return.
        if sent || !FAULTS.contains(&signal) {
            let _ = raise(signal);
        }
    }
}
