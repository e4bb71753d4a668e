//! Which mirror packages come from.

mod apt;

use std::{fmt, path::Path};

use crate::ImageError;

/// The environment variable that names a mirror.
pub const MIRROR_VARIABLE: &str = "TRINE_MIRROR";

/// The root of a Debian archive: the directory that holds `dists` and `pool`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    base: String,
}

impl Mirror {
    /// Chooses the mirror: the option, else the environment variable, else what apt on
    /// the host is configured with (`apt` is its directory, normally `/etc/apt`).
    ///
    /// # Errors
    /// [`ImageError::BadMirror`] for an address that cannot be used,
    /// [`ImageError::NoMirror`] if nothing names one.
    pub fn choose(
        option: Option<&str>,
        variable: Option<&str>,
        apt: &Path,
    ) -> Result<Self, ImageError> {
        if let Some(option) = option {
            return Self::new(option, "`--mirror`");
        }
        if let Some(variable) = variable.filter(|v| !v.trim().is_empty()) {
            return Self::new(variable, MIRROR_VARIABLE);
        }
        match apt::find_archive(apt) {
            Some(found) => Self::new(&found.uri, &found.file.display().to_string()),
            None => Err(ImageError::NoMirror {
                searched: format!("the host's package configuration ({})", apt.display()),
            }),
        }
    }

    fn new(value: &str, origin: &str) -> Result<Self, ImageError> {
        let bad = |cause: &str| ImageError::BadMirror {
            value: value.to_owned(),
            origin: origin.to_owned(),
            cause: cause.to_owned(),
        };
        let base = value.trim().trim_end_matches('/');
        let (scheme, rest) = base
            .split_once("://")
            .ok_or_else(|| bad("it has no scheme"))?;
        match scheme {
            _ if base.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                Err(bad("it contains white space"))
            }
            "http" | "https" if rest.is_empty() || rest.starts_with('/') => {
                Err(bad("it names no host"))
            }
            "file" if !rest.starts_with('/') => Err(bad("its path is not absolute")),
            "http" | "https" | "file" => Ok(Self {
                base: base.to_owned(),
            }),
            _ => Err(bad("its scheme is not supported")),
        }
    }

    /// The address of a file in the archive; `path` has no leading slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: &str = "/nonexistent/apt";

    #[test]
    fn the_option_wins_then_the_variable() {
        let apt = Path::new(NOWHERE);
        let mirror = Mirror::choose(Some("http://a/debian/"), Some("http://b"), apt).unwrap();
        assert_eq!(mirror.url("dists/x"), "http://a/debian/dists/x");
        let mirror = Mirror::choose(None, Some("https://b"), apt).unwrap();
        assert_eq!(mirror.to_string(), "https://b");
        let mirror = Mirror::choose(Some("file:///srv/debian"), None, apt).unwrap();
        assert_eq!(mirror.to_string(), "file:///srv/debian");
    }

    #[test]
    fn nothing_configured_asks_for_the_option() {
        let error = Mirror::choose(None, Some(" "), Path::new(NOWHERE)).unwrap_err();
        assert!(error.is_unreachable());
        let error = error.to_string();
        assert!(
            error.contains("--mirror") && error.contains(NOWHERE),
            "{error}"
        );
    }

    #[test]
    fn unusable_addresses_are_explained() {
        for (value, cause) in [
            ("ftp://a/debian", "scheme is not supported"),
            ("example.org/debian", "no scheme"),
            ("http:///debian", "no host"),
            ("file://debian", "not absolute"),
            ("http://a/ b", "white space"),
        ] {
            let error = Mirror::choose(None, Some(value), Path::new(NOWHERE)).unwrap_err();
            assert!(!error.is_unreachable());
            let error = error.to_string();
            assert!(error.contains(cause) && error.contains(value), "{error}");
            assert!(error.contains(MIRROR_VARIABLE), "{error}");
        }
    }
}
