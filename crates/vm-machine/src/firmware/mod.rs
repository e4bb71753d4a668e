//! Interfaces of firmware that the host serves itself.

pub mod htif;
pub mod sbi;

/// The console that firmware writes to. Called on any thread.
pub trait FirmwareConsole: Send + Sync {
    /// Takes as many bytes as it can without blocking; returns how many.
    fn write(&self, bytes: &[u8]) -> usize;

    /// The next byte of input, if there is one.
    fn read(&self) -> Option<u8>;
}

/// Firmware that the host serves, as its machine sees it.
pub trait HostFirmware: Send + Sync {
    /// Which vCPUs run; the rest wait to be started.
    fn started(&self) -> Vec<bool>;

    /// Replaces what [`started`](Self::started) reports, vCPUs that are not in the list
    /// being stopped.
    fn set_started(&self, started: &[bool]);
}
