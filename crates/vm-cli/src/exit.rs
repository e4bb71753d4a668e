//! The program's exit codes. `trine run --help` lists them.

use vm_machine::ExitStatus;

/// The guest switched itself off, or the user asked to quit.
pub const SUCCESS: u8 = 0;
/// The machine could not be made or run.
pub const ERROR: u8 = 1;
/// A thread of the program panicked; the same as of every program in Rust.
pub const BUG: u8 = 101;
/// The guest reported that it crashed.
pub const PANIC: u8 = 120;
/// The guest asked for a reset, with `--no-reboot`.
pub const RESET: u8 = 121;
/// The time given by `--timeout` was over; the same as of the program timeout(1).
pub const TIMEOUT: u8 = 124;
/// Added to the number of the signal that ended the program, as shells do.
pub const SIGNAL: u8 = 128;

/// Why the machine was stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Ctrl-A x.
    Quit,
    /// `--timeout`.
    Timeout,
    /// This signal.
    Signal(i32),
    /// A thread that controls the machine panicked.
    Bug,
}

/// The code for a machine that ended, stopped for `reason` if it was stopped.
pub fn code(status: ExitStatus, reason: Option<StopReason>) -> u8 {
    match (status, reason) {
        // Codes that do not fit must not look like success, or like another code.
        (ExitStatus::PowerOff { status }, _) => u8::try_from(status).unwrap_or(u8::MAX),
        (ExitStatus::Panic, _) => PANIC,
        (ExitStatus::Reset, _) => RESET,
        (ExitStatus::Stopped, Some(StopReason::Timeout)) => TIMEOUT,
        (ExitStatus::Stopped, Some(StopReason::Bug)) => BUG,
        (ExitStatus::Stopped, Some(StopReason::Signal(signal))) => {
            u8::try_from(signal).map_or(SIGNAL, |signal| SIGNAL.saturating_add(signal))
        }
        (ExitStatus::Stopped, Some(StopReason::Quit) | None) => SUCCESS,
        // No end that this program has heard of is a success.
        _ => ERROR,
    }
}

/// The code for an end that would have this code, if what the guest printed has
/// arrived. If not, it was no success; another code says more.
pub fn with_output(code: u8, arrived: bool) -> u8 {
    if code == SUCCESS && !arrived {
        ERROR
    } else {
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_code() {
        let off = |status| code(ExitStatus::PowerOff { status }, None);
        assert_eq!([off(0), off(7), off(255), off(256)], [0, 7, 255, 255]);
        assert_eq!(code(ExitStatus::Panic, None), 120);
        assert_eq!(code(ExitStatus::Reset, None), 121);
        let stopped = |reason| code(ExitStatus::Stopped, Some(reason));
        assert_eq!(stopped(StopReason::Quit), 0);
        assert_eq!(stopped(StopReason::Timeout), 124);
        assert_eq!(stopped(StopReason::Signal(15)), 143);
        // The guest was faster than the signal.
        let raced = code(
            ExitStatus::PowerOff { status: 3 },
            Some(StopReason::Signal(15)),
        );
        assert_eq!(raced, 3);
        assert_eq!(stopped(StopReason::Bug), 101);
        assert_eq!([with_output(0, true), with_output(0, false)], [0, 1]);
        assert_eq!(with_output(7, false), 7);
    }
}
