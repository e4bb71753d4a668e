//! What the repository knows: commits, their order, and what their messages declare.

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// The trailer that declares a regression: a workload's name, then why.
pub const TRAILER: &str = "Perf-regression";

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full name.
    pub id: String,
    /// When it was made, in ISO 8601.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
}

impl Commit {
    /// A name short enough for tables.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }

    /// The commit that a revision means.
    ///
    /// # Errors
    /// If there is none.
    pub fn resolve(revision: &str) -> Result<Self> {
        let line = git(&["log", "-1", "--format=%H%x00%cI%x00%s", revision, "--"])
            .with_context(|| format!("`{revision}` is no commit of this repository"))?;
        let mut fields = line.trim_end().split('\0').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Ok(Self {
            id: next(),
            date: next(),
            subject: next(),
        })
    }
}

/// Whether tracked files differ from the newest commit.
///
/// # Errors
/// If git cannot be run.
pub fn is_modified() -> Result<bool> {
    Ok(!git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty())
}

/// What a commit is compared with, and why that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The commit.
    pub commit: Commit,
    /// How it was chosen.
    pub reason: String,
}

/// Where `head` left the main line: the merge base with `origin/main`, or with `main`
/// where there is no remote. For a commit of the main line itself, that is the one
/// before it. `None` if its history is not here, as in a shallow clone.
///
/// # Errors
/// If git cannot be run.
pub fn base(head: &Commit) -> Result<Option<Base>> {
    for main in ["origin/main", "main"] {
        let Ok(found) = git(&["merge-base", main, &head.id]) else {
            continue;
        };
        if found.trim() != head.id {
            return Ok(Some(Base {
                commit: Commit::resolve(found.trim())?,
                reason: format!("the merge base with {main}"),
            }));
        }
    }
    let parent = Commit::resolve(&format!("{}^", head.id)).ok();
    Ok(parent.map(|commit| Base {
        commit,
        reason: "the commit before".to_owned(),
    }))
}

/// Whether anything differs between two commits that `baseline` is made of.
///
/// # Errors
/// If git cannot be run.
pub fn changes_code(a: &Commit, b: &Commit) -> Result<bool> {
    let paths = ["crates", "Cargo.toml", "Cargo.lock", ".cargo"];
    let mut arguments = vec!["diff", "--name-only", &a.id, &b.id, "--"];
    arguments.extend(paths);
    Ok(!git(&arguments)?.is_empty())
}

/// The regressions that the commits after `base` up to `head` declare: workload and
/// reason.
///
/// # Errors
/// If git cannot be run.
pub fn declarations(base: &Commit, head: &Commit) -> Result<Vec<(String, String)>> {
    let range = format!("{}..{}", base.id, head.id);
    let format = format!("--format=%(trailers:key={TRAILER},valueonly,unfold)");
    Ok(parse_declarations(&git(&["log", &format, &range])?))
}

fn parse_declarations(text: &str) -> Vec<(String, String)> {
    let declaration = |line: &str| {
        let (name, reason) = line.trim().split_once(char::is_whitespace)?;
        let reason = reason.trim();
        (!reason.is_empty()).then(|| (name.to_owned(), reason.to_owned()))
    };
    text.lines().filter_map(declaration).collect()
}

fn git(arguments: &[&str]) -> Result<String> {
    let mut git = process::command("git");
    process::output(git.current_dir(workspace::root()).args(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_needs_a_reason() {
        let text = "tlb  checks one more bit\n\nemit\njit-awk because\n";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            parse_declarations(text),
            [
                pair("tlb", "checks one more bit"),
                pair("jit-awk", "because")
            ]
        );
    }

    #[test]
    fn no_commit_is_a_commit() {
        let error = Commit::resolve("no-such-branch").unwrap_err();
        assert!(error.to_string().contains("no-such-branch"));
    }
}
