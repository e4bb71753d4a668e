//! Names of images, such as `debian:13`.

use std::{fmt, str::FromStr};

use crate::ImageError;

/// A distribution release that images can be made of.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Release {
    distribution: &'static str,
    version: &'static str,
    codename: &'static str,
}

const KNOWN: &[Release] = &[Release {
    distribution: "debian",
    version: "13",
    codename: "trixie",
}];

/// The name of an image that this crate can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageRef {
    release: &'static Release,
}

impl ImageRef {
    /// Reads `distribution:release`, the release as a number or a code name.
    ///
    /// # Errors
    /// [`ImageError::UnknownImage`], which lists the known names.
    pub fn parse(name: &str) -> Result<Self, ImageError> {
        let unknown = || ImageError::UnknownImage {
            name: name.to_owned(),
            known: known_names(),
        };
        let (distribution, release) = name.split_once(':').ok_or_else(unknown)?;
        KNOWN
            .iter()
            .find(|r| {
                r.distribution == distribution && (r.version == release || r.codename == release)
            })
            .map(|release| Self { release })
            .ok_or_else(unknown)
    }

    /// The image that runs when none is named: `debian:13`.
    pub fn default_image() -> Self {
        Self { release: &KNOWN[0] }
    }

    /// Every image this crate can make.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|release| Self { release })
    }

    /// The release's code name, which is also its directory in the archive.
    pub fn codename(&self) -> &'static str {
        self.release.codename
    }

    /// The name as part of a file name: `debian-13`.
    pub(crate) fn file_stem(&self) -> String {
        format!("{}-{}", self.release.distribution, self.release.version)
    }
}

fn known_names() -> String {
    KNOWN
        .iter()
        .map(|r| {
            format!(
                "{}:{} ({}:{})",
                r.distribution, r.version, r.distribution, r.codename
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.release.distribution, self.release.version)
    }
}

impl FromStr for ImageRef {
    type Err = ImageError;

    fn from_str(s: &str) -> Result<Self, ImageError> {
        Self::parse(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_codename_are_one_image() {
        let by_number = ImageRef::parse("debian:13").unwrap();
        assert_eq!(by_number, "debian:trixie".parse().unwrap());
        assert_eq!(by_number, ImageRef::default_image());
        assert_eq!(by_number.to_string(), "debian:13");
        assert_eq!(by_number.file_stem(), "debian-13");
        assert!(ImageRef::all().any(|image| image == by_number));
    }

    #[test]
    fn unknown_names_list_the_known() {
        for name in ["debian", "debian:12", "alpine:13", "", "debian:13:x"] {
            let error = ImageRef::parse(name).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
            assert!(error.contains("debian:13"), "{error}");
        }
    }
}
