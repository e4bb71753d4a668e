//! Debian's C compilers for the architectures of guests.

use anyhow::{Result, ensure};
use vm_core::GuestArch;

use crate::process;

/// The C compiler that makes Linux programs for `arch`; it is installed if it is
/// missing and this is root on a Debian system.
///
/// # Errors
/// If it is missing and cannot be installed.
pub fn c_compiler(arch: GuestArch) -> Result<&'static str> {
    let (program, packages) = names(arch);
    if process::find(program).is_none() {
        install(program, packages)?;
    }
    Ok(program)
}

fn names(arch: GuestArch) -> (&'static str, &'static [&'static str]) {
    match arch {
        GuestArch::Riscv64 => (
            "riscv64-linux-gnu-gcc",
            &["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"],
        ),
        GuestArch::Aarch64 => (
            "aarch64-linux-gnu-gcc",
            &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
        ),
        GuestArch::X86_64 => ("x86_64-linux-gnu-gcc", &["gcc", "libc6-dev"]),
    }
}

fn install(program: &str, packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(", "));
    let mut apt = process::command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt.args(["-qq", "--yes", "--no-install-recommends", "install"]);
    let installed = process::output(apt.args(packages));
    ensure!(
        installed.is_ok() && process::find(program).is_some(),
        "{program} is not installed and apt-get could not install it; \
         Debian's packages {} have it",
        packages.join(" and ")
    );
    Ok(())
}
