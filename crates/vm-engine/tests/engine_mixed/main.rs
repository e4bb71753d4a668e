//! The tests of `engine` with blocks that are interpreted at first, then compiled.

#[path = "../engine/amocas.rs"]
mod amocas;
#[path = "../engine/atomics.rs"]
mod atomics;
#[path = "../engine/breakpoints.rs"]
mod breakpoints;
#[path = "../common/mod.rs"]
mod common;
#[path = "../engine/control.rs"]
mod control;
#[path = "../engine/csr.rs"]
mod csr;
#[path = "../engine/fences.rs"]
mod fences;
#[path = "../engine/limit.rs"]
mod limit;
#[path = "../engine/machine.rs"]
mod machine;
#[path = "../engine/precise.rs"]
mod precise;
#[path = "../engine/random.rs"]
mod random;
#[path = "../engine/remote.rs"]
mod remote;
#[path = "../engine/rewritten.rs"]
mod rewritten;
#[path = "../engine/self_modifying.rs"]
mod self_modifying;
#[path = "../engine/stats.rs"]
mod stats;
#[path = "../engine/toy.rs"]
mod toy;
#[path = "../engine/toy_random.rs"]
mod toy_random;
#[path = "../engine/watch.rs"]
mod watch;

/// What the tests run on.
const ENGINE: vm_engine::vcpu::Engine = vm_engine::vcpu::Engine::Jit(vm_optimizers::TierPolicy {
    threshold: 3,
    code_bytes: 4 << 20,
});
