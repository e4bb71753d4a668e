//! The kernel package: the kernel itself, and its modules.

mod elf;
mod modules;
mod store;

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use crate::{
    ImageError, Progress,
    guest::GuestFiles,
    package::{self, CopyError},
};
pub use modules::ModuleSet;
use store::ModuleStore;

#[cfg(test)]
pub use elf::tests::module_with;

/// An unpacked kernel package.
#[derive(Debug)]
pub struct KernelPackage {
    /// The kernel's release, as `uname -r` prints it.
    pub release: String,
    /// The names of the modules that are part of the kernel itself, one path a line.
    pub builtin: String,
    store: ModuleStore,
}

impl KernelPackage {
    /// Unpacks the package at `package`: the kernel to the file `kernel`, its modules to
    /// a nameless file in the directory `scratch`.
    ///
    /// # Errors
    /// Those of the package, and [`ImageError::Missing`] if it holds no kernel.
    pub fn unpack(
        package: &Path,
        files: &GuestFiles,
        kernel: &Path,
        scratch: &Path,
        progress: &dyn Progress,
    ) -> Result<Self, ImageError> {
        let mut release = None;
        let mut builtin = String::new();
        let mut store = ModuleStore::new(scratch)?;
        package::visit_files(package, progress, &mut |mut file| {
            let read_error = |e| ImageError::malformed(package.display().to_string(), e);
            if let Some(suffix) = kernel_release(file.path, files.kernel_prefix) {
                write_kernel(file.contents, kernel)
                    .map_err(|e| e.explain(package.display().to_string(), kernel))?;
                release = Some(suffix.to_owned());
            } else if let Some((_, path)) = split_module_path(file.path) {
                if path == "modules.builtin" {
                    let data = file.read().map_err(read_error)?;
                    builtin = String::from_utf8_lossy(&data).into_owned();
                } else if path.starts_with("kernel/") {
                    let path = path.to_owned();
                    store.add(&path, file.contents)?;
                }
            }
            Ok(())
        })?;
        let Some(release) = release else {
            return Err(ImageError::Missing {
                what: format!("kernel boot/{}*", files.kernel_prefix),
                place: package.display().to_string(),
            });
        };
        Ok(Self {
            release,
            builtin,
            store,
        })
    }

    /// The modules of these names and all that they depend on.
    ///
    /// # Errors
    /// [`ImageError::Missing`] for a name that is neither a module nor built in.
    pub fn modules(&mut self, names: &[&str]) -> Result<ModuleSet, ImageError> {
        modules::collect(&mut self.store, &self.builtin, names)
    }
}

/// The part of the kernel's path that is its release.
fn kernel_release<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let release = path.strip_prefix("boot/")?.strip_prefix(prefix)?;
    (!release.is_empty() && !release.contains('/')).then_some(release)
}

/// Splits `[usr/]lib/modules/RELEASE/PATH` into release and path.
fn split_module_path(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix("usr/").unwrap_or(path);
    path.strip_prefix("lib/modules/")?.split_once('/')
}

fn write_kernel(contents: &mut dyn io::Read, path: &Path) -> Result<(), CopyError> {
    let file = File::create(path).map_err(CopyError::Write)?;
    let mut out = BufWriter::new(file);
    package::copy(contents, &mut out)?;
    let finish = out.flush().and_then(|()| out.get_ref().sync_all());
    finish.map_err(CopyError::Write)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contents that end in an error.
    struct Damaged;

    impl io::Read for Damaged {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad checksum"))
        }
    }

    #[test]
    fn who_is_to_blame_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kernel");
        let message = |contents: &mut dyn io::Read, path: &Path| {
            let error = write_kernel(contents, path).unwrap_err();
            error.explain("x.deb", path).to_string()
        };
        let damaged = message(&mut Damaged, &path);
        assert_eq!(damaged, "x.deb is malformed: bad checksum");
        let full = Path::new("/dev/full");
        if full.exists() {
            let full = message(&mut &[0; 100_000][..], full);
            assert!(full.starts_with("cannot write /dev/full: "), "{full}");
        }
    }

    #[test]
    fn paths_of_kernels_and_modules() {
        assert_eq!(
            kernel_release("boot/vmlinux-6.1-r", "vmlinux-"),
            Some("6.1-r")
        );
        assert_eq!(kernel_release("boot/vmlinux-", "vmlinux-"), None);
        assert_eq!(kernel_release("boot/vmlinux-6/x", "vmlinux-"), None);
        assert_eq!(kernel_release("usr/boot/vmlinux-6", "vmlinux-"), None);
        assert_eq!(
            split_module_path("usr/lib/modules/6/kernel/a.ko"),
            Some(("6", "kernel/a.ko"))
        );
        assert_eq!(
            split_module_path("lib/modules/6/modules.order"),
            Some(("6", "modules.order"))
        );
        assert_eq!(split_module_path("usr/share/doc"), None);
    }
}
