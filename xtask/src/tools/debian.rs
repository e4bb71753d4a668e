//! Files of Debian's packages, unpacked under `target/tools`.
//!
//! apt itself downloads and verifies them, with a configuration of its own: the
//! archive that the host uses, any suite and architecture, and an empty list of
//! installed packages, so that every library comes along. Programs for the host
//! run on their own dynamic loader and C library.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use super::directory;
use crate::process;

/// Code names of suites, and the names under which the archive has them, too.
const ALIASES: [(&str, &str); 2] = [("trixie", "stable"), ("forky", "testing")];

/// A suite of the archive, seen from a machine of one architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The suite, such as `trixie`.
    pub suite: &'static str,
    /// The architecture whose packages a plain name means.
    pub arch: &'static str,
    /// Further architectures, whose packages are named `NAME:ARCH`.
    pub foreign: &'static [&'static str],
}

impl Source {
    /// Debian's newest packages, for the host.
    pub const NEWEST: Self = Self::new("sid", "amd64");

    /// A suite for an architecture alone.
    pub const fn new(suite: &'static str, arch: &'static str) -> Self {
        Self {
            suite,
            arch,
            foreign: &[],
        }
    }

    fn architectures(&self) -> String {
        let mut all = vec![self.arch];
        all.extend(self.foreign);
        all.join(",")
    }

    /// Unpacks `packages` and what they depend on, in one tree, unless that has
    /// been done before.
    ///
    /// # Errors
    /// If the host has no apt, no archive is configured, or a package cannot be
    /// downloaded.
    pub fn unpack(&self, packages: &[&str]) -> Result<Unpacked> {
        let architectures = self.architectures().replace(',', "+");
        let base = directory()
            .join("debian")
            .join(format!("{}-{architectures}", self.suite));
        // Colons separate the directories of a search path.
        let name = packages.join("+").replace(':', "-");
        let root = base.join("roots").join(name);
        let finished = root.join(".complete");
        if !finished.exists() {
            let apt = Apt::prepare(*self, &base)?;
            apt.update()?;
            apt.download(packages)?;
            apt.unpack(&root)?;
            fs::write(&finished, "")?;
        }
        Ok(Unpacked { root })
    }
}

/// Packages and what they depend on, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    root: PathBuf,
}

/// Unpacks the newest `package` unless that has been done before.
///
/// # Errors
/// As [`Source::unpack`].
pub fn package(package: &str) -> Result<Unpacked> {
    Source::NEWEST.unpack(&[package])
}

impl Unpacked {
    /// The tree's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A program of the package; `path` is its place in the file system.
    ///
    /// # Errors
    /// If it is not there.
    pub fn program(&self, path: &str) -> Result<Command> {
        let loader = self.file("usr/lib64/ld-linux-x86-64.so.2")?;
        let program = self.file(path)?;
        let mut command = process::command(loader);
        command.arg("--library-path").arg(self.library_path());
        command.arg(program);
        Ok(command)
    }

    /// Writes a script that runs [`program`](Self::program), for programs that look
    /// for it on their path.
    ///
    /// # Errors
    /// If the program is not there or the script cannot be written.
    pub fn write_script(&self, path: &str, script: &Path) -> Result<()> {
        self.write_script_with(path, &[], script)
    }

    /// The same, of a program that is always given some arguments.
    ///
    /// # Errors
    /// As for [`write_script`](Self::write_script).
    pub fn write_script_with(&self, path: &str, first: &[&Path], script: &Path) -> Result<()> {
        let mut program = self.program(path)?;
        program.args(first);
        let mut text = "#!/bin/sh\nexec".to_owned();
        for word in std::iter::once(program.get_program()).chain(program.get_args()) {
            text.push_str(&format!(" '{}'", word.to_string_lossy()));
        }
        text.push_str(" \"$@\"\n");
        process::write_executable(script, &text)
    }

    /// A file of the package.
    ///
    /// # Errors
    /// If it is not there.
    pub fn file(&self, path: &str) -> Result<PathBuf> {
        let file = self.root.join(path);
        if !file.exists() {
            bail!("the package has no file {path}");
        }
        Ok(file)
    }

    fn library_path(&self) -> OsString {
        let mut path = self.root.join("usr/lib/x86_64-linux-gnu").into_os_string();
        path.push(":");
        path.push(self.root.join("usr/lib"));
        path
    }
}

/// apt with directories of its own.
struct Apt {
    source: Source,
    base: PathBuf,
}

impl Apt {
    fn prepare(source: Source, base: &Path) -> Result<Self> {
        for directory in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(base.join(directory))?;
        }
        fs::write(base.join("status"), "")?;
        Ok(Self {
            source,
            base: base.to_owned(),
        })
    }

    /// Fetches the lists of packages. While a mirror is being updated under the
    /// suite's code name, they may still be whole under the suite's other name.
    fn update(&self) -> Result<()> {
        let archive = configured_archive()?;
        let from = |suite| {
            let line = source_line(&archive, suite);
            fs::write(self.base.join("sources.list"), line)?;
            process::output(self.command("apt-get").args(["-qq", "update"]))
        };
        let suite = self.source.suite;
        let other = ALIASES.iter().find(|(name, _)| *name == suite);
        match (from(suite), other) {
            (Err(error), Some((_, other))) => from(other).map_err(|_| error)?,
            (result, _) => result?,
        };
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = process::command(program);
        for (key, value) in [
            ("Dir::Etc::SourceList", "sources.list"),
            ("Dir::Etc::SourceParts", "none"),
            ("Dir::State::Lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ] {
            let value = self.base.join(value);
            command.arg("-o").arg(format!("{key}={}", value.display()));
        }
        // Only root may become the sandbox's user, who may not write here.
        for option in [
            "APT::Sandbox::User=root",
            "APT::Install-Recommends=false",
            "Acquire::Languages=none",
            "Debug::NoLocking=true",
        ] {
            command.args(["-o", option]);
        }
        let Source { arch, .. } = self.source;
        command.arg("-o").arg(format!("APT::Architecture={arch}"));
        let all = self.source.architectures();
        command.arg("-o").arg(format!("APT::Architectures={all}"));
        command
    }

    fn download(&self, packages: &[&str]) -> Result<()> {
        let Source { suite, arch, .. } = self.source;
        let names = packages.join(", ");
        println!("downloading {names} and libraries from Debian {suite} ({arch})");
        let archives = self.base.join("cache/archives");
        for old in packages_in(&archives)? {
            fs::remove_file(old)?;
        }
        let mut install = self.command("apt-get");
        install.args(["-qq", "--yes", "--download-only", "install"]);
        install.args(packages);
        process::output(&mut install).with_context(|| format!("cannot download {names}"))?;
        Ok(())
    }

    fn unpack(&self, root: &Path) -> Result<()> {
        // What an interrupted attempt left is not to be trusted.
        if root.exists() {
            fs::remove_dir_all(root)?;
        }
        fs::create_dir_all(root)?;
        for archive in packages_in(&self.base.join("cache/archives"))? {
            let mut unpack = process::command("dpkg-deb");
            process::run(unpack.arg("-x").arg(&archive).arg(root))?;
            fs::remove_file(archive)?;
        }
        Ok(())
    }
}

fn packages_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "deb") {
            packages.push(path);
        }
    }
    Ok(packages)
}

/// The archive that the host's apt uses for Debian's own packages.
fn configured_archive() -> Result<String> {
    let format = "$(REPO_URI) $(COMPONENT) $(ORIGIN)";
    let mut query = process::command("apt-get");
    query.args(["indextargets", "--format", format, "Created-By: Packages"]);
    let targets = process::output(&mut query)
        .context("this command takes programs from Debian and needs apt")?;
    debian_archive(&targets).context(
        "apt on this machine knows no Debian archive (is its list of packages empty? \
         `apt-get update` fills it)",
    )
}

fn debian_archive(targets: &str) -> Option<String> {
    targets.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (uri, component, origin) = (words.next()?, words.next()?, words.next()?);
        // Before the first update, apt cannot tell the origin.
        let place = uri.trim_end_matches('/');
        let debian = origin == "Debian" || place.ends_with("/debian");
        let plain = !place.ends_with("-security");
        (component == "main" && debian && plain).then(|| uri.to_owned())
    })
}

fn source_line(archive: &str, suite: &str) -> String {
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    format!("deb [signed-by={keyring}] {archive} {suite} main\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_debians_own() {
        let targets = "http://one/security/debian-security/ main Debian\n\
                       http://two/tools/ main Other\n\
                       http://three/debian/ contrib Debian\n\
                       http://four/debian/ main Debian\n";
        assert_eq!(
            debian_archive(targets).as_deref(),
            Some("http://four/debian/")
        );
        assert_eq!(debian_archive("http://x/ main $(ORIGIN)\n"), None);
        let never_updated = "http://x/debian main $(ORIGIN)\n";
        assert_eq!(
            debian_archive(never_updated).as_deref(),
            Some("http://x/debian")
        );
    }
}
