//! Finding, installing and removing images.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use etcetera::base_strategy::{BaseStrategy as _, choose_native_strategy};
use vm_core::GuestArch;

use super::{CacheLock, Manifest, ManifestFile, RECIPE};
use crate::{ImageError, ImageRef, digest::Sha256, guest::GuestFiles};

/// The kernel's file name in an image's directory.
pub const KERNEL: &str = "kernel";
/// The initramfs's file name in an image's directory.
pub const INITRD: &str = "initrd";
const MANIFEST: &str = "manifest.json";
const STAGING_PREFIX: &str = ".staging-";

/// An image that is ready to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The kernel: an `Image` file (riscv64, aarch64) or a bzImage (x86_64).
    pub kernel: PathBuf,
    /// The initramfs.
    pub initrd: PathBuf,
    /// The kernel command line that suits it.
    pub cmdline: String,
    /// What it is made of.
    pub manifest: Manifest,
}

impl Image {
    /// Opens the image in that directory, whose files must be there in full length.
    fn open(dir: &Path) -> Result<Self, ImageError> {
        let manifest = Manifest::read(&dir.join(MANIFEST))?;
        let image = Self {
            kernel: dir.join(KERNEL),
            initrd: dir.join(INITRD),
            cmdline: GuestFiles::of(manifest.arch).cmdline(),
            manifest,
        };
        for (path, file) in image.files() {
            let size = fs::metadata(path)
                .map_err(|e| ImageError::io("read", path, e))?
                .len();
            if size != file.size {
                let cause = format!("it has {size} bytes instead of {}", file.size);
                return Err(ImageError::malformed(path.display().to_string(), cause));
            }
        }
        Ok(image)
    }

    /// Compares the files with the digests in the manifest, which takes a moment.
    ///
    /// # Errors
    /// [`ImageError::Malformed`] for a file that was changed.
    pub fn verify(&self) -> Result<(), ImageError> {
        for (path, file) in self.files() {
            let digest = Sha256::of_file(path)?.to_string();
            if digest != file.sha256() {
                let cause = format!("its SHA-256 is {digest} instead of {}", file.sha256());
                return Err(ImageError::malformed(path.display().to_string(), cause));
            }
        }
        Ok(())
    }

    /// Whether this program would make the image in another way today. It still works.
    pub fn is_outdated(&self) -> bool {
        self.manifest.recipe != RECIPE
    }

    fn files(&self) -> [(&Path, &ManifestFile); 2] {
        [
            (&self.kernel, &self.manifest.kernel),
            (&self.initrd, &self.manifest.initrd),
        ]
    }
}

/// The user's cache directory for this program: `$XDG_CACHE_HOME/trine` or
/// `~/.cache/trine`, and what corresponds to them on macOS and Windows.
///
/// # Errors
/// [`ImageError::NoCacheDir`] for a user who has no home.
pub fn default_cache_dir() -> Result<PathBuf, ImageError> {
    let strategy = choose_native_strategy().map_err(|_| ImageError::NoCacheDir)?;
    Ok(strategy.cache_dir().join("trine"))
}

/// The directory of all images of a cache.
pub fn images_dir(cache: &Path) -> PathBuf {
    cache.join("images")
}

fn image_dir(cache: &Path, image: &ImageRef, arch: GuestArch) -> PathBuf {
    images_dir(cache).join(format!("{}-{arch}", image.file_stem()))
}

/// The image, if the cache holds it undamaged. Needs no network.
pub fn cached(cache: &Path, image: &ImageRef, arch: GuestArch) -> Option<Image> {
    let dir = image_dir(cache, image, arch);
    if !dir.exists() {
        return None;
    }
    Image::open(&dir)
        .inspect_err(|e| tracing::warn!("the cached image {image} for {arch} is unusable: {e}"))
        .ok()
        .filter(|found| found.manifest.image == image.to_string() && found.manifest.arch == arch)
}

/// All undamaged images of a cache.
pub fn list(cache: &Path) -> Vec<Image> {
    ImageRef::all()
        .flat_map(|image| GuestArch::ALL.map(|arch| cached(cache, &image, arch)))
        .flatten()
        .collect()
}

/// Removes an image, damaged or not; `false` if there is none.
///
/// # Errors
/// [`ImageError::Io`].
pub fn remove(cache: &Path, image: &ImageRef, arch: GuestArch) -> Result<bool, ImageError> {
    let dir = image_dir(cache, image, arch);
    if !dir.exists() {
        return Ok(false);
    }
    let _lock = CacheLock::acquire(&images_dir(cache), || ())?;
    let staging = Staging::new(cache)?;
    staging.set_aside(&dir)?;
    Ok(true)
}

/// A directory in which an image is made. What is left of it vanishes with it, or, if
/// the process is killed, when the next one is made.
#[derive(Debug)]
pub struct Staging {
    dir: tempfile::TempDir,
}

impl Staging {
    /// Makes an empty directory. The caller holds the cache's lock.
    pub fn new(cache: &Path) -> Result<Self, ImageError> {
        let images = images_dir(cache);
        remove_leftovers(&images);
        let dir = tempfile::Builder::new()
            .prefix(STAGING_PREFIX)
            .tempdir_in(&images)
            .map_err(|e| ImageError::cache(&images, e))?;
        Ok(Self { dir })
    }

    /// The directory's path.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Moves the finished files and the manifest to where [`cached`] finds them.
    pub fn install(
        self,
        cache: &Path,
        image: &ImageRef,
        manifest: &Manifest,
    ) -> Result<Image, ImageError> {
        let finished = self.path().join("finished");
        fs::create_dir(&finished).map_err(|e| ImageError::io("create", &finished, e))?;
        for name in [KERNEL, INITRD] {
            let (from, to) = (self.path().join(name), finished.join(name));
            fs::rename(&from, &to).map_err(|e| ImageError::io("move", &from, e))?;
        }
        write_synced(&finished.join(MANIFEST), &manifest.to_json()?)?;
        let target = image_dir(cache, image, manifest.arch);
        if target.exists() {
            self.set_aside(&target)?;
        }
        fs::rename(&finished, &target).map_err(|e| ImageError::io("create", &target, e))?;
        Image::open(&target)
    }

    /// Moves a directory into this one, to vanish with it.
    fn set_aside(&self, dir: &Path) -> Result<(), ImageError> {
        fs::rename(dir, self.path().join("old")).map_err(|e| ImageError::io("remove", dir, e))
    }
}

fn write_synced(path: &Path, data: &[u8]) -> Result<(), ImageError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(data)?;
        file.sync_all()
    };
    write().map_err(|e| ImageError::io("write", path, e))
}

fn remove_leftovers(images: &Path) {
    for entry in fs::read_dir(images).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(STAGING_PREFIX)
            && let Err(e) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!("cannot remove {}: {e}", entry.path().display());
        }
    }
}
