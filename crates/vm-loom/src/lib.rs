//! What threads share, in every order that the memory model of Rust allows.
//!
//! The modules under test are the very files of their crates, compiled once more with
//! loom's atomics and locks in place of the real ones: both crates take them from
//! `crate::sync`, which is [`sync`] here. With `test`, the files would bring the unit tests
//! of their own crates: nothing is left then. Never shipped.

#[cfg(not(test))]
pub mod sync;

#[cfg(not(test))]
#[path = "../../vm-engine/src/reservation.rs"]
#[allow(dead_code, reason = "the engine uses what the models do not")]
pub mod reservation;
#[cfg(not(test))]
pub mod table;
#[cfg(not(test))]
pub mod virtio;

/// How often the scheduler may take a thread off that could go on: bugs of two or three
/// threads need fewer (Musuvathi and Qadeer, "Iterative Context Bounding", 2007).
#[cfg(not(test))]
const PREEMPTIONS: usize = 3;

/// Runs `model` in every order of its threads and of their memory accesses.
#[cfg(not(test))]
pub fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(model);
}
