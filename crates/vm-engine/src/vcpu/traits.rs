//! A vCPU as its machine sees it, whatever executes its guest.

use std::{io, sync::Arc};

use vm_core::{
    GuestPhysAddr,
    snapshot::{SavedState, SnapshotError},
};

use super::{VcpuControl, VcpuExit, VcpuStats};
use crate::{
    guest::{RegisterError, Registers},
    observe::{BlockTracer, CodeListener},
};

/// One virtual CPU. Its guest is executed by translation ([`TranslatedVcpu`]) or by the
/// host's own hardware.
///
/// One thread at a time owns it. Other threads reach it through its
/// [control](Self::control) only: they drive its interrupt lines, ask things of it, and
/// stop it, which makes [`run`](Self::run) return. Everything else here is for a vCPU
/// that does not run.
///
/// [`TranslatedVcpu`]: super::TranslatedVcpu
pub trait Vcpu: Send {
    /// Its index in the machine.
    fn index(&self) -> usize;

    /// What other threads have of it.
    fn control(&self) -> &Arc<VcpuControl>;

    /// What executes the guest, for people.
    fn engine(&self) -> &'static str;

    /// Runs until the machine stops, or something happens that it must know.
    fn run(&mut self) -> VcpuExit;

    /// Executes one instruction, or enters the handler of its exception. Interrupts wait,
    /// and so does a vCPU that has not been started; nothing sleeps. The vCPU is asked to
    /// stop afterwards, as if the machine had paused.
    fn single_step(&mut self) -> Option<VcpuExit>;

    /// Has [`run`](Self::run) return before it executes an instruction at one of these
    /// virtual addresses, which replace those before. The instruction at which it has
    /// returned is executed when it is called again.
    ///
    /// # Errors
    /// The host's, if it cannot have that many.
    fn set_breakpoints(&mut self, addresses: &[u64]) -> io::Result<()>;

    /// Does what others have asked of it. Its state is all there afterwards.
    fn settle(&mut self);

    /// The general registers.
    ///
    /// # Errors
    /// [`RegisterError::Host`] if the host refuses.
    fn registers(&self) -> Result<Registers, RegisterError>;

    /// Replaces the general registers.
    ///
    /// # Errors
    /// [`RegisterError`] if they are of another architecture, or no vCPU can have such
    /// values; nothing has changed then.
    fn set_registers(&mut self, registers: &Registers) -> Result<(), RegisterError>;

    /// The system register of that name, as the architecture's manual has it.
    ///
    /// # Errors
    /// [`RegisterError::Unknown`] if there is none.
    fn system_register(&mut self, name: &str) -> Result<u64, RegisterError>;

    /// Writes the system register of that name, as the most privileged software would:
    /// what it cannot hold becomes what it can.
    ///
    /// # Errors
    /// [`RegisterError`] if there is none, or it is read-only.
    fn set_system_register(&mut self, name: &str, value: u64) -> Result<(), RegisterError>;

    /// Where virtual address `va` is for the guest now; `None` if it is nowhere. Neither
    /// permissions matter, nor does anything change.
    fn find_address(&self, va: u64) -> Option<GuestPhysAddr>;

    /// Saves the vCPU between two instructions, all that was asked of it being done.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if the state does not serialise.
    fn save(&mut self) -> Result<SavedState, SnapshotError>;

    /// Replaces the state.
    ///
    /// # Errors
    /// [`SnapshotError`] if it is not of such a vCPU, or damaged; nothing has changed then.
    fn restore(&mut self, saved: &SavedState) -> Result<(), SnapshotError>;

    /// What the vCPU has done since the last call.
    fn take_stats(&mut self) -> VcpuStats;

    /// Lets tools watch the engine, if it is one that translates.
    fn observed(&mut self) -> Option<&mut dyn Observed> {
        None
    }
}

/// A vCPU whose engine can be watched: see [`observe`](crate::observe).
pub trait Observed {
    /// Tells `listener` of all code that the engine has and will generate; to be called
    /// before the vCPU runs.
    fn set_code_listener(&mut self, listener: Arc<dyn CodeListener>);

    /// Tells `tracer` of every block that runs; to be called before the vCPU runs.
    fn set_tracer(&mut self, tracer: Arc<dyn BlockTracer>);
}
