//! A virtio device's worker, and as much of its neighbours as it needs.

#[path = "../../../vm-device/src/virtio/worker.rs"]
#[allow(dead_code, reason = "devices use what the models do not")]
pub(crate) mod worker;

mod model;

pub use model::Device;

/// What the worker serves.
pub(crate) mod device {
    /// Queues, if there were any.
    #[derive(Debug, Default)]
    pub struct Activation {
        pub(crate) link: Link,
    }

    /// Where a device says that it cannot go on.
    #[derive(Debug, Default)]
    pub struct Link;

    impl Link {
        pub(crate) fn needs_reset(&self, _: &dyn std::fmt::Display) {}
    }
}

/// What may go wrong with a queue.
pub(crate) mod fault {
    /// Nothing does, here.
    #[derive(Debug, Clone, Copy)]
    pub struct QueueFault;

    impl std::fmt::Display for QueueFault {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a fault")
        }
    }
}
