//! The guest code that everything is measured on: Debian's kernel and busybox.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use vm_loader::Elf;

/// Names of the files in a directory of guest code.
pub const KERNEL: &str = "kernel";
/// See [`KERNEL`].
pub const BUSYBOX: &str = "busybox";

/// Where a riscv64 kernel's own code is in its image, away from its start.
const KERNEL_TEXT: usize = 0x10_0000;

/// Code of a Debian system.
#[derive(Debug, Clone)]
pub struct GuestCode {
    /// The kernel, as an `Image` file.
    pub kernel: Vec<u8>,
    /// The statically linked busybox, as an ELF file.
    pub busybox: Vec<u8>,
}

impl GuestCode {
    /// Reads the files [`KERNEL`] and [`BUSYBOX`] of a directory.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn load(directory: &Path) -> Result<Self> {
        let read = |name| {
            let path = directory.join(name);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Self {
            kernel: read(KERNEL)?,
            busybox: read(BUSYBOX)?,
        })
    }

    /// The kernel's instructions, from somewhere in the middle of them.
    ///
    /// # Errors
    /// If the file is too short to be a kernel.
    pub fn kernel_text(&self) -> Result<&[u8]> {
        self.kernel
            .get(KERNEL_TEXT..)
            .context("the kernel is not an Image file")
    }

    /// Busybox's instructions, from its entry point on.
    ///
    /// # Errors
    /// If it is not an ELF file with code at its entry point.
    pub fn busybox_text(&self) -> Result<&[u8]> {
        let elf = Elf::parse(&self.busybox).context("busybox")?;
        let segments = elf.segments().context("busybox")?;
        let mut from_entry = segments.iter().filter_map(|segment| {
            let offset = elf.entry().checked_sub(segment.address)?;
            segment.bytes.get(usize::try_from(offset).ok()?..)
        });
        from_entry
            .find(|code| !code.is_empty())
            .context("busybox has no code at its entry point")
    }
}
