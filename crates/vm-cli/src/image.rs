//! `trine image`.

use vm_image::{ImageRef, PullOptions, default_cache_dir};

use crate::{
    args::{ImageArgs, ImageCommand},
    error::CliError,
    lines,
    progress::Bar,
};

/// Runs the command.
///
/// # Errors
/// [`CliError`] if an image cannot be made or removed.
pub fn run(args: ImageArgs) -> Result<(), CliError> {
    match args.command {
        ImageCommand::Pull {
            image,
            arch,
            mirror,
            keyring,
        } => {
            let image = ImageRef::parse(&image)?;
            let mut options = PullOptions::new(arch, default_cache_dir()?);
            options.mirror = mirror;
            options.keyring = keyring;
            let pulled = vm_image::pull(&image, &options, &Bar::new())?;
            let release = &pulled.manifest.kernel_release;
            lines::out(format_args!(
                "{image} for {arch}: kernel {release}, ready to run"
            ))
        }
        ImageCommand::List => list(),
        ImageCommand::Rm { image, arch } => {
            let name = ImageRef::parse(&image)?;
            if vm_image::remove(&default_cache_dir()?, &name, arch)? {
                Ok(())
            } else {
                Err(CliError::NoSuchImage { name: image, arch })
            }
        }
    }
}

fn list() -> Result<(), CliError> {
    let images = vm_image::list(&default_cache_dir()?);
    if images.is_empty() {
        lines::err("no images; `trine image pull` downloads one");
        return Ok(());
    }
    lines::out(format_args!(
        "{:<12} {:<8} {:>6}  KERNEL",
        "IMAGE", "ARCH", "MIB"
    ))?;
    for image in images {
        let manifest = &image.manifest;
        let size = (manifest.kernel.size + manifest.initrd.size) >> 20;
        lines::out(format_args!(
            "{:<12} {:<8} {size:>6}  {}",
            manifest.image,
            manifest.arch.name(),
            manifest.kernel_release
        ))?;
    }
    Ok(())
}
