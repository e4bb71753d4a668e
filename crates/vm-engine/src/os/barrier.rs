//! A fence that one thread has all others pass.

pub(crate) use system::{enable_heavy_fence, heavy_fence};

/// membarrier(2).
#[cfg(target_os = "linux")]
mod system {
    use std::sync::atomic::{AtomicBool, Ordering, fence};

    use rustix::thread::{MembarrierCommand, membarrier};

    /// The process has announced itself, which the kernel asks for.
    static ENABLED: AtomicBool = AtomicBool::new(false);

    /// Has [`heavy_fence`] reach other threads, where the kernel can (4.14 and later).
    pub(crate) fn enable_heavy_fence() {
        let enabled = membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok();
        ENABLED.fetch_or(enabled, Ordering::SeqCst);
    }

    /// A fence in this thread and, at some moment before it returns, in every other
    /// thread of the process that runs. What others have stored before is visible then,
    /// and what they load afterwards is as new as this thread's own. They need no fence
    /// themselves.
    pub(crate) fn heavy_fence() {
        fence(Ordering::SeqCst);
        if ENABLED.load(Ordering::Relaxed) {
            // Once announced, it cannot fail.
            let _ = membarrier(MembarrierCommand::PrivateExpedited);
        }
    }
}

#[cfg(windows)]
mod system {
    #![allow(unsafe_code, reason = "calls the system")]

    use windows_sys::Win32::System::Threading::FlushProcessWriteBuffers;

    pub(crate) fn enable_heavy_fence() {}

    /// See that of Linux.
    pub(crate) fn heavy_fence() {
        // SAFETY: takes nothing and has no conditions.
        unsafe { FlushProcessWriteBuffers() };
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
mod system {
    use std::sync::atomic::{Ordering, fence};

    pub(crate) fn enable_heavy_fence() {}

    /// A fence in this thread alone: store buffers of others drain when they will.
    pub(crate) fn heavy_fence() {
        fence(Ordering::SeqCst);
    }
}
