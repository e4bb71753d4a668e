//! What the program can have to say when it gives up.

use std::{io, sync::Arc, time::Duration};

use vm_image::ImageError;
use vm_machine::{
    MachineError,
    config::{ConfigFileError, OptionError},
    files::FileError,
};

/// Why the program gives up. The message names the option or device, the
/// value, the cause, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A setting is wrong.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigFileError),
    /// The machine cannot be made or run.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The guest's image cannot be found or made.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A file cannot be written, or must not be.
    #[error(transparent)]
    File(#[from] FileError),
    /// The host refused something that no option names.
    #[error("cannot {action}: {cause}")]
    Host {
        /// What was tried.
        action: &'static str,
        /// What the host said.
        cause: io::Error,
    },
    /// There is no such image to remove.
    #[error("there is no image `{name}` for {arch}; `trine image list` shows what there is")]
    NoSuchImage {
        /// The image.
        name: String,
        /// The architecture.
        arch: vm_core::GuestArch,
    },
}

impl CliError {
    /// For use with `map_err`: the host refused `action`.
    pub fn host(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Host { action, cause }
    }
}

/// Why a part of what the guest printed is lost.
#[derive(Debug, thiserror::Error)]
pub enum OutputLost {
    /// It cannot be written.
    #[error("{place}: {cause}; what the guest printed from then on is lost")]
    Failed {
        /// Where it was to go.
        place: String,
        /// What the host said.
        cause: Arc<io::Error>,
    },
    /// Nobody reads it.
    #[error("{place}: nobody reads it; after {} s the end of what the guest printed was given up", .patience.as_secs())]
    Stalled {
        /// Where it was to go.
        place: String,
        /// How long somebody was waited for.
        patience: Duration,
    },
}
