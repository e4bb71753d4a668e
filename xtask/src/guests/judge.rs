//! Running the programs on Spike: what fails there is wrong, whatever Trine says.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use super::Program;
use crate::process;

/// The extensions that Trine's harts have.
const EXTENSIONS: &str = "zba_zbb_zbc_zbs_zicbom_zicboz_zicond_zawrs_zacas_svinval_svnapot_\
                          svpbmt_svadu_sstc_zicntr";

/// Where Spike supports misaligned loads and stores (Zicclsm), it reports
/// misaligned atomics as access faults. Trine reports them as misaligned,
/// which the manual allows as well: these programs run without it.
const ALIGNED_ONLY: [&str; 2] = ["a", "zacas"];

/// A program that takes longer has lost its way.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs all programs on `spike`.
///
/// # Errors
/// If it cannot be run, or programs fail; their verdicts have been printed then.
pub fn judge(spike: &Path) -> Result<()> {
    let mut failed = Vec::new();
    for program in Program::all()? {
        match verdict(spike, &program)? {
            None => println!("{}: passed", program.name),
            Some(why) => {
                println!("{}: {why}", program.name);
                failed.push(program.name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!(
        "Spike says that these programs are wrong: {}",
        failed.join(", ")
    )
}

/// Why a program fails, `None` if it passes.
fn verdict(spike: &Path, program: &Program) -> Result<Option<String>> {
    let misaligned = if ALIGNED_ONLY.contains(&program.name.as_str()) {
        ""
    } else {
        "zicclsm_"
    };
    let mut command = process::command(spike);
    command.arg(format!("-p{}", program.harts()));
    command.arg("-m64");
    command.arg(format!("--isa=rv64gc_{misaligned}{EXTENSIONS}"));
    command.arg(program.elf());
    run(&mut command).with_context(|| format!("cannot run {}", spike.display()))
}

fn run(command: &mut Command) -> Result<Option<String>> {
    let begin = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            // Spike leaves with what the program stored, shifted by one.
            let failure = format!("failed ({status}; the line's low eight bits)");
            return Ok((!status.success()).then_some(failure));
        }
        if begin.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(Some("no verdict".to_owned()));
        }
        thread::sleep(Duration::from_millis(10));
    }
}
