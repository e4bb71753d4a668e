//! Boards: vCPUs, memory and devices wired together; boot protocols, firmware, snapshots.

pub mod board;
pub mod boot;
pub mod config;
pub mod firmware;
