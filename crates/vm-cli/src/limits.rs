//! The host's limits on this process.

/// Has writes beyond the limit on the size of files fail, as on a full disk. By
/// default a signal ends the program instead, and takes the guest with it.
#[cfg(unix)]
pub fn make_errors() {
    use std::sync::Arc;

    // That it is handled is all it takes. If that is not possible, the default stays.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Nothing to do here.
#[cfg(not(unix))]
pub fn make_errors() {}
