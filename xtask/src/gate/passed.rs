//! What has passed: the gate remembers it, so that nobody waits for it twice.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// All that the gate's verdict depends on, as the lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The name that git gives, or would give, the tree of the repository's files.
    pub tree: String,
    /// Whether that is the newest commit's tree. Some checks are of commits: what has
    /// passed before it was committed has not passed those.
    pub committed: bool,
    /// The compiler.
    compiler: String,
}

impl State {
    /// The state of the repository now.
    ///
    /// # Errors
    /// If git or the compiler cannot be run.
    pub fn now() -> Result<Self> {
        let tree = tree(workspace::root())?;
        Ok(Self {
            committed: tree == head(workspace::root())?,
            tree,
            compiler: process::output(process::command("rustc").arg("--version"))?,
        })
    }

    /// Whether this is what has passed last.
    pub fn has_passed(&self) -> bool {
        fs::read_to_string(file()).is_ok_and(|text| text == self.text())
    }

    /// Remembers that this has passed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn remember(&self) -> Result<()> {
        let file = file();
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&file, self.text()).with_context(|| format!("cannot write {}", file.display()))
    }

    fn text(&self) -> String {
        let commit = if self.committed {
            "committed"
        } else {
            "not committed"
        };
        format!("{}\n{commit}\n{}", self.tree, self.compiler)
    }
}

/// Forgets what has passed: while the gate runs, nothing has.
///
/// # Errors
/// If the file is there and cannot be removed.
pub fn forget() -> Result<()> {
    match fs::remove_file(file()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn file() -> PathBuf {
    workspace::target().join("ci/passed")
}

/// The tree of all files that are not ignored, as they are. The repository's own index
/// and objects stay as they are, too.
fn tree(repository: &Path) -> Result<String> {
    let scratch = tempfile::tempdir()?;
    let git_path = |name: &str| -> Result<PathBuf> {
        let path = git(repository, None, &["rev-parse", "--git-path", name])?;
        Ok(repository.join(path))
    };
    let (index, objects) = (git_path("index")?, git_path("objects")?);
    if index.exists() {
        // What it knows of files' times spares git reading them, but for those that may
        // have changed right after: by its own time git knows which.
        let copy = scratch.path().join("index");
        fs::copy(&index, &copy)?;
        File::options()
            .append(true)
            .open(copy)?
            .set_modified(index.metadata()?.modified()?)?;
    }
    fs::create_dir(scratch.path().join("objects"))?;
    let scratch = Some((scratch.path(), objects.as_path()));
    git(repository, scratch, &["add", "--all", "."])?;
    git(repository, scratch, &["write-tree"])
}

/// The newest commit's tree, or nothing if there is no commit.
fn head(repository: &Path) -> Result<String> {
    let arguments = ["rev-parse", "--quiet", "--verify", "HEAD^{tree}"];
    Ok(git(repository, None, &arguments).unwrap_or_default())
}

/// Runs git, perhaps with an index and new objects in a scratch directory beside the
/// repository's own `objects`.
fn git(repository: &Path, scratch: Option<(&Path, &Path)>, arguments: &[&str]) -> Result<String> {
    let mut git = process::command("git");
    git.current_dir(repository).args(arguments);
    if let Some((scratch, objects)) = scratch {
        git.env("GIT_INDEX_FILE", scratch.join("index"));
        git.env("GIT_OBJECT_DIRECTORY", scratch.join("objects"));
        git.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects);
    }
    Ok(process::output(&mut git)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with one commit of one file.
    fn repository() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::write(path.join("a"), "one\n").unwrap();
        fs::write(path.join(".gitignore"), "/target\n").unwrap();
        git(path, None, &["init", "--quiet"]).unwrap();
        git(path, None, &["add", "."]).unwrap();
        commit(path);
        directory
    }

    fn commit(repository: &Path) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let arguments = ["commit", "--quiet", "--message=a", "--no-gpg-sign"];
        git(repository, None, &[&who[..], &arguments[..]].concat()).unwrap();
    }

    #[test]
    fn the_tree_is_that_of_the_files_whatever_is_committed() {
        let directory = repository();
        let path = directory.path();
        let first = head(path).unwrap();
        assert_eq!(tree(path).unwrap(), first);
        fs::write(path.join("a"), "two\n").unwrap();
        let changed = tree(path).unwrap();
        assert_ne!(changed, first);
        fs::write(path.join("b"), "new\n").unwrap();
        let added = tree(path).unwrap();
        assert_ne!(added, changed);
        assert_eq!(head(path).unwrap(), first);
        // Nothing was added to the repository's own index.
        assert_eq!(git(path, None, &["diff", "--cached"]).unwrap(), "");
        git(path, None, &["add", "."]).unwrap();
        commit(path);
        assert_eq!(head(path).unwrap(), added);
        assert_eq!(tree(path).unwrap(), added);
    }

    #[test]
    fn what_is_ignored_is_no_part_of_the_tree() {
        let directory = repository();
        let path = directory.path();
        let before = tree(path).unwrap();
        fs::create_dir(path.join("target")).unwrap();
        fs::write(path.join("target/a"), "made\n").unwrap();
        assert_eq!(tree(path).unwrap(), before);
        fs::remove_file(path.join("a")).unwrap();
        assert_ne!(tree(path).unwrap(), before);
    }

    #[test]
    fn what_was_not_committed_when_it_passed_has_not_passed_as_a_commit() {
        let state = |committed| State {
            tree: "abc".to_owned(),
            committed,
            compiler: "rustc 1.90.0\n".to_owned(),
        };
        assert_ne!(state(true).text(), state(false).text());
        assert_eq!(state(true).text().lines().next(), Some("abc"));
    }
}
