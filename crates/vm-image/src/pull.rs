//! Making an image: from the release file to the finished files in the cache.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use vm_core::GuestArch;

use crate::{
    ImageError, ImageRef, Progress,
    archive::{Package, PackageIndex, Release},
    cache::{
        CacheLock, FORMAT, INITRD, Image, KERNEL, Manifest, ManifestFile, ManifestPackage, RECIPE,
        Staging, cached, images_dir,
    },
    guest::{GuestFiles, MODULES},
    initramfs::{self, Ingredients},
    kernel::KernelPackage,
    mirror::{MIRROR_VARIABLE, Mirror},
    openpgp::Keyring,
    package,
    transport::Transport,
};

/// Larger than any release file.
const MAX_RELEASE: u64 = 16 << 20;

/// Larger than any package index, unpacked.
const MAX_INDEX: u64 = 512 << 20;

/// The package with busybox, and the program in it, which lay in `/bin` before Debian 13.
const BUSYBOX_PACKAGE: &str = "busybox-static";
const BUSYBOX_PATHS: [&str; 2] = ["usr/bin/busybox", "bin/busybox"];

/// How to make an image.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PullOptions {
    /// The guest's architecture.
    pub arch: GuestArch,
    /// The root of the Debian archive, instead of the one named by the environment
    /// variable `TRINE_MIRROR` or by the host's configuration.
    pub mirror: Option<String>,
    /// The keyring that decides whose signatures count, instead of Debian's.
    pub keyring: Option<PathBuf>,
    /// The directory in which images are kept, see [`crate::default_cache_dir`].
    pub cache: PathBuf,
    /// The host's package configuration, normally `/etc/apt`.
    pub apt: PathBuf,
}

impl PullOptions {
    /// The options for an architecture, with mirror and keyring of the host.
    pub fn new(arch: GuestArch, cache: impl Into<PathBuf>) -> Self {
        Self {
            arch,
            mirror: None,
            keyring: None,
            cache: cache.into(),
            apt: "/etc/apt".into(),
        }
    }
}

/// The image from the cache, or a new one if there is none: what a start without a
/// kernel of its own needs.
///
/// # Errors
/// As [`pull`].
pub fn ensure(
    image: &ImageRef,
    options: &PullOptions,
    progress: &dyn Progress,
) -> Result<Image, ImageError> {
    if let Some(found) = cached(&options.cache, image, options.arch) {
        return Ok(found);
    }
    let _lock = lock(options, progress)?;
    // Another process may have made it while this one waited.
    match cached(&options.cache, image, options.arch) {
        Some(found) => Ok(found),
        None => pull_locked(image, options, progress),
    }
}

/// Makes the image from the archive's current packages, unless the cache holds one
/// that is made of exactly these.
///
/// # Errors
/// Every error names what failed, why, and what can be done about it; if no mirror is
/// known or none answers, [`ImageError::is_unreachable`] says so. An image that was in
/// the cache stays there.
pub fn pull(
    image: &ImageRef,
    options: &PullOptions,
    progress: &dyn Progress,
) -> Result<Image, ImageError> {
    let _lock = lock(options, progress)?;
    pull_locked(image, options, progress)
}

fn lock(options: &PullOptions, progress: &dyn Progress) -> Result<CacheLock, ImageError> {
    let mut waited = false;
    let lock = CacheLock::acquire(&images_dir(&options.cache), || {
        waited = true;
        progress.start("waiting for another pull", None);
    })?;
    if waited {
        progress.finish();
    }
    Ok(lock)
}

fn pull_locked(
    image: &ImageRef,
    options: &PullOptions,
    progress: &dyn Progress,
) -> Result<Image, ImageError> {
    let variable = std::env::var(MIRROR_VARIABLE).ok();
    let now = SystemTime::now();
    let puller = Puller {
        image,
        options,
        files: GuestFiles::of(options.arch),
        mirror: Mirror::choose(options.mirror.as_deref(), variable.as_deref(), &options.apt)?,
        keyring: Keyring::choose(options.keyring.as_deref(), now)?,
        transport: Transport::from_env(),
        progress,
        now,
    };
    puller.pull()
}

struct Puller<'a> {
    image: &'a ImageRef,
    options: &'a PullOptions,
    files: GuestFiles,
    mirror: Mirror,
    keyring: Keyring,
    transport: Transport,
    progress: &'a dyn Progress,
    now: SystemTime,
}

/// A release whose signature has been checked.
struct SignedRelease {
    release: Release,
    signers: Vec<String>,
}

impl Puller<'_> {
    fn pull(&self) -> Result<Image, ImageError> {
        let (signed, index) = self.fetch_archive()?;
        let kernel = index.resolve(&self.files.kernel_metapackage(), "linux-image-")?;
        let busybox = index.find(BUSYBOX_PACKAGE, None)?;
        drop(index);
        let packages = vec![
            ManifestPackage::new(&kernel),
            ManifestPackage::new(&busybox),
        ];
        if let Some(current) = self.current(&packages) {
            return Ok(current);
        }
        let staging = Staging::new(&self.options.cache)?;
        let manifest = self.make(staging.path(), &kernel, &busybox, signed, packages)?;
        staging.install(&self.options.cache, self.image, &manifest)
    }

    /// The cached image, if making it again would change nothing.
    fn current(&self, packages: &[ManifestPackage]) -> Option<Image> {
        cached(&self.options.cache, self.image, self.options.arch).filter(|found| {
            found.manifest.packages == packages && !found.is_outdated() && found.verify().is_ok()
        })
    }

    /// The release and its index, from the directory of the release's code name.
    /// While a mirror is being updated there, that of its suite may still be whole.
    fn fetch_archive(&self) -> Result<(SignedRelease, PackageIndex), ImageError> {
        let codename = self.image.codename();
        let signed = self.fetch_release(codename)?;
        let mismatch = match self.fetch_index(&signed.release, codename) {
            Ok(index) => return Ok((signed, index)),
            Err(error @ ImageError::Mismatch { .. }) => error,
            Err(error) => return Err(error),
        };
        let Some(suite) = signed.release.suite.filter(|suite| suite != codename) else {
            return Err(mismatch);
        };
        let again = self.fetch_release(&suite).and_then(|signed| {
            let index = self.fetch_index(&signed.release, &suite)?;
            Ok((signed, index))
        });
        again.map_err(|_| mismatch)
    }

    /// The release in a directory of the archive's.
    fn fetch_release(&self, dist: &str) -> Result<SignedRelease, ImageError> {
        let codename = self.image.codename();
        let url = self.mirror.url(&format!("dists/{dist}/InRelease"));
        self.progress.start("release file", None);
        let message = self.transport.fetch(&url, MAX_RELEASE)?;
        self.progress.advance(message.len() as u64);
        let verified = self.keyring.verify(&url, &message, self.now)?;
        self.progress.finish();
        let wrong = |cause: String| ImageError::Release {
            url: url.clone(),
            cause,
        };
        let release = Release::parse(&verified.text).map_err(wrong)?;
        if release.codename != codename {
            return Err(wrong(format!(
                "it is {} instead of {codename}",
                release.codename
            )));
        }
        if release.is_expired(self.now) {
            return Err(wrong(
                "it is past its date of expiry, so updates are missing".to_owned(),
            ));
        }
        Ok(SignedRelease {
            release,
            signers: verified.signers,
        })
    }

    fn fetch_index(&self, release: &Release, dist: &str) -> Result<PackageIndex, ImageError> {
        let dists = format!("dists/{dist}");
        let dir = format!("main/binary-{}", self.files.debian_arch);
        let name = format!("{dir}/Packages.xz");
        let place = self.mirror.url(&format!("{dists}/{name}"));
        let Some(expected) = release.file(&name) else {
            let place = self.mirror.url(&format!("{dists}/InRelease"));
            return Err(ImageError::Missing {
                what: format!("index {name}"),
                place,
            });
        };
        let by_hash = format!("{dists}/{dir}/by-hash/SHA256/{}", expected.sha256);
        let fetch = |url: &str| {
            let mut packed = Vec::new();
            self.progress.start("package index", Some(expected.size));
            self.transport
                .fetch_expected(url, &expected, &mut packed, self.progress)?;
            self.progress.finish();
            Ok(packed)
        };
        let packed = if release.by_hash {
            match fetch(&self.mirror.url(&by_hash)) {
                // Partial mirrors leave these names out.
                Err(ImageError::NotFound { .. }) => fetch(&place)?,
                other => other?,
            }
        } else {
            fetch(&place)?
        };
        let text = package::read_text(".xz", &packed, MAX_INDEX)
            .map_err(|e| ImageError::malformed(place.clone(), e))?;
        Ok(PackageIndex::new(text, place))
    }

    /// Downloads the packages and makes kernel and initramfs of them in `dir`.
    fn make(
        &self,
        dir: &Path,
        kernel: &Package,
        busybox: &Package,
        signed: SignedRelease,
        packages: Vec<ManifestPackage>,
    ) -> Result<Manifest, ImageError> {
        let kernel_deb = self.download(kernel, dir)?;
        let busybox_deb = self.download(busybox, dir)?;
        self.progress
            .start("unpacking the kernel", Some(kernel.expected.size));
        let mut unpacked = KernelPackage::unpack(
            &kernel_deb,
            &self.files,
            &dir.join(KERNEL),
            dir,
            self.progress,
        )?;
        self.progress.finish();
        self.progress.start("initramfs", None);
        let busybox = read_busybox(&busybox_deb)?;
        let modules = unpacked.modules(MODULES)?;
        let ingredients = Ingredients {
            busybox: &busybox,
            release: &unpacked.release,
            modules: &modules,
            builtin: &unpacked.builtin,
            description: &format!("{} for {}", self.image, self.options.arch),
        };
        write_initramfs(&ingredients, &dir.join(INITRD))?;
        self.progress.finish();
        Ok(Manifest {
            format: FORMAT,
            recipe: RECIPE,
            image: self.image.to_string(),
            arch: self.options.arch,
            version: signed.release.version,
            kernel_release: unpacked.release,
            kernel: ManifestFile::describe(&dir.join(KERNEL))?,
            initrd: ManifestFile::describe(&dir.join(INITRD))?,
            packages,
            signed_by: signed.signers,
        })
    }

    fn download(&self, package: &Package, dir: &Path) -> Result<PathBuf, ImageError> {
        let path = dir.join(format!("{}.deb", package.name));
        let url = self.mirror.url(&package.filename);
        let file = File::create_new(&path).map_err(|e| ImageError::io("create", &path, e))?;
        let mut file = BufWriter::new(file);
        self.progress
            .start(&package.name, Some(package.expected.size));
        self.transport
            .fetch_expected(&url, &package.expected, &mut file, self.progress)?;
        file.flush()
            .map_err(|e| ImageError::io("write", &path, e))?;
        self.progress.finish();
        Ok(path)
    }
}

fn read_busybox(deb: &Path) -> Result<Vec<u8>, ImageError> {
    let mut program = None;
    package::visit_files(deb, &crate::Silent, &mut |mut file| {
        if BUSYBOX_PATHS.contains(&file.path) {
            let data = file.read();
            program = Some(data.map_err(|e| ImageError::malformed(BUSYBOX_PACKAGE, e))?);
        }
        Ok(())
    })?;
    program.ok_or_else(|| ImageError::Missing {
        what: format!("file {}", BUSYBOX_PATHS[0]),
        place: format!("package {BUSYBOX_PACKAGE}"),
    })
}

fn write_initramfs(ingredients: &Ingredients<'_>, path: &Path) -> Result<(), ImageError> {
    let error = |e| ImageError::io("write", path, e);
    let mut out = BufWriter::new(File::create(path).map_err(error)?);
    initramfs::write(ingredients, &mut out)?;
    out.flush().map_err(error)?;
    out.get_ref().sync_all().map_err(error)
}

#[cfg(test)]
mod tests;
