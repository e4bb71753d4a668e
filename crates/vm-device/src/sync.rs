//! What the virtio worker takes of the host's threads: its model (`vm-loom`) has loom's
//! instead.

use std::io;
pub(crate) use std::{sync::atomic, thread::JoinHandle};

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

/// Starts a thread.
///
/// # Errors
/// Whatever the host says if it has no thread left.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
}
