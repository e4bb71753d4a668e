//! Programs of others, as Debian ships them, and what they are given to do.

use std::path::Path;

use anyhow::Result;

use super::output::{self, Sample};
use crate::tools::debian::{Source, Unpacked};

/// The suite that they come from, the same one on every machine.
const SUITE: &str = "trixie";

/// Stands for the directory of input files in an argument.
const DATA: &str = "{data}";

/// A program of a package.
#[derive(Debug, PartialEq, Eq)]
pub struct Packaged {
    /// Its name in the suite.
    pub name: &'static str,
    /// The package.
    pub package: &'static str,
    /// The program's path in it.
    pub program: &'static str,
    /// Its arguments.
    arguments: &'static [&'static str],
    /// Directories that it reads at run time.
    pub directories: &'static [&'static str],
    /// How its result is known.
    pub measure: Measure,
}

/// Who measures a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The suite, by running it to its end again and again.
    Runs,
    /// The program itself, which is `openssl speed`.
    Itself,
}

/// All of them.
pub const ALL: &[Packaged] = &[
    Packaged {
        name: "xz",
        package: "xz-utils",
        program: "usr/bin/xz",
        arguments: &["-2", "-T1", "-c", "{data}/text"],
        directories: &[],
        measure: Measure::Runs,
    },
    Packaged {
        name: "gzip",
        package: "gzip",
        program: "usr/bin/gzip",
        arguments: &["-n", "-c", "{data}/text"],
        directories: &[],
        measure: Measure::Runs,
    },
    Packaged {
        name: "sqlite3",
        package: "sqlite3",
        program: "usr/bin/sqlite3",
        arguments: &[
            "-init",
            "/dev/null",
            "-batch",
            ":memory:",
            ".read {data}/work.sql",
        ],
        directories: &[],
        measure: Measure::Runs,
    },
    Packaged {
        name: "python3",
        package: "python3",
        program: "usr/bin/python3.13",
        // Without the site's and the user's own additions.
        arguments: &["-I", "-S", "{data}/work.py"],
        directories: &[
            "usr/lib/python3.13/collections",
            "usr/lib/python3.13/encodings",
            "usr/lib/python3.13/importlib",
            "usr/lib/python3.13/json",
            "usr/lib/python3.13/re",
            "usr/lib/python3.13",
        ],
        measure: Measure::Runs,
    },
    Packaged {
        name: "lua5.4",
        package: "lua5.4",
        program: "usr/bin/lua5.4",
        arguments: &["{data}/work.lua"],
        directories: &[],
        measure: Measure::Runs,
    },
    Packaged {
        name: "openssl-sha256",
        package: "openssl",
        program: "usr/bin/openssl",
        arguments: &[
            "speed", "-mr", "-elapsed", "-seconds", "1", "-bytes", "8192", "-evp", "sha256",
        ],
        directories: &[],
        measure: Measure::Itself,
    },
    Packaged {
        name: "openssl-rsa",
        package: "openssl",
        program: "usr/bin/openssl",
        arguments: &["speed", "-mr", "-elapsed", "-seconds", "1", "rsa2048"],
        directories: &[],
        measure: Measure::Itself,
    },
];

impl Packaged {
    /// Its arguments, for input files in `data`.
    pub fn arguments(&self, data: &Path) -> Vec<String> {
        let data = data.to_string_lossy();
        let fill = |argument: &&str| argument.replace(DATA, &data);
        self.arguments.iter().map(fill).collect()
    }

    /// Its result, from what it printed.
    ///
    /// # Errors
    /// If there is none.
    pub fn result(&self, lines: &[String]) -> Result<Sample> {
        match self.measure {
            Measure::Runs => output::rounds(self.name, lines),
            Measure::Itself => output::openssl_speed(self.name, lines),
        }
    }
}

/// The packages of all these programs, for an architecture as Debian calls it.
///
/// # Errors
/// If they cannot be downloaded.
pub fn unpack(debian_arch: &'static str) -> Result<Unpacked> {
    let mut packages: Vec<&str> = ALL.iter().map(|packaged| packaged.package).collect();
    packages.dedup();
    Source::new(SUITE, debian_arch).unpack(&packages)
}

/// The text that the compressors are given: words with the frequencies of a
/// natural language's, roughly.
pub fn text() -> String {
    const BYTES: usize = 192 << 10;
    let mut state: u64 = 12;
    let mut next = move |limit: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % limit
    };
    let words: Vec<String> = (0..2000).map(|_| word(&mut next)).collect();
    let mut text = String::with_capacity(BYTES + 16);
    while text.len() < BYTES {
        // The product of two makes the first words the frequent ones.
        let at = next(45) * next(45);
        text.push_str(words.get(at as usize).map_or("", String::as_str));
        text.push(if next(12) == 0 { '\n' } else { ' ' });
    }
    text
}

fn word(next: &mut impl FnMut(u64) -> u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "a", "ter", "in", "lo", "er", "ma", "sti", "on", "re", "ka", "de", "ul", "ing", "pro",
        "ni", "so",
    ];
    let count = 1 + next(4);
    let mut syllable = |_| SYLLABLES[(next(16)) as usize % 16];
    (0..count).map(&mut syllable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_the_data() {
        let xz = &ALL[0];
        let arguments = xz.arguments(Path::new("/d"));
        assert_eq!(arguments.last().unwrap(), "/d/text");
    }

    #[test]
    fn the_text_is_the_same_each_time_and_compressible() {
        let text = text();
        assert_eq!(text, super::text());
        assert!(text.len() > 190 << 10);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap().len();
        assert!(
            (text.len() / 6..text.len() * 2 / 3).contains(&packed),
            "{packed}"
        );
    }
}
