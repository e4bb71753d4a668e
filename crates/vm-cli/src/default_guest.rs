//! What `trine run` runs when no kernel is named.

use tempfile::NamedTempFile;
use vm_core::GuestArch;
use vm_image::{ImageRef, PullOptions, default_cache_dir};
use vm_machine::config::{Bios, MachineOptions};

use crate::{error::CliError, fallback, lines, progress::Bar};

/// Settings that name a guest, and what must live as long as it runs.
pub struct ChosenGuest {
    /// The settings.
    pub options: MachineOptions,
    /// The file of the embedded guest, which vanishes with this value.
    _file: Option<NamedTempFile>,
}

/// Completes settings without a kernel by those of the default guest. Settings
/// that say something of a kernel, or are for a bare-metal program, stay as
/// they are.
///
/// # Errors
/// [`CliError`] if no machine can have the settings, or if the image cannot be
/// made for a reason other than that no mirror can be reached.
pub fn choose(options: MachineOptions) -> Result<ChosenGuest, CliError> {
    let bare_metal = options.bios == Some(Bios::None);
    if options.kernel.is_some() || options.initrd.is_some() || bare_metal {
        return Ok(ChosenGuest {
            options,
            _file: None,
        });
    }
    // A mistake shows before anything is downloaded.
    options.clone().build()?;
    let arch = options.arch.unwrap_or(GuestArch::Riscv64);
    let name = ImageRef::default_image();
    let pull = PullOptions::new(arch, default_cache_dir()?);
    match vm_image::ensure(&name, &pull, &Bar::new()) {
        Ok(image) => {
            let append = join(&image.cmdline, options.append.as_deref());
            let options = options.kernel(image.kernel).initrd(image.initrd);
            let options = options.append(append);
            Ok(ChosenGuest {
                options,
                _file: None,
            })
        }
        Err(error) if error.is_unreachable() => {
            lines::err(format_args!(
                "trine: the default guest {name} is not on this host: {error}"
            ));
            lines::err("trine: running the small guest that is part of this program instead");
            let (options, file) = fallback::guest(options, arch)?;
            Ok(ChosenGuest {
                options,
                _file: Some(file),
            })
        }
        Err(error) => Err(error.into()),
    }
}

fn join(own: &str, added: Option<&str>) -> String {
    match added {
        Some(added) => format!("{own} {added}"),
        None => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use vm_machine::config::Kernel;

    use super::*;

    #[test]
    fn a_named_guest_is_left_alone() {
        for options in [
            MachineOptions::default().kernel("k"),
            MachineOptions::default().initrd("i"),
            MachineOptions::default().bios(Bios::None),
            MachineOptions {
                kernel: Some(Kernel::None),
                ..MachineOptions::default()
            },
        ] {
            assert_eq!(choose(options.clone()).unwrap().options, options);
        }
    }

    #[test]
    fn what_the_user_adds_comes_last() {
        assert_eq!(join("console=ttyS0", Some("quiet")), "console=ttyS0 quiet");
        assert_eq!(join("console=ttyS0", None), "console=ttyS0");
    }
}
