//! Fetching files from a mirror: over HTTP, or from a local copy.

mod http;
mod proxy;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::PathBuf,
};

use crate::{ImageError, Progress, archive::Expected, digest::Hasher};

/// Fetches files by address.
#[derive(Debug)]
pub struct Transport {
    http: http::Http,
}

/// An answer that is being received.
pub(crate) struct Body {
    reader: Box<dyn Read>,
    length: Option<u64>,
}

impl Transport {
    /// A transport that uses the proxies which the environment names.
    pub fn from_env() -> Self {
        Self {
            http: http::Http::new(&|name| std::env::var(name).ok()),
        }
    }

    fn open(&self, url: &str) -> Result<Body, ImageError> {
        match url.strip_prefix("file://") {
            Some(path) => open_file(url, path),
            None => self.http.open(url),
        }
    }

    /// Fetches a small file of unknown length into memory.
    ///
    /// # Errors
    /// Those of the transfer, and [`ImageError::Download`] past `limit` bytes.
    pub fn fetch(&self, url: &str, limit: u64) -> Result<Vec<u8>, ImageError> {
        let mut data = Vec::new();
        let mut reader = self.open(url)?.reader.take(limit.saturating_add(1));
        reader
            .read_to_end(&mut data)
            .map_err(|e| interrupted(url, &e))?;
        if data.len() as u64 > limit {
            let cause = format!("it is longer than {limit} bytes");
            return Err(ImageError::Download {
                url: url.to_owned(),
                cause,
            });
        }
        Ok(data)
    }

    /// Fetches a file of known length and digest into `out`, which must not be used
    /// after an error.
    ///
    /// # Errors
    /// Those of the transfer, and [`ImageError::Mismatch`].
    pub fn fetch_expected(
        &self,
        url: &str,
        expected: &Expected,
        out: &mut dyn Write,
        progress: &dyn Progress,
    ) -> Result<(), ImageError> {
        let mismatch = |cause| ImageError::Mismatch {
            url: url.to_owned(),
            cause,
        };
        let body = self.open(url)?;
        let wrong_size =
            |size: u64| mismatch(format!("it has {size} bytes instead of {}", expected.size));
        if let Some(length) = body.length.filter(|length| *length != expected.size) {
            return Err(wrong_size(length));
        }
        let mut out = Hasher::new(out);
        let mut received = 0;
        // One byte more shows a file that is too long, without receiving all of it.
        let mut reader = body.reader.take(expected.size.saturating_add(1));
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let chunk = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(interrupted(url, &e)),
            };
            out.write_all(chunk)
                .map_err(|e| ImageError::io("write", "the download", e))?;
            received += chunk.len() as u64;
            progress.advance(chunk.len() as u64);
        }
        if received > expected.size {
            return Err(mismatch(format!(
                "it is longer than {} bytes",
                expected.size
            )));
        }
        if received < expected.size {
            return Err(wrong_size(received));
        }
        let digest = out.finish();
        if digest != expected.sha256 {
            return Err(mismatch(format!(
                "its SHA-256 is {digest} instead of {}",
                expected.sha256
            )));
        }
        Ok(())
    }
}

fn interrupted(url: &str, error: &io::Error) -> ImageError {
    ImageError::Download {
        url: url.to_owned(),
        cause: format!("the transfer broke off: {error}"),
    }
}

fn open_file(url: &str, path: &str) -> Result<Body, ImageError> {
    let path = PathBuf::from(path);
    let open = || {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        Ok(Body {
            reader: Box::new(file),
            length: Some(length),
        })
    };
    open().map_err(|e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => ImageError::NotFound {
            url: url.to_owned(),
        },
        _ => ImageError::io("open", &path, e),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Silent, digest::Sha256};

    fn file(contents: &[u8]) -> (tempfile::NamedTempFile, String) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), contents).unwrap();
        let url = format!("file://{}", file.path().display());
        (file, url)
    }

    fn fetch(url: &str, size: u64, sha256: Sha256) -> Result<Vec<u8>, ImageError> {
        let mut out = Vec::new();
        let expected = Expected { size, sha256 };
        Transport::from_env().fetch_expected(url, &expected, &mut out, &Silent)?;
        Ok(out)
    }

    #[test]
    fn local_files_are_checked_like_any_other() {
        let (_file, url) = file(b"abc");
        assert_eq!(fetch(&url, 3, Sha256::of(b"abc")).unwrap(), b"abc");
        let error = fetch(&url, 4, Sha256::of(b"abc")).unwrap_err().to_string();
        assert!(error.contains("3 bytes instead of 4"), "{error}");
        let error = fetch(&url, 3, Sha256::of(b"abd")).unwrap_err().to_string();
        assert!(error.contains("SHA-256") && error.contains(&url), "{error}");
    }

    #[test]
    fn a_limit_holds() {
        let (_file, url) = file(b"abc");
        let transport = Transport::from_env();
        assert_eq!(transport.fetch(&url, 3).unwrap(), b"abc");
        let error = transport.fetch(&url, 2).unwrap_err().to_string();
        assert!(error.contains("longer than 2 bytes"), "{error}");
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let error = Transport::from_env()
            .fetch("file:///nonexistent/x", 1)
            .unwrap_err();
        assert!(matches!(error, ImageError::NotFound { .. }), "{error}");
        let error = Transport::from_env()
            .fetch("file:///dev/null/x", 1)
            .unwrap_err();
        assert!(matches!(error, ImageError::Io { .. }), "{error}");
    }
}
