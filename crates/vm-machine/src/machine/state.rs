//! The state of a whole machine, in memory.

use serde::{Deserialize, Serialize};
use vm_core::{
    GuestArch,
    snapshot::{Kind, SavedState, SnapshotError},
};

use super::{hardware::Hardware, ram_image::RamImage};
use crate::{board::BoardModel, config::Setting, error::MachineError, firmware::HostFirmware};

const KIND: Kind<MachineState> = Kind::new("machine", 1);

/// The state of a whole machine at one moment: vCPUs, devices and RAM. Disk
/// images are not part of it. Also the saved form, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineState {
    arch: GuestArch,
    /// The guest's clock, in nanoseconds.
    clock_ns: u64,
    devices: Vec<(String, SavedState)>,
    #[serde(rename = "harts")]
    pub(super) vcpus: Vec<SavedState>,
    /// Which vCPUs the host's firmware has started, if there is one.
    started: Option<Vec<bool>>,
    pub(super) ram: RamImage,
}

impl MachineState {
    /// The guest's clock at that moment, in nanoseconds since power-on.
    pub fn clock_ns(&self) -> u64 {
        self.clock_ns
    }

    /// The state in the form that lasts: later programs read it too.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if it does not serialise.
    pub fn to_saved(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(self)
    }

    /// A state from [`to_saved`](Self::to_saved), of this program or an older one.
    ///
    /// # Errors
    /// [`SnapshotError`] if it is of something else, of a newer program, or damaged.
    pub fn from_saved(saved: &SavedState) -> Result<Self, SnapshotError> {
        KIND.load(saved)
    }
}

impl Hardware {
    /// Takes the state; the vCPUs must be stopped.
    pub(super) fn save(&mut self, arch: GuestArch) -> Result<MachineState, MachineError> {
        let components = self.board.components();
        components.iter().for_each(|part| part.device.quiesce());
        let state = self.save_quiet(arch);
        let components = self.board.components();
        components.iter().for_each(|part| part.device.resume());
        state
    }

    fn save_quiet(&mut self, arch: GuestArch) -> Result<MachineState, MachineError> {
        let devices = self.board.components().iter();
        let devices = devices
            .map(|part| Ok((part.name.clone(), part.device.save()?)))
            .collect::<Result<_, SnapshotError>>()?;
        let vcpus = self.vcpus.parked()?.iter_mut();
        let vcpus = vcpus
            .map(|vcpu| vcpu.save())
            .collect::<Result<_, SnapshotError>>()?;
        Ok(MachineState {
            arch,
            clock_ns: self.board.clock_ns(),
            devices,
            vcpus,
            started: self.board.firmware().map(HostFirmware::started),
            ram: RamImage::save(self.board.ram())?,
        })
    }

    /// Replaces the state of hardware that was never booted.
    pub(super) fn restore(
        &mut self,
        state: &MachineState,
        model: &dyn BoardModel,
    ) -> Result<(), MachineError> {
        self.check(state, model)?;
        let components = self.board.components();
        components.iter().for_each(|part| part.device.quiesce());
        let result = self.restore_quiet(state);
        let components = self.board.components();
        components.iter().for_each(|part| part.device.resume());
        result
    }

    /// Whether the state is of a machine like this one.
    fn check(&mut self, state: &MachineState, model: &dyn BoardModel) -> Result<(), MachineError> {
        let here = self.board.components().iter().map(|part| &part.name);
        let there = state.devices.iter().map(|(name, _)| name);
        let device = difference(here.collect(), there.collect());
        let cause = if state.arch != model.arch() {
            format!("it is of a {} machine", state.arch)
        } else if self.vcpus.parked()?.len() != state.vcpus.len() {
            format!("it has {} vCPUs: set {}", state.vcpus.len(), Setting::Cpus)
        } else if self.board.firmware().is_some() != state.started.is_some() {
            format!("one of them has firmware of its own: set {}", Setting::Bios)
        } else if let Some(name) = device {
            let setting = model.setting_of(name).unwrap_or(match name {
                "virtio-console" => Setting::ConsoleDevice,
                _ => Setting::Disk,
            });
            format!("only one of them has the device `{name}`: set {setting}")
        } else {
            return Ok(());
        };
        Err(KIND.mismatch(cause).into())
    }

    fn restore_quiet(&mut self, state: &MachineState) -> Result<(), MachineError> {
        state.ram.restore(self.board.ram())?;
        for part in self.board.components() {
            // `check` has found one for each.
            let saved = state.devices.iter().find(|(name, _)| *name == part.name);
            saved.map_or(Ok(()), |(_, saved)| part.device.restore(saved))?;
        }
        if let (Some(firmware), Some(started)) = (self.board.firmware(), &state.started) {
            firmware.set_started(started);
        }
        for (vcpu, saved) in self.vcpus.parked()?.iter_mut().zip(&state.vcpus) {
            vcpu.restore(saved)?;
        }
        Ok(())
    }
}

/// A name that is in one of the lists only.
fn difference<'a>(here: Vec<&'a String>, there: Vec<&'a String>) -> Option<&'a str> {
    let mut all = here.iter().chain(&there);
    let single = all.find(|name| here.contains(name) != there.contains(name));
    single.map(|name| name.as_str())
}
