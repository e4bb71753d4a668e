//! SHA-256 digests, and readers and writers that compute them on the way.

use std::{fmt, fs::File, io, path::Path};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::ImageError;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of `data`.
    pub fn of(data: &[u8]) -> Self {
        Self(sha2::Sha256::digest(data).into())
    }

    /// The digest of a file's contents.
    pub fn of_file(path: &Path) -> Result<Self, ImageError> {
        let mut file = File::open(path).map_err(|e| ImageError::io("open", path, e))?;
        let mut hasher = Hasher::new(io::sink());
        io::copy(&mut file, &mut hasher).map_err(|e| ImageError::io("read", path, e))?;
        Ok(hasher.finish())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hex, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Sha256 {
    type Error = String;

    fn try_from(hex: String) -> Result<Self, String> {
        Self::parse(&hex).ok_or_else(|| format!("`{hex}` is no SHA-256 digest (64 hex digits)"))
    }
}

/// A writer that hashes what passes through.
pub struct Hasher<W> {
    inner: W,
    state: sha2::Sha256,
}

impl<W: io::Write> Hasher<W> {
    /// Passes everything on to `inner`.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            state: sha2::Sha256::new(),
        }
    }

    /// The digest of everything written.
    pub fn finish(self) -> Sha256 {
        Sha256(self.state.finalize().into())
    }
}

impl<W: io::Write> io::Write for Hasher<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.state.update(data.get(..written).unwrap_or(data));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    // FIPS 180-4's example.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn known_answer() {
        assert_eq!(Sha256::of(b"abc").to_string(), ABC);
        let mut hasher = Hasher::new(Vec::new());
        hasher.write_all(b"a").unwrap();
        hasher.write_all(b"bc").unwrap();
        hasher.flush().unwrap();
        assert_eq!(hasher.inner, b"abc");
        assert_eq!(Some(hasher.finish()), Sha256::parse(ABC));
    }

    #[test]
    fn only_64_hex_digits_parse() {
        assert_eq!(Sha256::parse(&ABC[2..]), None);
        assert_eq!(Sha256::parse(&ABC.replace('b', "g")), None);
        let json = serde_json::to_string(&Sha256::of(b"abc")).unwrap();
        assert_eq!(
            serde_json::from_str::<Sha256>(&json).unwrap(),
            Sha256::of(b"abc")
        );
        let error = serde_json::from_str::<Sha256>("\"12\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("`12`"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Sha256::of_file(Path::new("/nonexistent/file"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/nonexistent/file"), "{error}");
    }
}
