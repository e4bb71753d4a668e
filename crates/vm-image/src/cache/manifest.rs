//! What an image in the cache is made of.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use vm_core::GuestArch;

use crate::{ImageError, digest::Sha256};

/// The version of the manifest's layout.
pub const FORMAT: u32 = 1;

/// The version of what [`crate::pull`] makes of the packages. It grows when images
/// made before are worth making again.
pub const RECIPE: u32 = 1;

/// What an image in the cache is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this layout.
    pub format: u32,
    /// The version of the way the image was made.
    pub recipe: u32,
    /// The image's name.
    pub image: String,
    /// The architecture of its programs.
    pub arch: GuestArch,
    /// The distribution's point release.
    pub version: Option<String>,
    /// The kernel's release, as `uname -r` prints it.
    pub kernel_release: String,
    /// The file `kernel`.
    pub kernel: ManifestFile,
    /// The file `initrd`.
    pub initrd: ManifestFile,
    /// The packages it is made of.
    pub packages: Vec<ManifestPackage>,
    /// The keys that signed the release.
    pub signed_by: Vec<String>,
}

/// A file of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its length in bytes.
    pub size: u64,
    sha256: Sha256,
}

/// A package that went into an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    sha256: Sha256,
}

impl Manifest {
    /// Reads a manifest; the error says what is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Self, ImageError> {
        let text = fs::read(path).map_err(|e| ImageError::io("read", path, e))?;
        let malformed = |cause: String| ImageError::malformed(path.display().to_string(), cause);
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| malformed(e.to_string()))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            format => Err(malformed(format!("its format {format} is not {FORMAT}"))),
        }
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, ImageError> {
        serde_json::to_vec_pretty(self).map_err(|e| ImageError::malformed("the manifest", e))
    }
}

impl ManifestFile {
    /// Describes a file that exists.
    pub(crate) fn describe(path: &Path) -> Result<Self, ImageError> {
        let size = fs::metadata(path)
            .map_err(|e| ImageError::io("read", path, e))?
            .len();
        Ok(Self {
            size,
            sha256: Sha256::of_file(path)?,
        })
    }

    /// The SHA-256 digest of its contents, in hexadecimal.
    pub fn sha256(&self) -> String {
        self.sha256.to_string()
    }
}

impl ManifestPackage {
    pub(crate) fn new(package: &crate::archive::Package) -> Self {
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            sha256: package.expected.sha256,
        }
    }

    /// The SHA-256 digest of the package's file, in hexadecimal.
    pub fn sha256(&self) -> String {
        self.sha256.to_string()
    }
}
