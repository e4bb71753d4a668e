//! This process.
#![allow(unsafe_code, reason = "the host's functions for processes")]

use std::time::Duration;

use windows_sys::Win32::{
    Foundation::FILETIME,
    System::{
        ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS},
        Threading::{GetCurrentProcess, GetProcessTimes, TerminateProcess},
    },
};

use crate::os::Usage;

/// Ends the program here and now.
pub fn exit(code: u8) -> ! {
    // SAFETY: of this process nothing is left to be unsound.
    unsafe { TerminateProcess(GetCurrentProcess(), code.into()) };
    std::process::abort()
}

/// What this process has used.
pub fn usage() -> Usage {
    let (user, system) = times().unwrap_or_default();
    Usage {
        user,
        system,
        peak_memory: peak_memory(),
    }
}

fn times() -> Option<(Duration, Duration)> {
    let (mut created, mut ended) = (FILETIME::default(), FILETIME::default());
    let (mut kernel, mut user) = (FILETIME::default(), FILETIME::default());
    // SAFETY: the pseudo handle of this process; it writes to the four variables.
    let told = unsafe {
        let process = GetCurrentProcess();
        GetProcessTimes(process, &mut created, &mut ended, &mut kernel, &mut user)
    };
    (told != 0).then(|| (duration(user), duration(kernel)))
}

/// It counts in units of 100 ns.
fn duration(time: FILETIME) -> Duration {
    let units = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Duration::from_nanos(units.saturating_mul(100))
}

fn peak_memory() -> u64 {
    let mut counters = PROCESS_MEMORY_COUNTERS::default();
    let size = size_of::<PROCESS_MEMORY_COUNTERS>() as u32;
    // SAFETY: the pseudo handle of this process; it writes `size` bytes to the variable.
    let told = unsafe { K32GetProcessMemoryInfo(GetCurrentProcess(), &mut counters, size) };
    match told {
        0 => 0,
        _ => counters.PeakWorkingSetSize as u64,
    }
}

/// A full disk or a limit is an error of the write anyhow.
pub fn make_limits_errors() {}
