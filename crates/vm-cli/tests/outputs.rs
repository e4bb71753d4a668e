//! Files that the program is told to write: nothing is lost for a mistake.

#![cfg(unix)]

mod common;
#[path = "common/ended.rs"]
mod ended;

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Stdio,
};

use common::{guest, trine};
use ended::{Ended, run_to_end};

/// Every option that writes a file.
const OUTPUTS: [(&str, &str); 5] = [
    ("--console", "--console=file:"),
    ("--dtb-dump", "--dtb-dump="),
    ("--signature", "--signature="),
    ("--stats", "--stats=json:"),
    ("--trace", "--trace="),
];

/// A directory with a guest and a disk.
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fs::copy(guest("htif"), fixture.path("kernel")).unwrap();
        fs::write(fixture.path("disk"), vec![b'd'; 4096]).unwrap();
        fs::write(fixture.path("initrd"), "initrd").unwrap();
        let config = "kernel = 'kernel'\nbios = 'none'\ninitrd = 'initrd'\ndisk = ['disk']\n";
        fs::write(fixture.path("config"), config).unwrap();
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Runs a guest that ends with code 42 unless the options are wrong.
    fn run(&self, more: &[&str]) -> Ended {
        let config = format!("--config={}", self.name("config"));
        run_to_end(trine(&[&["run", &config], more].concat()).stdin(Stdio::null()))
    }

    fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = paths
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    }
}

fn assert_refused(ended: &Ended, parts: &[&str]) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{ended:?}");
    for part in parts {
        assert!(ended.err.contains(part), "{part}: {ended:?}");
    }
}

#[test]
fn what_is_read_is_not_overwritten() {
    let fixture = Fixture::new();
    for input in ["config", "kernel", "initrd", "disk"] {
        symlink(input, fixture.path(&format!("{input}.soft"))).unwrap();
        fs::hard_link(fixture.path(input), fixture.path(&format!("{input}.hard"))).unwrap();
    }
    let before = fixture.contents();
    for (output, option) in OUTPUTS {
        for input in ["config", "kernel", "initrd", "disk"] {
            for link in ["", ".soft", ".hard"] {
                let option = format!("{option}{}", fixture.name(&format!("{input}{link}")));
                let ended = fixture.run(&[&option]);
                assert_refused(&ended, &[output, &format!("--{input} "), "same file"]);
                assert!(fixture.contents() == before, "{output} {input}{link}");
            }
        }
    }
}

#[test]
fn every_output_has_a_file_of_its_own() {
    let fixture = Fixture::new();
    fs::write(fixture.path("old"), "old").unwrap();
    fs::hard_link(fixture.path("old"), fixture.path("hard")).unwrap();
    symlink("new", fixture.path("dangling")).unwrap();
    for (first, one) in OUTPUTS {
        for (second, two) in OUTPUTS {
            // A dump of the device tree is all that is done.
            if first == second || [first, second].contains(&"--dtb-dump") {
                continue;
            }
            for (here, there) in [("old", "hard"), ("dangling", "new")] {
                let one = format!("{one}{}", fixture.name(here));
                let two = format!("{two}{}", fixture.name(there));
                let ended = fixture.run(&[&one, &two]);
                assert_refused(&ended, &[first, second, "same file"]);
                assert_eq!(fs::read(fixture.path("hard")).unwrap(), b"old");
                assert!(!fixture.path("new").exists());
            }
        }
    }
    let shared: Vec<_> = OUTPUTS
        .iter()
        .filter(|(name, _)| *name != "--dtb-dump")
        .map(|(_, option)| format!("{option}/dev/null"))
        .collect();
    let shared: Vec<_> = shared.iter().map(String::as_str).collect();
    let ended = fixture.run(&shared);
    assert_eq!(ended.code, Some(42), "{ended:?}");
}

#[test]
fn a_machine_that_cannot_be_made_writes_nothing() {
    let fixture = Fixture::new();
    fs::write(fixture.path("text"), "no kernel at all").unwrap();
    let text = fixture.name("text");
    let (missing, folder) = (fixture.name("missing"), fixture.name("no/such"));
    fs::write(fixture.path("old"), "old").unwrap();
    for (_, output) in OUTPUTS {
        for name in ["old", "new"] {
            let before = fixture.contents();
            let output = format!("{output}{}", fixture.name(name));
            let console = format!("--console=file:{folder}");
            let wrong: [&[&str]; 5] = [
                &["--kernel", &text],
                &["--kernel", &missing],
                &["--initrd", &missing],
                &["--bios", &missing],
                &["--trace-range=1..2", "--memory=1K"],
            ];
            let wrong_to_run: [&[&str]; 2] = [&["--disk", &missing], &[&console]];
            let runs = !output.starts_with("--dtb-dump") && !output.starts_with("--console");
            let more = if runs { &wrong_to_run[..] } else { &[] };
            for wrong in wrong.iter().chain(more) {
                let ended = fixture.run(&[&[output.as_str()], *wrong].concat());
                assert_refused(&ended, &["trine: --"]);
                assert!(fixture.contents() == before, "{output} {wrong:?}");
            }
        }
    }
}

#[test]
fn the_standard_streams_are_files_too() {
    let fixture = Fixture::new();
    let path = fixture.path("stream");
    let config = format!("--config={}", fixture.name("config"));
    let stats = format!("--stats=json:{}", path.display());
    let open = |path: &Path| {
        fs::write(path, "before").unwrap();
        File::options().read(true).append(true).open(path).unwrap()
    };
    for stream in ["input", "output", "error"] {
        let file = open(&path);
        let mut command = trine(&["run", &config, &stats]);
        command.stdin(Stdio::null());
        let mut child = match stream {
            "input" => command
                .stdin(file)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
            "output" => command.stdout(file).stderr(Stdio::piped()),
            _ => command.stdout(Stdio::piped()).stderr(file),
        }
        .spawn()
        .unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(1), "{stream}");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("before"), "{stream}: {text}");
        let said = text.contains(&format!("standard {stream} are the same file"));
        assert_eq!(said, stream == "error", "{text}");
    }
}

#[test]
fn what_was_in_an_output_is_gone_once_the_machine_runs() {
    let fixture = Fixture::new();
    for (_, option) in OUTPUTS {
        let path = fixture.path("output");
        fs::write(&path, "x".repeat(1 << 20)).unwrap();
        let dumps = option.starts_with("--dtb-dump");
        let ended = fixture.run(&[&format!("{option}{}", path.display())]);
        assert_eq!(ended.code, Some(if dumps { 0 } else { 42 }), "{ended:?}");
        let output = fs::read(&path).unwrap();
        assert!(!output.is_empty() && output.len() < 1 << 20, "{option}");
        assert!(!output.ends_with(b"x"), "{option}");
    }
}
