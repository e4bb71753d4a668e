//! How a guest, or a device on its behalf, ends or restarts the machine.

/// What happened to the machine's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PowerEvent {
    /// The guest switched the machine off.
    PowerOff {
        /// What the guest reported: 0 for success, anything else is a failure.
        status: u32,
    },
    /// The guest asked to start again from reset.
    Reset,
    /// The guest reported that it crashed.
    Panic,
}

/// Takes power events; the board decides what becomes of them.
///
/// Called on a vCPU's thread in the middle of a store: implementations record
/// the event and wake whoever acts on it, they do not stop vCPUs themselves.
pub trait PowerSink: Send + Sync {
    /// Reports `event`.
    fn signal(&self, event: PowerEvent);
}

impl<F: Fn(PowerEvent) + Send + Sync> PowerSink for F {
    fn signal(&self, event: PowerEvent) {
        self(event);
    }
}
