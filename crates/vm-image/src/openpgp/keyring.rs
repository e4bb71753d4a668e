//! The keys that may sign a release.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use pgp::composed::{Deserializable as _, SignedPublicKey};

use super::{
    certificate::{SigningKey, signing_keys},
    explain,
};
use crate::ImageError;

/// Where Debian's package `debian-archive-keyring` puts its keyring, new name first.
const HOST_KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
];

/// Debian's archive keys as of this program's release, see `keys/README.md`.
const EMBEDDED: [&str; 4] = [
    include_str!("../../keys/bookworm-automatic.asc"),
    include_str!("../../keys/bookworm-stable.asc"),
    include_str!("../../keys/trixie-automatic.asc"),
    include_str!("../../keys/trixie-stable.asc"),
];

/// A set of trusted keys.
#[derive(Debug)]
pub struct Keyring {
    keys: Vec<SigningKey>,
    origin: String,
}

impl Keyring {
    /// The given keyring file, else the one that the host's system maintains, else the
    /// keys that this program was built with.
    ///
    /// # Errors
    /// [`ImageError::Keyring`] if the file cannot be read or holds no signing key.
    pub fn choose(option: Option<&Path>, now: SystemTime) -> Result<Self, ImageError> {
        let host = || {
            HOST_KEYRINGS
                .iter()
                .map(PathBuf::from)
                .find(|path| path.is_file())
        };
        match option.map(Path::to_owned).or_else(host) {
            Some(path) => Self::read(&path, now),
            None => Self::embedded(now),
        }
    }

    /// The keys that this program was built with.
    pub fn embedded(now: SystemTime) -> Result<Self, ImageError> {
        Self::new(
            "the built-in Debian archive keys",
            &EMBEDDED.map(str::as_bytes),
            now,
        )
    }

    fn read(path: &Path, now: SystemTime) -> Result<Self, ImageError> {
        let origin = path.display().to_string();
        let data = fs::read(path).map_err(|e| ImageError::Keyring {
            path: origin.clone(),
            cause: e.to_string(),
        })?;
        Self::new(&origin, &[&data], now)
    }

    /// Reads certificates, armored or not.
    fn new(origin: &str, files: &[&[u8]], now: SystemTime) -> Result<Self, ImageError> {
        let error = |cause: String| ImageError::Keyring {
            path: origin.to_owned(),
            cause,
        };
        let mut keys = Vec::new();
        for file in files {
            let (certificates, _) = SignedPublicKey::from_reader_many(*file)
                .map_err(|e| error(format!("it is no OpenPGP keyring ({})", explain(&e))))?;
            for certificate in certificates {
                match certificate {
                    Ok(certificate) => keys.extend(signing_keys(&certificate, now)),
                    // A keyring may hold kinds of keys that are newer than this program.
                    Err(e) => tracing::warn!(keyring = origin, "skipping a key: {}", explain(&e)),
                }
            }
        }
        if keys.is_empty() {
            return Err(error("it holds no key that may sign".to_owned()));
        }
        Ok(Self {
            keys,
            origin: origin.to_owned(),
        })
    }

    /// Adds the keys of another keyring.
    #[cfg(test)]
    pub fn merge(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    pub(super) fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// Where the keys come from, for errors.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_keys_are_debians() {
        let keyring = Keyring::embedded(SystemTime::now()).unwrap();
        // See keys/README.md; the subkey that signs trixie is listed by `gpg -k`.
        for fingerprint in [
            "4CB50190207B4758A3F73A796ED0E7B82643E131",
            "4D64FEC119C2029067D6E791F8D2585B8783D481",
            "B8E5F13176D2A7A75220028078DBA3BC47EF2265",
            "41587F7DB8C774BCCF131416762F67A0B2C39DE4",
        ] {
            assert!(
                keyring
                    .keys
                    .iter()
                    .any(|k| format!("{:X}", k.fingerprint()) == fingerprint),
                "{fingerprint} is not among {:?}",
                keyring
                    .keys
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
            );
        }
        assert!(keyring.origin().contains("built-in"));
    }

    #[test]
    fn unusable_keyrings_are_explained() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyring");
        let error = |path: &Path| Keyring::choose(Some(path), SystemTime::now()).unwrap_err();
        assert!(error(&path).to_string().contains("No such file"));
        for contents in [
            "",
            "no keyring",
            "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
        ] {
            fs::write(&path, contents).unwrap();
            let error = error(&path).to_string();
            assert!(
                error.contains("keyring") && error.contains("--keyring"),
                "{error}"
            );
        }
    }
}
