//! A file that is written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use super::FileError;
use crate::config::Setting;

/// A file that will be written. Until [`begin`](Self::begin) it is as it was; if it
/// did not exist and nothing has begun, it vanishes with this value.
#[derive(Debug)]
pub struct OutputFile {
    setting: Setting,
    path: PathBuf,
    file: File,
    /// Whether this value has made it and nothing has begun.
    is_new: bool,
}

impl OutputFile {
    pub(super) fn open(setting: Setting, path: &Path) -> Result<Self, FileError> {
        let open = |create| {
            let mut options = OpenOptions::new();
            options
                .write(true)
                .create(create)
                .truncate(false)
                .open(path)
        };
        let opened = match open(false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                open(true).map(|file| (file, true))
            }
            opened => opened.map(|file| (file, false)),
        };
        match opened {
            Ok((file, is_new)) => Ok(Self {
                setting,
                path: path.to_owned(),
                file,
                is_new,
            }),
            Err(cause) => Err(FileError::Write {
                setting,
                path: path.to_owned(),
                cause,
            }),
        }
    }

    /// The name by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The file, to be written from the beginning after [`begin`](Self::begin).
    ///
    /// # Errors
    /// [`FileError`] if the host has no descriptor left.
    pub fn writer(&self) -> Result<File, FileError> {
        self.file.try_clone().map_err(|cause| self.failed(cause))
    }

    /// Drops what is in the file: all of it is written anew.
    ///
    /// # Errors
    /// [`FileError`] if the host refuses.
    pub fn begin(&mut self) -> Result<(), FileError> {
        self.is_new = false;
        self.empty().map_err(|cause| self.failed(cause))
    }

    /// Replaces what is in the file.
    ///
    /// # Errors
    /// [`FileError`] if the host refuses.
    pub fn replace(&mut self, contents: &[u8]) -> Result<(), FileError> {
        self.begin()?;
        let result = self.file.write_all(contents);
        result.map_err(|cause| self.failed(cause))
    }

    /// The error of writing it.
    pub fn failed(&self, cause: io::Error) -> FileError {
        FileError::Write {
            setting: self.setting,
            path: self.path.clone(),
            cause,
        }
    }

    fn empty(&mut self) -> io::Result<()> {
        // Pipes and devices have no contents, and no place to go back to.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
            self.file.rewind()?;
        }
        Ok(())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        // What the name leads to, if it is a link to a file that was not there.
        if self.is_new
            && self
                .file
                .metadata()
                .is_ok_and(|metadata| metadata.len() == 0)
            && let Ok(made) = fs::canonicalize(&self.path)
        {
            let _ = fs::remove_file(made);
        }
    }
}
