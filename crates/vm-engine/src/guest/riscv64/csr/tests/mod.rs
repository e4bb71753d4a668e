//! The registers as software sees them.

mod access;
mod counters;
mod float;
mod interrupts;
mod model;
mod timer;
mod warl;
