//! Building `baseline` from a commit, without touching the user's tree.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{directory, git::Commit};
use crate::{process, workspace};

/// The program that does the work.
const PROGRAM: &str = "baseline";
const PACKAGE: &str = "vm-bench";

/// The program as of a commit, built unless that has been done before.
///
/// All commits are built in one work tree and one build directory: dependencies are
/// compiled once, and paths that end up in programs do not tell them apart.
///
/// # Errors
/// If the commit does not build, or is older than the program.
pub fn program(commit: &Commit) -> Result<PathBuf> {
    let kept = directory().join("builds").join(&commit.id);
    let program = kept.join(PROGRAM);
    fs::create_dir_all(directory())?;
    let lock = File::create(directory().join("lock"))?;
    lock.lock()
        .context("cannot wait for another build to finish")?;
    if program.exists() {
        return Ok(program);
    }
    println!(
        "building {PROGRAM} of {} ({})",
        commit.short(),
        commit.subject
    );
    ensure!(
        has_program(commit)?,
        "{} has no crate {PACKAGE}: it is older than these measurements",
        commit.short()
    );
    let source = checkout(commit)?;
    let target = directory().join("target");
    let mut cargo = process::cargo();
    cargo.current_dir(&source).env("CARGO_TARGET_DIR", &target);
    cargo.args(["build", "--quiet", "--locked", "--release"]);
    cargo.args(["--package", PACKAGE, "--bin", PROGRAM]);
    cargo.arg("--no-default-features");
    process::run(&mut cargo).with_context(|| format!("cannot build {}", commit.short()))?;
    fs::create_dir_all(&kept)?;
    let partial = kept.join("partial");
    fs::copy(target.join("release").join(PROGRAM), &partial)?;
    fs::rename(partial, &program)?;
    Ok(program)
}

/// Whether a commit has the program.
///
/// # Errors
/// If git cannot be run.
pub fn has_program(commit: &Commit) -> Result<bool> {
    let mut git = process::command("git");
    git.current_dir(workspace::root());
    let manifest = format!("crates/{PACKAGE}/Cargo.toml");
    let listed = process::output(git.args(["ls-tree", "--name-only", &commit.id, &manifest]))?;
    Ok(!listed.is_empty())
}

/// A work tree with the files of a commit.
fn checkout(commit: &Commit) -> Result<PathBuf> {
    let source = directory().join("source");
    if source.join(".git").exists() {
        git(
            &source,
            &["checkout", "--quiet", "--force", "--detach", &commit.id],
        )?;
    } else {
        let path = source.to_string_lossy().into_owned();
        let root = workspace::root();
        git(root, &["worktree", "prune"])?;
        git(
            root,
            &[
                "worktree", "add", "--quiet", "--force", "--detach", &path, &commit.id,
            ],
        )?;
    }
    Ok(source)
}

fn git(directory: &Path, arguments: &[&str]) -> Result<()> {
    let mut git = process::command("git");
    process::output(git.current_dir(directory).args(arguments)).map(drop)
}
