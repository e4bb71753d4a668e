//! The files that a user names: what is written must be none of the others, and
//! stays as it was until everything has been opened and checked.

mod output;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use same_file::Handle;
use vm_core::file::is_block_device;

use crate::config::Setting;
pub use output::OutputFile;

/// A file that cannot be written, or must not be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The host does not let it be written.
    #[error("{setting} {}: cannot write the file: {cause}", .path.display())]
    Write {
        /// The setting that named it.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// What the host said.
        cause: io::Error,
    },
    /// It is read too.
    #[error(
        "{setting} {} would overwrite {other}, which is the same file: name another one",
        .path.display()
    )]
    Overwrites {
        /// The setting that is to write it.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// The one who reads it.
        other: String,
    },
    /// Something else is written there too.
    #[error(
        "{setting} {} and {other} are the same file: name one for each",
        .path.display()
    )]
    Shared {
        /// The setting that is to write it.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// The other one who writes it.
        other: String,
    },
}

const STDIN: &str = "standard input";

/// What a file is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Written,
}

/// Open files, and who has named them.
#[derive(Debug, Default)]
pub struct Files(Vec<(String, Use, Handle)>);

impl Files {
    /// `who`, such as `kernel vmlinux`, reads `file`.
    ///
    /// # Errors
    /// The host's, if it cannot tell which file that is.
    pub fn read(&mut self, who: String, file: &File) -> io::Result<()> {
        self.note(who, Use::Read, Handle::from_file(file.try_clone()?)?);
        Ok(())
    }

    /// `who` would read, or has open, the file at `path`, if there is one.
    pub fn mention(&mut self, who: String, path: &Path) {
        // Opening a pipe would wait for its other end.
        let is_plain = fs::metadata(path).is_ok_and(|metadata| keeps_contents(&metadata));
        if is_plain && let Ok(handle) = Handle::from_path(path) {
            self.note(who, Use::Read, handle);
        }
    }

    /// The program's standard input is read.
    pub fn read_stdin(&mut self) {
        // One that is closed is no file.
        if let Ok(handle) = Handle::stdin() {
            self.note(STDIN.to_owned(), Use::Read, handle);
        }
    }

    /// Whether somebody else reads the file that standard input is. Each would get
    /// all of it, or, from a pipe, what the other leaves.
    pub fn stdin_is_named(&self) -> bool {
        let Ok(stdin) = Handle::stdin() else {
            return false;
        };
        let mut same = self
            .0
            .iter()
            .filter(|(_, used, known)| *used == Use::Read && *known == stdin);
        same.any(|(who, ..)| who != STDIN)
    }

    /// The program's standard output is written.
    pub fn write_stdout(&mut self) {
        if let Ok(handle) = Handle::stdout() {
            self.note("standard output".to_owned(), Use::Written, handle);
        }
    }

    /// The program's standard error is written.
    pub fn write_stderr(&mut self) {
        if let Ok(handle) = Handle::stderr() {
            self.note("standard error".to_owned(), Use::Written, handle);
        }
    }

    /// Opens `path`, which `setting` names, to be written. It is not changed yet.
    ///
    /// # Errors
    /// [`FileError`] if the host does not let it be written, or if it is one of
    /// the files that have been opened before.
    pub fn write(&mut self, setting: Setting, path: &Path) -> Result<OutputFile, FileError> {
        let output = OutputFile::open(setting, path)?;
        let handle = output
            .file()
            .try_clone()
            .and_then(Handle::from_file)
            .map_err(|cause| output.failed(cause))?;
        let path = path.to_owned();
        if let Some((other, used, _)) = self.0.iter().find(|(.., known)| *known == handle) {
            let other = other.clone();
            return Err(match used {
                Use::Read => FileError::Overwrites {
                    setting,
                    path,
                    other,
                },
                Use::Written => FileError::Shared {
                    setting,
                    path,
                    other,
                },
            });
        }
        let who = format!("{setting} {}", path.display());
        self.note(who, Use::Written, handle);
        Ok(output)
    }

    fn note(&mut self, who: String, used: Use, handle: Handle) {
        // Any number may write to a terminal or a pipe, or read from one.
        let metadata = handle.as_file().metadata();
        if metadata.is_ok_and(|metadata| keeps_contents(&metadata)) {
            self.0.push((who, used, handle));
        }
    }
}

/// Whether what is written there can be read again, and again.
fn keeps_contents(metadata: &fs::Metadata) -> bool {
    metadata.is_file() || is_block_device(metadata)
}

#[cfg(test)]
mod tests;
