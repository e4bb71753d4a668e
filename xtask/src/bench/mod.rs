//! The benchmarks: the same programs in the same guest on Trine and on QEMU, and on
//! the host itself. `guests/bench/README.md` says what each program is for.

mod boot;
mod build;
mod elf;
pub(crate) mod host;
mod initramfs;
mod large;
mod machine;
mod output;
mod packages;
mod record;
pub(crate) mod report;
mod results;
mod runner;
mod session;
pub(crate) mod stats;
mod suite;

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use vm_core::GuestArch;
use vm_image::{Image, ImageRef, PullOptions, Silent, default_cache_dir};

use crate::tools::qemu;
use boot::Scenario;
use machine::{Emulator, Guest, Kind};
use results::Results;
use runner::{GuestState, Limits, Runner};
use suite::{Origin, Program};

/// What to measure, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Compare with QEMU.
    pub qemu: bool,
    /// Leave Trine out.
    pub without_trine: bool,
    /// Compare with the host.
    pub native: bool,
    /// Only these programs or classes; all if empty.
    pub only: Vec<String>,
    /// How often each thing is measured.
    pub repeat: u32,
    /// Longer or shorter measurements than the programs' own half second.
    pub scale: f64,
    /// For one program, or a guest's start.
    pub timeout: Duration,
    /// Where to write all of it as JSON.
    pub json: Option<PathBuf>,
    /// Another `trine` than this repository's.
    pub trine: Option<PathBuf>,
    /// More options for `trine run`.
    pub trine_options: Vec<String>,
    /// MiB of the guest's memory.
    pub memory: u32,
}

/// Names and classes of all programs, for those who ask.
pub fn list() -> String {
    let mut table = report::Table::new(&["program", "class"]);
    for program in suite::all() {
        table.row([program.name.to_owned(), program.class.name().to_owned()]);
    }
    table.render()
}

/// Compiles all programs for all architectures.
///
/// # Errors
/// If there is no compiler, or it fails.
pub fn build_all() -> Result<()> {
    for arch in GuestArch::ALL {
        let directory = build::programs(arch, &suite::all())?;
        println!("{arch}: {}", directory.display());
    }
    Ok(())
}

/// Measures the programs and prints a table.
///
/// # Errors
/// If something is missing, a program fails, or results differ between machines;
/// the table is printed all the same.
pub fn programs(options: &Options) -> Result<()> {
    let programs = chosen(&options.only)?;
    let image = pull()?;
    let emulators = emulators(options)?;
    let mut runners = Vec::new();
    if !emulators.is_empty() {
        let built = build::programs(GuestArch::Riscv64, &programs)?;
        let guest = Guest {
            initrd: initramfs::of_suite(&image, &programs, &built)?,
            // A guest that panics ends, so that nobody waits for it.
            cmdline: format!(
                "{} quiet panic=-1 rdinit={}",
                image.cmdline,
                initramfs::INIT
            ),
            kernel: image.kernel.clone(),
            memory: options.memory,
        };
        runners.extend(emulators.iter().map(|emulator| Runner::Emulated {
            emulator: emulator.clone(),
            guest: guest.clone(),
            state: GuestState::Down,
        }));
    }
    if options.native {
        runners.push(native(&programs)?);
    }
    ensure!(
        !runners.is_empty(),
        "there is nothing to run the programs on"
    );
    let results = measure(&programs, &mut runners, options);
    let machines: Vec<Kind> = runners.iter().map(Runner::kind).collect();
    print!("{}", report::suite(&results, &machines));
    if let Some(json) = &options.json {
        let record = record::Record::new(options, &emulators, &image)?;
        record.with_programs(&results, &machines).write(json)?;
    }
    explain(&results)
}

/// Measures the guest's start and prints a table.
///
/// # Errors
/// If something is missing or a guest does not start.
pub fn boots(options: &Options) -> Result<()> {
    let image = pull()?;
    let emulators = emulators(options)?;
    let scenarios = scenarios(&image, options.memory)?;
    let measured = boot::measure(&emulators, &scenarios, options.repeat, options.timeout)?;
    print!("{}", report::boots(&measured));
    if let Some(json) = &options.json {
        let record = record::Record::new(options, &emulators, &image)?;
        record.with_boots(&measured).write(json)?;
    }
    Ok(())
}

fn chosen(only: &[String]) -> Result<Vec<Program>> {
    let all = suite::all();
    let named =
        |program: &Program, name: &str| program.name == name || program.class.name() == name;
    if let Some(unknown) = only
        .iter()
        .find(|name| !all.iter().any(|program| named(program, name)))
    {
        bail!("there is no program or class `{unknown}`; --list shows them");
    }
    let is_chosen =
        |program: &Program| only.is_empty() || only.iter().any(|name| named(program, name));
    Ok(all.into_iter().filter(is_chosen).collect())
}

/// Makes sure that the default guest is there.
fn pull() -> Result<Image> {
    let options = PullOptions::new(GuestArch::Riscv64, default_cache_dir()?);
    Ok(vm_image::ensure(
        &ImageRef::default_image(),
        &options,
        &Silent,
    )?)
}

fn emulators(options: &Options) -> Result<Vec<Emulator>> {
    let mut emulators = Vec::new();
    if !options.without_trine {
        emulators.push(Emulator::Trine {
            program: match &options.trine {
                Some(program) => program.clone(),
                None => machine::build_trine()?,
            },
            options: options.trine_options.clone(),
        });
    }
    if options.qemu {
        emulators.push(Emulator::Qemu(qemu::system_riscv64()?));
    }
    for emulator in &emulators {
        println!("{}: {}", emulator.kind().name(), emulator.version()?);
    }
    Ok(emulators)
}

fn native(programs: &[Program]) -> Result<Runner> {
    let host = match std::env::consts::ARCH {
        "x86_64" => GuestArch::X86_64,
        other => bail!("--native has no packages for a host that is {other}"),
    };
    let any = programs
        .iter()
        .any(|program| matches!(program.origin, Origin::Package(_)));
    Ok(Runner::Native {
        programs: build::programs(host, programs)?,
        data: initramfs::data_directory()?,
        packages: any.then(|| packages::unpack("amd64")).transpose()?,
    })
}

/// By turns, so that what else the host does is shared fairly.
fn measure(programs: &[Program], runners: &mut [Runner], options: &Options) -> Results {
    let limits = Limits {
        scale: options.scale,
        timeout: options.timeout,
    };
    let mut results = Results::new(programs);
    for turn in 1..=options.repeat {
        for program in programs {
            progress(&format!("{turn}/{} {}", options.repeat, program.name));
            for runner in &mut *runners {
                let kind = runner.kind();
                if results.has_failed(program, kind) {
                    continue;
                }
                match runner.measure(program, limits) {
                    Ok(sample) => results.add(program, kind, sample),
                    Err(error) => results.fail(program, kind, format!("{error:#}")),
                }
            }
        }
    }
    progress("");
    results
}

/// Shows what is being done, in place of what was shown before.
fn progress(text: &str) {
    let mut out = std::io::stderr();
    if !out.is_terminal() {
        return;
    }
    // Nothing depends on it.
    let _ = write!(out, "\r{text:<40}\r").and_then(|()| out.flush());
}

fn explain(results: &Results) -> Result<()> {
    for failure in &results.failures {
        let machine = failure.machine.name();
        eprintln!("{} on {machine}: {}", failure.program, failure.problem);
    }
    let count = results.failures.len();
    ensure!(count == 0, "{count} programs failed, as described above");
    Ok(())
}

fn scenarios(image: &Image, memory: u32) -> Result<[Scenario; 2]> {
    let guest = |initrd: &Path, more: &str| Guest {
        kernel: image.kernel.clone(),
        initrd: initrd.to_owned(),
        cmdline: format!("{} {more}", image.cmdline),
        memory,
    };
    let early = initramfs::of_boot(image).context("cannot write the initramfs")?;
    let command = vm_image::command_argument("echo bench: userspace");
    Ok([
        Scenario {
            name: "first line of userspace",
            guest: guest(&early, &format!("rdinit={}", initramfs::BOOT)),
        },
        Scenario {
            name: "default guest's first command",
            guest: guest(&image.initrd, &command),
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_chosen_by_name_and_class() {
        let names = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
            let programs = chosen(&only).unwrap();
            programs.iter().map(|program| program.name).collect()
        };
        assert_eq!(names(&["large", "fib"]), ["fib", "large"]);
        assert!(names(&["float"]).contains(&"nbody"));
        assert_eq!(names(&[]).len(), suite::all().len());
        let error = chosen(&["fob".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("`fob`"), "{error}");
    }
}
