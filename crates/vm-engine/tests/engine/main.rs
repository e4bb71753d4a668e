//! The engine running real RISC-V code.

mod atomics;
#[path = "../common/mod.rs"]
mod common;
mod control;
mod machine;
mod precise;
mod random;
mod remote;
mod self_modifying;
