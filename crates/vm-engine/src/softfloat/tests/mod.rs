//! Tests of the whole module: against the specifications' tables, the host's floating-point
//! unit, and Berkeley SoftFloat.

use vm_core::float::RoundingMode;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod berkeley;
mod host;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod oracle;
mod spec;
mod values;

const MODES: [RoundingMode; 5] = [
    RoundingMode::NearestEven,
    RoundingMode::TowardZero,
    RoundingMode::Down,
    RoundingMode::Up,
    RoundingMode::NearestAway,
];

/// Runs an operation with clear flags; returns its result and the flags that it raised.
fn raised<R>(operation: impl FnOnce(&mut u64) -> R) -> (R, u64) {
    let mut flags = 0;
    let result = operation(&mut flags);
    (result, flags)
}
