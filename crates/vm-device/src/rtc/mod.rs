//! Real-time clocks.

pub mod goldfish;
mod wall;

pub use wall::{FixedWallClock, HostWallClock, WallClock};
