//! The files of a machine that has not been made yet.

use std::{path::Path, sync::Arc};

use vm_device::virtio::{BlockError, FileBackend};

use crate::{
    board::{self, BoardModel},
    boot::BootPlan,
    config::{DiskConfig, MachineConfig, OptionError, Setting},
    error::MachineError,
    files::{FileError, Files, OutputFile},
};

/// What a machine is made of: every file that its settings name, opened once and
/// checked. Those that the machine writes are as they were before.
pub struct Parts {
    pub(super) config: MachineConfig,
    pub(super) board: &'static dyn BoardModel,
    pub(super) plan: BootPlan,
    pub(super) disks: Vec<Arc<FileBackend>>,
    pub(super) trace: Option<OutputFile>,
    pub(super) signature: Option<OutputFile>,
    files: Files,
}

impl Parts {
    /// Opens what is read, then what is written. `files` are others that are in use.
    ///
    /// # Errors
    /// [`MachineError`] if a file is missing, damaged or too large, or would be
    /// overwritten though it is used otherwise.
    pub fn open(config: MachineConfig, mut files: Files) -> Result<Self, MachineError> {
        let board = board_of(&config)?;
        let plan = BootPlan::read(&config, board, &mut files)?;
        let disks = config.disks.iter().map(|disk| open(disk, &mut files));
        let disks = disks.collect::<Result<_, _>>()?;
        let mut write =
            |setting, path: Option<&Path>| path.map(|path| files.write(setting, path)).transpose();
        let trace = config
            .trace
            .as_ref()
            .and_then(|trace| trace.path.as_deref());
        Ok(Self {
            trace: write(Setting::Trace, trace)?,
            signature: write(Setting::Signature, config.signature.as_deref())?,
            config,
            board,
            plan,
            disks,
            files,
        })
    }

    /// The machine's settings.
    pub fn config(&self) -> &MachineConfig {
        &self.config
    }

    /// The files that are in use, to open more that are written.
    pub fn files(&mut self) -> &mut Files {
        &mut self.files
    }

    /// From here on the machine writes its files, and nobody opens more.
    pub(super) fn begin(&mut self) -> Result<(), FileError> {
        self.files = Files::default();
        let mut outputs = self.trace.iter_mut().chain(&mut self.signature);
        outputs.try_for_each(OutputFile::begin)
    }
}

fn board_of(config: &MachineConfig) -> Result<&'static dyn BoardModel, OptionError> {
    board::of(config.arch).ok_or(OptionError::Arch(config.arch))
}

fn open(disk: &DiskConfig, files: &mut Files) -> Result<Arc<FileBackend>, MachineError> {
    let failed = |cause| MachineError::disk(disk, cause);
    let contents = FileBackend::open(&disk.path, disk.read_only).map_err(failed)?;
    let noted = files.read(named(disk), contents.file());
    noted.map_err(|source| {
        failed(BlockError::Open {
            path: disk.path.clone(),
            source,
        })
    })?;
    Ok(Arc::new(contents))
}

fn named(disk: &DiskConfig) -> String {
    format!("{} {}", Setting::Disk, disk.path.display())
}

/// The device tree that the guest gets, but for its random seed. The disks, which
/// another machine may be using, are not opened, but told to `files`.
///
/// # Errors
/// [`MachineError`] if the guest's files cannot be read or do not fit.
pub fn device_tree(config: &MachineConfig, files: &mut Files) -> Result<Vec<u8>, MachineError> {
    let plan = BootPlan::read(config, board_of(config)?, files)?;
    for disk in &config.disks {
        files.mention(named(disk), &disk.path);
    }
    Ok(plan.device_tree()?)
}
