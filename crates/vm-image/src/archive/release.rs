//! The release file: what belongs to a release, with the digest of every index.

use std::{collections::HashMap, time::SystemTime};

use crate::{control::Paragraph, digest::Sha256};

/// What a file must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its contents.
    pub sha256: Sha256,
}

/// The contents of a release file whose signature has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The release's code name.
    pub codename: String,
    /// The name that wanders from release to release, such as `stable`: the
    /// archive has the release under it, too.
    pub suite: Option<String>,
    /// The point release, such as `13.1`.
    pub version: Option<String>,
    /// Whether indexes can be fetched by their digest, which never sees a mirror that
    /// is just being updated half old and half new.
    pub by_hash: bool,
    valid_until: Option<SystemTime>,
    files: HashMap<String, Expected>,
}

impl Release {
    /// Reads the text of a release file.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let paragraph = Paragraph::parse(text).ok_or("it is no list of fields")?;
        let codename = paragraph
            .get("Codename")
            .ok_or("it has no field `Codename`")?;
        let listed = paragraph
            .lines("SHA256")
            .ok_or("it has no field `SHA256`")?;
        let files = listed
            .iter()
            .filter(|line| !line.is_empty())
            .map(|line| parse_file(line).ok_or_else(|| format!("`{line}` is no file entry")))
            .collect::<Result<_, _>>()?;
        let valid_until = match paragraph.get("Valid-Until") {
            Some(date) => {
                Some(parse_date(date).ok_or_else(|| format!("`Valid-Until: {date}` is no date"))?)
            }
            None => None,
        };
        Ok(Self {
            codename: codename.to_owned(),
            suite: paragraph.get("Suite").map(str::to_owned),
            version: paragraph.get("Version").map(str::to_owned),
            by_hash: paragraph.get("Acquire-By-Hash") == Some("yes"),
            valid_until,
            files,
        })
    }

    /// What the file of that name, relative to the release's directory, must be.
    pub fn file(&self, name: &str) -> Option<Expected> {
        self.files.get(name).copied()
    }

    /// Whether the release has a date of expiry and `now` is past it: a mirror that
    /// still serves it withholds updates.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.valid_until.is_some_and(|until| now > until)
    }
}

/// `digest size name`
fn parse_file(line: &str) -> Option<(String, Expected)> {
    let mut words = line.split_whitespace();
    let sha256 = Sha256::parse(words.next()?)?;
    let size = words.next()?.parse().ok()?;
    Some((words.next()?.to_owned(), Expected { size, sha256 }))
}

/// RFC 5322 with the zone `UTC`, which HTTP dates write as `GMT`.
fn parse_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(&text.replace("UTC", "GMT").replace("+0000", "GMT")).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn text(extra: &str) -> String {
        format!(
            "Codename: trixie\nVersion: 13.1\nAcquire-By-Hash: yes\n{extra}SHA256:\n {EMPTY} 0 main/x\n {EMPTY}    12 y\n"
        )
    }

    #[test]
    fn files_and_fields() {
        let release = Release::parse(&text("")).unwrap();
        assert_eq!(release.codename, "trixie");
        assert_eq!(release.version.as_deref(), Some("13.1"));
        assert!(release.by_hash);
        let sha256 = Sha256::of(b"");
        assert_eq!(release.file("y"), Some(Expected { size: 12, sha256 }));
        assert_eq!(release.file("main/x"), Some(Expected { size: 0, sha256 }));
        assert_eq!(release.file("z"), None);
    }

    #[test]
    fn expiry_counts_only_when_stated() {
        let long_after = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert!(!Release::parse(&text("")).unwrap().is_expired(long_after));
        let until = Release::parse(&text("Valid-Until: Sat, 12 Sep 2026 07:55:41 UTC\n")).unwrap();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_789_199_741);
        assert!(!until.is_expired(date));
        assert!(until.is_expired(date + Duration::from_secs(1)));
    }

    #[test]
    fn defects_are_named() {
        for (text, cause) in [
            ("nonsense".to_owned(), "no list of fields"),
            ("SHA256:\n".to_owned(), "`Codename`"),
            ("Codename: x\n".to_owned(), "`SHA256`"),
            ("Codename: x\nSHA256:\n 12 34 y\n".to_owned(), "`12 34 y`"),
            (text("Valid-Until: tomorrow\n"), "`Valid-Until: tomorrow`"),
        ] {
            let error = Release::parse(&text).unwrap_err();
            assert!(error.contains(cause), "{error}");
        }
    }
}
