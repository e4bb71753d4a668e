//! Disks that cannot be attached.

use std::{io, path::PathBuf};

use super::SERIAL_LEN;

/// Why a disk cannot be attached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// The host does not open the file.
    #[error(
        "cannot open disk image `{path}`: {source}; check its name and permissions, \
         or attach it read-only if it must not be written", path = path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the host said.
        source: io::Error,
    },
    /// A directory, a terminal and the like.
    #[error(
        "disk image `{path}` is neither a file nor a block device; name a raw image file",
        path = path.display()
    )]
    NotAnImage {
        /// The file.
        path: PathBuf,
    },
    /// The file has not even one sector.
    #[error(
        "disk image `{path}` is empty, and a disk has at least one sector of 512 bytes; \
         enlarge it, for instance with `truncate --size=1G`", path = path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else holds the file.
    #[error(
        "disk image `{path}` is in use, by another program or as another disk; \
         end that use first{hint}", path = path.display(),
        hint = if *read_only { "" } else { ", or attach the image read-only everywhere" }
    )]
    InUse {
        /// The file.
        path: PathBuf,
        /// Whether it was to be attached read-only.
        read_only: bool,
    },
    /// §5.2.6: serial numbers are short ASCII strings.
    #[error(
        "disk serial number `{serial}` is not valid: use at most {SERIAL_LEN} printable ASCII characters"
    )]
    Serial {
        /// The serial number.
        serial: String,
    },
    /// The host has no thread left.
    #[error("cannot start a disk's thread: {0}; the host's limit on threads may be reached")]
    Thread(#[source] io::Error),
}
