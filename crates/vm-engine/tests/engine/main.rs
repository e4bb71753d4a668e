//! The engine running code of its guests, in tier 0. `engine_jit` and
//! `engine_mixed` run the same tests in others.

mod amocas;
mod atomics;
mod breakpoints;
#[path = "../common/mod.rs"]
mod common;
mod control;
mod csr;
mod fences;
mod limit;
mod machine;
mod precise;
mod random;
mod remote;
mod rewritten;
mod self_modifying;
mod stats;
mod toy;
mod toy_random;
mod watch;

/// What the tests run on.
const ENGINE: vm_engine::vcpu::Engine = vm_engine::vcpu::Engine::Interpreter;
