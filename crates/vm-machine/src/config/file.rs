//! Reads `machine.toml`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use toml::Spanned;

use super::{MachineOptions, options::KEYS, suggest::suggestion};

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// The file cannot be read.
    #[error("--config {}: cannot read the file: {cause}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the host said.
        cause: io::Error,
    },
    /// The file is not TOML, or a value has the wrong type.
    #[error("--config {}:{line}: {cause}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        cause: String,
    },
    /// A key that machines do not have.
    #[error(
        "--config {}:{line}: unknown key `{key}`{hint}; `trine run --help` lists the options, \
         whose names are the keys", .path.display()
    )]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// What may have been meant, or nothing.
        hint: String,
    },
}

/// Reads the settings in a file. Relative file names in it are relative to
/// the directory that it is in.
///
/// # Errors
/// [`ConfigFileError`] if it cannot be read, is damaged, or has unknown keys.
pub fn load(path: &Path) -> Result<MachineOptions, ConfigFileError> {
    let text = fs::read_to_string(path).map_err(|cause| ConfigFileError::Read {
        path: path.to_owned(),
        cause,
    })?;
    let mut options = parse(path, &text)?;
    if let Some(directory) = path.parent() {
        options.resolve_paths(directory);
    }
    Ok(options)
}

fn parse(path: &Path, text: &str) -> Result<MachineOptions, ConfigFileError> {
    let damaged = |error: &toml::de::Error| ConfigFileError::Parse {
        path: path.to_owned(),
        line: line_at(text, error.span().map_or(0, |span| span.start)),
        cause: error.message().to_owned(),
    };
    let keys: BTreeMap<Spanned<String>, toml::Value> =
        toml::from_str(text).map_err(|error| damaged(&error))?;
    let unknown = keys
        .keys()
        .find(|key| !KEYS.contains(&key.as_ref().as_str()));
    if let Some(key) = unknown {
        return Err(ConfigFileError::UnknownKey {
            path: path.to_owned(),
            line: line_at(text, key.span().start),
            key: key.as_ref().clone(),
            hint: suggestion(key.as_ref(), KEYS),
        });
    }
    toml::from_str(text).map_err(|error| damaged(&error))
}

/// The number of the line, from 1, that holds the byte at `offset`.
fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{
        AddressRange, Bios, ByteSize, Console, DiskConfig, EngineChoice, Kernel, StatsOutput,
        Transport,
    };

    fn parse_text(text: &str) -> Result<MachineOptions, ConfigFileError> {
        parse(Path::new("m.toml"), text)
    }

    #[test]
    fn every_key_is_read() {
        let options = parse_text(
            r#"
            arch = "riscv64"
            kernel = "vmlinux"
            initrd = "initrd"
            append = "quiet"
            cpus = 4
            memory = "512M"
            disk = ["a.img,ro", { path = "b.img", transport = "mmio" }]
            bios = "builtin"
            console = "file:log"
            console-device = "virtio"
            engine = "interp"
            jit-threshold = 8
            jit-cache = "8M"
            no-reboot = true
            dtb-dump = "out.dtb"
            signature = "sig"
            timeout = 5
            stats = "json:stats.json"
            perf-map = true
            trace = "out,insns"
            trace-range = "0x1000..0x2000"
            "#,
        )
        .unwrap();
        assert_eq!(options.cpus, Some(4));
        assert_eq!(options.memory, Some(ByteSize::mib(512)));
        assert_eq!(options.bios, Some(Bios::Builtin));
        assert_eq!(options.console, Some(Console::File("log".into())));
        let stats = StatsOutput::JsonFile("stats.json".into());
        assert_eq!(options.stats, Some(stats));
        let disks = options.disk.unwrap();
        assert_eq!(disks[0], "a.img,ro".parse().unwrap());
        assert_eq!(disks[1].transport, Transport::Mmio);
        assert_eq!(options.engine, Some(EngineChoice::Interp));
        assert_eq!(options.jit_threshold, Some(8));
        assert_eq!(options.jit_cache, Some(ByteSize::mib(8)));
        assert_eq!((options.no_reboot, options.timeout), (Some(true), Some(5)));
        assert_eq!(options.perf_map, Some(true));
        assert_eq!(options.trace, Some("out,insns".parse().unwrap()));
        assert_eq!(options.trace_range, Some(AddressRange(0x1000..0x2000)));
    }

    #[test]
    fn unknown_keys_come_with_their_line_and_a_suggestion() {
        let message = parse_text("cpus = 2\nmemroy = \"1G\"\n")
            .unwrap_err()
            .to_string();
        assert!(message.contains("m.toml:2"), "{message}");
        assert!(
            message.contains("`memroy`") && message.contains("`memory`"),
            "{message}"
        );
        let message = parse_text("cpus = 1\n[[disk]]\npath = 'x'\nreadonly = true\n");
        let message = message.unwrap_err().to_string();
        assert!(message.contains("read-only"), "{message}");
    }

    #[test]
    fn damaged_files_name_the_line() {
        for (text, line, part) in [
            ("cpus = 2\nmemory = \n", 2, ""),
            ("cpus = 2\nmemory = \"2Q\"\n", 2, ""),
            ("\n\ncpus = \"two\"\n", 3, "u32"),
            ("cpus = -1", 1, ""),
            ("arch = \"vax\"", 1, "riscv64"),
            ("console = \"tty\"", 1, "file:PATH"),
        ] {
            let message = parse_text(text).unwrap_err().to_string();
            assert!(message.contains(&format!("m.toml:{line}: ")), "{message}");
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn files_are_found_beside_the_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.toml");
        fs::write(&path, "kernel = 'vmlinux'\ndisk = ['d.img']\n").unwrap();
        let options = load(&path).unwrap();
        assert_eq!(
            options.kernel,
            Some(Kernel::File(directory.path().join("vmlinux")))
        );
        let disk = DiskConfig::new(directory.path().join("d.img"));
        assert_eq!(options.disk, Some(vec![disk]));
        let missing = load(&directory.path().join("none.toml")).unwrap_err();
        assert!(missing.to_string().contains("none.toml"));
    }
}
