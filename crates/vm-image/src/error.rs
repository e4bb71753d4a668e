//! What can go wrong with an image, in words for the person who asked for it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why an image could not be made, found or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The name is none of the images this crate can make.
    #[error("unknown image `{name}`: known images are {known}")]
    UnknownImage {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },

    /// The host's configuration names no Debian mirror.
    #[error(
        "no package mirror: {searched} names no Debian archive; \
         name one with `--mirror URL` or the environment variable TRINE_MIRROR"
    )]
    NoMirror {
        /// Where a mirror was looked for.
        searched: String,
    },

    /// A mirror address that cannot be used.
    #[error(
        "mirror `{value}` from {origin}: {cause}; expected http://, https:// or file:// and the path of a Debian archive"
    )]
    BadMirror {
        /// The address.
        value: String,
        /// The option, variable or file it came from.
        origin: String,
        /// What is wrong with it.
        cause: String,
    },

    /// The mirror did not answer at all.
    #[error(
        "cannot reach {url}: {cause}; check the network, the proxy settings (http_proxy), \
         or choose another mirror with `--mirror URL`"
    )]
    Unreachable {
        /// The address that was asked for.
        url: String,
        /// What the network reported.
        cause: String,
    },

    /// The mirror answered, but not with the file.
    #[error("download of {url} failed: {cause}; try again, or another mirror with `--mirror URL`")]
    Download {
        /// The address that was asked for.
        url: String,
        /// What the mirror reported or how the transfer broke off.
        cause: String,
    },

    /// The mirror has no such file.
    #[error("{url} does not exist; is the mirror complete? choose another with `--mirror URL`")]
    NotFound {
        /// The address that was asked for.
        url: String,
    },

    /// A keyring that cannot be used.
    #[error("keyring {path}: {cause}; name another with `--keyring FILE`")]
    Keyring {
        /// The keyring's path, or what stands for it.
        path: String,
        /// What is wrong with it.
        cause: String,
    },

    /// No trustworthy signature.
    #[error(
        "{url} is not signed by a trusted key: {cause}; \
         the mirror may be broken or tampered with (keyring: {keyring})"
    )]
    Signature {
        /// The signed file.
        url: String,
        /// What became of each signature.
        cause: String,
        /// The keyring that was used.
        keyring: String,
    },

    /// The signed release is not the one that was asked for, or out of date.
    #[error("{url}: {cause}; choose another mirror with `--mirror URL`")]
    Release {
        /// The release file.
        url: String,
        /// What is wrong with it.
        cause: String,
    },

    /// A file differs from what the signed index promises.
    #[error(
        "{url} is not the file that the signed index promises: {cause}; try again, or another mirror with `--mirror URL`"
    )]
    Mismatch {
        /// The file.
        url: String,
        /// The difference.
        cause: String,
    },

    /// The archive lacks something an image needs.
    #[error("{place} has no {what}; choose a mirror that carries it with `--mirror URL`")]
    Missing {
        /// What is missing.
        what: String,
        /// Where it should be.
        place: String,
    },

    /// A file whose contents make no sense.
    #[error("{what} is malformed: {cause}")]
    Malformed {
        /// The file.
        what: String,
        /// What is wrong with it.
        cause: String,
    },

    /// The host has no directory for cached files.
    #[error("no cache directory: the user has no home directory; set the variable HOME")]
    NoCacheDir,

    /// The directory for cached files cannot be used.
    #[error(
        "cannot keep images in {}: {source}; make that possible, or choose another place \
         with the variable XDG_CACHE_HOME", .path.display()
    )]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },

    /// Reading or writing a local file failed.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was being done, as a verb phrase.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
}

impl ImageError {
    /// Whether the cause is that no mirror is known or none answers, so that a caller
    /// may go on with something that needs no network.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoMirror { .. } | Self::Unreachable { .. })
    }

    pub(crate) fn cache(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Cache { path, source }
    }

    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.as_ref().to_owned(),
            source,
        }
    }

    pub(crate) fn malformed(what: impl Into<String>, cause: impl ToString) -> Self {
        Self::Malformed {
            what: what.into(),
            cause: cause.to_string(),
        }
    }
}
