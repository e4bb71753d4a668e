//! The host's apt configuration (sources.list(5)).

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::control::{Paragraph, paragraphs};

/// An archive that apt is configured with.
#[derive(Debug, PartialEq, Eq)]
pub struct FoundArchive {
    pub uri: String,
    pub file: PathBuf,
}

/// One archive of a sources file, whichever of the two formats it is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    uri: String,
    suites: Vec<String>,
    components: Vec<String>,
    signed_by: Option<String>,
}

/// The archive most likely to be Debian's own: third parties also call their suites
/// `bookworm` or `stable` and their component `main`, so what only Debian has counts.
pub fn find_archive(apt: &Path) -> Option<FoundArchive> {
    let mut best: Option<(u32, FoundArchive)> = None;
    for file in source_files(apt) {
        let Ok(text) = fs::read_to_string(&file) else {
            tracing::warn!(file = %file.display(), "cannot read apt's sources");
            continue;
        };
        for source in parse_file(&file, &text) {
            let Some(likelihood) = source.likelihood() else {
                continue;
            };
            // The first of equals is the one that apt asks first.
            if best.as_ref().is_none_or(|(other, _)| likelihood > *other) {
                best = Some((
                    likelihood,
                    FoundArchive {
                        uri: source.uri,
                        file: file.clone(),
                    },
                ));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// `sources.list`, then `sources.list.d/*.{list,sources}` in the order of their names.
fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = fs::read_dir(apt.join("sources.list.d"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    parts.retain(|p| p.extension().is_some_and(|e| e == "list" || e == "sources"));
    parts.sort();
    let main = apt.join("sources.list");
    main.is_file()
        .then_some(main)
        .into_iter()
        .chain(parts)
        .collect()
}

fn parse_file(file: &Path, text: &str) -> Vec<Source> {
    if file.extension().is_some_and(|e| e == "sources") {
        // A line of white space separates paragraphs for apt, too.
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        paragraphs(&lines.join("\n"))
            .flat_map(parse_deb822)
            .collect()
    } else {
        text.lines().filter_map(parse_one_line).collect()
    }
}

/// `deb [option=value ...] URI suite component...`
fn parse_one_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t', '[']) {
        return None;
    }
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source {
        uri: words.next()?,
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by: options
            .split_whitespace()
            .find_map(|option| option.strip_prefix("signed-by="))
            .map(str::to_owned),
    })
}

/// A paragraph of the newer format: one source per URI.
fn parse_deb822(text: &str) -> Vec<Source> {
    let Some(paragraph) = Paragraph::parse(text) else {
        return Vec::new();
    };
    let disabled = paragraph.get("Enabled").is_some_and(|v| {
        ["no", "false", "without", "off", "disable"]
            .iter()
            .any(|no| v.eq_ignore_ascii_case(no))
    });
    if disabled || !paragraph.words("Types").contains(&"deb") {
        return Vec::new();
    }
    let owned = |name| {
        paragraph
            .words(name)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let source = |uri: &str| Source {
        uri: uri.to_owned(),
        suites: owned("Suites"),
        components: owned("Components"),
        signed_by: paragraph.lines("Signed-By").map(|lines| lines.join("\n")),
    };
    paragraph.words("URIs").into_iter().map(source).collect()
}

/// The names of Debian's releases, by code name and by state.
const SUITES: &[&str] = &[
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
];

impl Source {
    /// How likely this is Debian's main archive: `None` if it cannot be.
    fn likelihood(&self) -> Option<u32> {
        let scheme = self.uri.split("://").next()?;
        let usable = ["http", "https", "file"].contains(&scheme)
            && self
                .suites
                .iter()
                .any(|s| SUITES.contains(&s.trim_end_matches('/')))
            && self.components.iter().any(|c| c == "main");
        if !usable {
            return None;
        }
        let signed = match &self.signed_by {
            Some(keyring) if keyring.contains("debian-archive") => 4,
            Some(_) => return None,
            None => 0,
        };
        let path = self.uri.trim_end_matches('/');
        let named = if path.ends_with("/debian") { 2 } else { 0 };
        let several = u32::from(self.components.iter().any(|c| c.starts_with("non-free")));
        Some(signed + named + several)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sources.list.d")).unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        find_archive(dir.path()).map(|found| {
            assert!(found.file.is_file());
            found.uri
        })
    }

    #[test]
    fn one_line_format() {
        let text = "# deb http://comment/debian trixie main\n\
                    deb-src http://source/debian trixie main\n\
                    deb cdrom:[Debian]/ trixie main\n\
                    deb http://security/debian-security trixie-security main\n\
                    deb [arch=amd64 signed-by=/usr/share/keyrings/other.gpg] http://third/debian trixie main\n\
                    deb [ arch=amd64 ] http://mirror/debian trixie main contrib # comment\n\
                    deb http://later/debian trixie main\n";
        assert_eq!(
            found(&[("sources.list", text)]).as_deref(),
            Some("http://mirror/debian")
        );
    }

    #[test]
    fn deb822_format() {
        let text = "Types: deb deb-src\nURIs: http://security/debian-security\n\
                    Suites: bookworm-security\nComponents: main\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://off/debian\nSuites: bookworm\nComponents: main\n \n\
                    Types: deb\n# comment\nURIs: tor+http://onion/debian https://mirror/debian/\n\
                    Suites: bookworm bookworm-updates\nComponents:\n main\n contrib\n\
                    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n";
        assert_eq!(
            found(&[("sources.list.d/debian.sources", text)]).as_deref(),
            Some("https://mirror/debian/")
        );
    }

    #[test]
    fn debian_is_preferred_to_those_who_use_its_names() {
        let third = "deb https://packages.vendor/linux stable main\n";
        let debian = "Types: deb\nURIs: http://mirror/some/path\nSuites: sid\nComponents: main\n\
                      Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n";
        assert_eq!(
            found(&[
                ("sources.list", third),
                ("sources.list.d/z.sources", debian)
            ])
            .as_deref(),
            Some("http://mirror/some/path")
        );
        let plain = "deb http://mirror/debian trixie main";
        assert_eq!(
            found(&[
                ("sources.list.d/a.list", third),
                ("sources.list.d/b.list", plain)
            ])
            .as_deref(),
            Some("http://mirror/debian")
        );
    }

    #[test]
    fn other_distributions_have_none() {
        let text = "deb http://archive/ubuntu noble main universe\n";
        assert_eq!(
            found(&[
                ("sources.list", text),
                ("sources.list.d/x.save", "deb http://m/debian sid main")
            ]),
            None
        );
        assert_eq!(found(&[("sources.list", "deb\ndeb x\ndebian\n")]), None);
        assert_eq!(
            found(&[("sources.list.d/x.sources", "nonsense\n\nTypes: rpm\n")]),
            None
        );
    }
}
