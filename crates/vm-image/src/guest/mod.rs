//! What a guest of each architecture is made of, and how it is told what to do.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use vm_core::GuestArch;

/// The guest's first program.
pub const INIT: &str = include_str!("init.sh");

/// What the guest's shell reads at its start.
pub const PROFILE: &str = include_str!("profile.sh");

/// The modules of an image: the devices that the machines have, and the file systems
/// to use with them. What is built into a kernel counts as present.
pub const MODULES: &[&str] = &[
    "virtio_mmio",
    "virtio_pci",
    "virtio_blk",
    "virtio_console",
    "virtio_rng",
    "virtio_net",
    "vmw_vsock_virtio_transport",
    "9pnet_virtio",
    "9p",
    "ext4",
    // ext4 asks for this one by name, as the checksum of its metadata.
    "crc32c_generic",
    "overlay",
    "squashfs",
    "loop",
];

/// How Debian names what a guest of one architecture needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestFiles {
    /// Debian's name of the architecture.
    pub debian_arch: &'static str,
    /// How the names of kernel files begin.
    pub kernel_prefix: &'static str,
    /// The kernel command line's first console.
    pub console: &'static str,
}

impl GuestFiles {
    /// The names for an architecture.
    pub const fn of(arch: GuestArch) -> Self {
        match arch {
            GuestArch::Riscv64 => Self {
                debian_arch: "riscv64",
                kernel_prefix: "vmlinux-",
                console: "ttyS0",
            },
            GuestArch::Aarch64 => Self {
                debian_arch: "arm64",
                kernel_prefix: "vmlinuz-",
                console: "ttyAMA0",
            },
            GuestArch::X86_64 => Self {
                debian_arch: "amd64",
                kernel_prefix: "vmlinuz-",
                console: "ttyS0",
            },
        }
    }

    /// The metapackage that depends on the current kernel.
    pub fn kernel_metapackage(&self) -> String {
        format!("linux-image-{}", self.debian_arch)
    }

    /// The kernel command line of the default guest.
    ///
    /// The kernel's self-tests of its cryptography are left out: they check code that
    /// was checked when it was built, and take 800 of the 1260 million instructions
    /// that a riscv64 guest otherwise needs to its shell (measured with QEMU's
    /// `-icount`; options: Linux, Documentation/admin-guide/kernel-parameters.txt).
    pub fn cmdline(&self) -> String {
        format!(
            "console={} initcall_blacklist=jent_mod_init cryptomgr.notests",
            self.console
        )
    }
}

/// The kernel command line argument that makes an image run `command` with its shell,
/// print `trine: exit status N` and power off, instead of starting a shell.
///
/// A kernel cuts its command line off: at 1024 bytes on riscv64, 2048 on the others.
pub fn command_argument(command: &str) -> String {
    // The kernel reads the quotes, and knows no way to write one inside.
    if command
        .bytes()
        .all(|b| b != b'"' && (b == b' ' || b.is_ascii_graphic()))
    {
        format!("trine.cmd=\"{command}\"")
    } else {
        format!("trine.cmd64={}", BASE64_STANDARD.encode(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_debians() {
        let names = GuestArch::ALL.map(|arch| GuestFiles::of(arch).kernel_metapackage());
        assert_eq!(
            names,
            [
                "linux-image-riscv64",
                "linux-image-arm64",
                "linux-image-amd64"
            ]
        );
        assert!(
            GuestFiles::of(GuestArch::Aarch64)
                .cmdline()
                .starts_with("console=ttyAMA0 ")
        );
    }

    #[test]
    fn commands_that_quotes_cannot_hold_are_encoded() {
        assert_eq!(
            command_argument("uname -a; ls"),
            "trine.cmd=\"uname -a; ls\""
        );
        assert_eq!(command_argument("echo \"a\""), "trine.cmd64=ZWNobyAiYSI=");
        assert_eq!(command_argument("a\nb"), "trine.cmd64=YQpi");
        assert_eq!(command_argument("é"), "trine.cmd64=w6k=");
    }
}
