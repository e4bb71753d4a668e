//! Reads `machine.toml`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use toml::Spanned;

use super::{MachineOptions, Setting, setting::KEYS, suggest::suggestion};
use crate::files::Files;

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFileError {
    /// The file cannot be read.
    #[error("{s} {}: cannot read the file: {cause}", .path.display(), s = Setting::Config)]
    Read {
        /// The file.
        path: PathBuf,
        /// What the host said.
        cause: io::Error,
    },
    /// The file is not TOML, or a value has the wrong type.
    #[error("{s} {}:{line}: {cause}", .path.display(), s = Setting::Config)]
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
        "{s} {}:{line}: unknown key `{key}`{hint}; the keys are {keys}",
        .path.display(), s = Setting::Config, keys = KEYS.join(", ")
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

/// More than any configuration has.
const MAX_LEN: u64 = 1 << 20;

/// Reads the settings in a file, which is told to `files`. Relative file names in it
/// are relative to the directory that it is in; if it is a pipe, to the current one.
///
/// # Errors
/// [`ConfigFileError`] if it cannot be read, is damaged, or has unknown keys.
pub fn load(path: &Path, files: &mut Files) -> Result<MachineOptions, ConfigFileError> {
    let unreadable = |cause| ConfigFileError::Read {
        path: path.to_owned(),
        cause,
    };
    let file = File::open(path).map_err(unreadable)?;
    let who = format!("{} {}", Setting::Config, path.display());
    files.read(who, &file).map_err(unreadable)?;
    let is_plain = file.metadata().map_err(unreadable)?.is_file();
    let mut bytes = Vec::new();
    let mut limited = file.take(MAX_LEN + 1);
    limited.read_to_end(&mut bytes).map_err(unreadable)?;
    let mut options = parse(path, &decode(path, bytes)?)?;
    if is_plain && let Some(directory) = path.parent() {
        options.resolve_paths(directory);
    }
    Ok(options)
}

/// The text in the file, which may begin with a byte order mark as editors of
/// Windows write it.
fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, ConfigFileError> {
    let wrong = |line, cause: &str| ConfigFileError::Parse {
        path: path.to_owned(),
        line,
        cause: cause.to_owned(),
    };
    if bytes.len() as u64 > MAX_LEN {
        return Err(wrong(
            1,
            "the file has more than 1M: this is no configuration",
        ));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().iter().take(valid);
            let line = before.filter(|byte| **byte == b'\n').count() + 1;
            Err(wrong(
                line,
                "this is not UTF-8: save the file as UTF-8 text",
            ))
        }
    }
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
            hint: suggestion(key.as_ref(), KEYS.iter().copied()),
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
    use std::fs;

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
        let options = load(&path, &mut Files::default()).unwrap();
        assert_eq!(
            options.kernel,
            Some(Kernel::File(directory.path().join("vmlinux")))
        );
        let disk = DiskConfig::new(directory.path().join("d.img"));
        assert_eq!(options.disk, Some(vec![disk]));
        let none = directory.path().join("none.toml");
        let missing = load(&none, &mut Files::default()).unwrap_err();
        assert!(missing.to_string().contains("none.toml"));
    }

    #[test]
    fn files_from_other_systems_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.toml");
        let load_bytes = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            load(&path, &mut Files::default())
        };
        let text = "\u{feff}# settings\r\ncpus = 2\r\nmemory = '64M'\r\n";
        let options = load_bytes(text.as_bytes()).unwrap();
        assert_eq!(options.cpus, Some(2));
        assert_eq!(options.memory, Some(ByteSize::mib(64)));
        let latin1 = b"# ok\nkernel = 'gr\xfcn'\n";
        let utf16: Vec<u8> = "cpus = 2"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let utf16 = [b"\xff\xfe".to_vec(), utf16].concat();
        for (bytes, part) in [
            (&latin1[..], "m.toml:2: this is not UTF-8"),
            (&utf16, "m.toml:1: this is not UTF-8"),
            (&vec![b'#'; 2 << 20], "more than 1M"),
        ] {
            let message = load_bytes(bytes).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_configuration_without_an_end_is_none() {
        let message = load(Path::new("/dev/zero"), &mut Files::default());
        let message = message.unwrap_err().to_string();
        assert!(message.contains("more than 1M"), "{message}");
    }
}
