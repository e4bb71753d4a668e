//! The guest code that everything is measured on: Debian's kernel and busybox.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSegment as _};

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
        let file = object::File::parse(&*self.busybox).context("busybox is not an ELF file")?;
        let entry = file.entry();
        file.segments()
            .filter(|segment| {
                (segment.address()..segment.address() + segment.size()).contains(&entry)
            })
            .find_map(|segment| {
                segment
                    .data()
                    .ok()?
                    .get((entry - segment.address()) as usize..)
            })
            .context("busybox has no code at its entry point")
    }
}
