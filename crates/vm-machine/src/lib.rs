//! Boards: vCPUs, memory and devices wired together; boot protocols, firmware, snapshots.

pub mod config;
