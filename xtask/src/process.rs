//! Running programs.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// A program without standard input.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// The cargo that runs this program.
pub fn cargo() -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(crate::workspace::root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_about_this_program) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Whether a variable is one of those by which cargo tells the program that it runs which
/// package that is of. Cargo would take them for changes of what build scripts were told,
/// and run those again, and compile all that depends on them.
fn is_about_this_program(variable: &str) -> bool {
    let name = variable.strip_prefix("CARGO_").unwrap_or_default();
    name.starts_with("PKG_") || name.starts_with("MANIFEST_")
}

/// Runs a program to its end, its output shown.
///
/// # Errors
/// If it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    let status = command
        .status()
        .with_context(|| format!("cannot run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end; returns its standard output.
///
/// # Errors
/// If it cannot be started or fails; then its standard error is part of the message.
pub fn output(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let output = command
        .output()
        .with_context(|| format!("cannot run `{line}`"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed ({}):\n{}", output.status, errors.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The program's path if it is installed.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| is_executable(candidate))
}

/// Writes a script that can be run. One that is there already keeps its time.
///
/// # Errors
/// If the file or its directory cannot be written.
pub fn write_executable(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) && is_executable(path) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    run(command("chmod").arg("+x").arg(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn describe(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_captured_and_failure_explained() {
        assert_eq!(
            output(command("sh").args(["-c", "echo hi"])).unwrap(),
            "hi\n"
        );
        let error = output(command("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("exit 3") && error.contains("why"), "{error}");
        let error = run(&mut command("/nonexistent/program")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/program"));
    }

    #[test]
    fn scripts_run() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("bin/script");
        write_executable(&script, "#!/bin/sh\necho \"$@\"\n").unwrap();
        assert!(is_executable(&script));
        assert_eq!(output(command(script).arg("a b")).unwrap(), "a b\n");
    }

    #[test]
    fn cargo_is_not_told_which_program_runs_it() {
        // Cargo tells tests which package they are of, as it tells programs.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let cargo = cargo();
        let removed = |wanted: &str| {
            let mut variables = cargo.get_envs();
            variables.any(|(name, value)| name == wanted && value.is_none())
        };
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
        assert!(!removed("PATH") && !is_about_this_program("CARGO_HOME"));
    }

    #[test]
    fn finds_programs_on_the_path() {
        assert!(find("sh").is_some());
        assert!(find("no-such-program-anywhere").is_none());
    }
}
