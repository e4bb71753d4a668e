//! The engine running real RISC-V code.

#[path = "../common/mod.rs"]
mod common;
mod control;
mod machine;
mod remote;
