//! This process.

use std::{sync::Arc, time::Duration};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};
use signal_hook::{consts::SIGXFSZ, flag, low_level};

use crate::os::Usage;

/// The host's unit of peak memory, in bytes: getrusage(2).
const PEAK_UNIT: u64 = if cfg!(target_vendor = "apple") {
    1
} else {
    1024
};

/// Ends the program here and now.
pub fn exit(code: u8) -> ! {
    low_level::exit(code.into())
}

/// What this process has used.
pub fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Usage::default();
    };
    Usage {
        user: duration(usage.user_time()),
        system: duration(usage.system_time()),
        peak_memory: u64::try_from(usage.max_rss())
            .unwrap_or(0)
            .saturating_mul(PEAK_UNIT),
    }
}

fn duration(time: TimeVal) -> Duration {
    Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000)
}

/// Has writes beyond the limit on the size of files fail, as on a full disk. By
/// default a signal ends the program instead, and takes the guest with it.
pub fn make_limits_errors() {
    // That it is handled is all it takes. If that is not possible, the default stays.
    let _ = flag::register(SIGXFSZ, Arc::default());
}
