//! Fetching files from a mirror: over HTTP, or from a local copy.

mod http;
mod proxy;

use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom, Write},
    path::PathBuf,
};

use crate::{ImageError, Progress, archive::Expected, digest::Hasher};

/// How often a transfer that breaks off is taken up again.
const RESUMPTIONS: u32 = 4;

/// Fetches files by address.
#[derive(Debug)]
pub struct Transport {
    http: http::Http,
}

/// An answer that is being received.
pub(crate) struct Body {
    reader: Box<dyn Read>,
    /// The length of the whole file, if it is known.
    length: Option<u64>,
}

impl Transport {
    /// A transport that uses the proxies which the environment names.
    pub fn from_env() -> Self {
        Self {
            http: http::Http::new(&|name| std::env::var(name).ok()),
        }
    }

    /// Opens a file from the byte at `offset` on.
    fn open(&self, url: &str, offset: u64) -> Result<Body, ImageError> {
        match url.strip_prefix("file://") {
            Some(path) => open_file(url, path, offset),
            None => self.http.open(url, offset),
        }
    }

    /// Fetches a small file of unknown length into memory.
    ///
    /// # Errors
    /// Those of the transfer, and [`ImageError::Download`] past `limit` bytes.
    pub fn fetch(&self, url: &str, limit: u64) -> Result<Vec<u8>, ImageError> {
        let mut data = Vec::new();
        let mut reader = self.open(url, 0)?.reader.take(limit.saturating_add(1));
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
    /// after an error. A transfer that breaks off is taken up where it did.
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
        let mut transfer = Transfer {
            url,
            expected,
            out: Hasher::new(out),
            progress,
            received: 0,
        };
        let mut resumptions = 0;
        loop {
            let before = transfer.received;
            let body = self.open(url, before)?;
            match transfer.receive(body) {
                Err(ImageError::Download { cause, .. })
                    if transfer.received > before && resumptions < RESUMPTIONS =>
                {
                    resumptions += 1;
                    tracing::debug!(url, received = transfer.received, "resuming: {cause}");
                }
                other => {
                    other?;
                    return transfer.check();
                }
            }
        }
    }
}

/// A file of known length on its way.
struct Transfer<'a> {
    url: &'a str,
    expected: &'a Expected,
    out: Hasher<&'a mut dyn Write>,
    progress: &'a dyn Progress,
    received: u64,
}

impl Transfer<'_> {
    /// Receives what is left of the file.
    fn receive(&mut self, body: Body) -> Result<(), ImageError> {
        if let Some(length) = body.length.filter(|length| *length != self.expected.size) {
            return Err(self.wrong_size(length));
        }
        // One byte more shows a file that is too long, without receiving all of it.
        let rest = self
            .expected
            .size
            .saturating_sub(self.received)
            .saturating_add(1);
        let mut reader = body.reader.take(rest);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let chunk = match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(interrupted(self.url, &e)),
            };
            self.out
                .write_all(chunk)
                .map_err(|e| ImageError::io("write", "the download", e))?;
            self.received += chunk.len() as u64;
            self.progress.advance(chunk.len() as u64);
        }
    }

    fn check(self) -> Result<(), ImageError> {
        if self.received > self.expected.size {
            return Err(self.mismatch(format!("it is longer than {} bytes", self.expected.size)));
        }
        if self.received < self.expected.size {
            return Err(self.wrong_size(self.received));
        }
        let (url, expected) = (self.url.to_owned(), self.expected.sha256);
        let digest = self.out.finish();
        if digest != expected {
            let cause = format!("its SHA-256 is {digest} instead of {expected}");
            return Err(ImageError::Mismatch { url, cause });
        }
        Ok(())
    }

    fn wrong_size(&self, size: u64) -> ImageError {
        self.mismatch(format!(
            "it has {size} bytes instead of {}",
            self.expected.size
        ))
    }

    fn mismatch(&self, cause: String) -> ImageError {
        ImageError::Mismatch {
            url: self.url.to_owned(),
            cause,
        }
    }
}

fn interrupted(url: &str, error: &io::Error) -> ImageError {
    ImageError::Download {
        url: url.to_owned(),
        cause: format!("the transfer broke off: {error}"),
    }
}

fn open_file(url: &str, path: &str, offset: u64) -> Result<Body, ImageError> {
    let path = PathBuf::from(path);
    let open = || {
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(offset))?;
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
    use crate::{
        Silent,
        digest::Sha256,
        testing::server::{Mood, Server},
    };

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

    fn served(contents: &[u8], mood: Mood) -> (tempfile::TempDir, Server) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), contents).unwrap();
        let server = Server::start(dir.path(), mood);
        (dir, server)
    }

    #[test]
    fn broken_transfers_are_taken_up_again() {
        let contents: Vec<u8> = (0u32..1000).flat_map(u32::to_le_bytes).collect();
        let sha256 = Sha256::of(&contents);
        let (_dir, server) = served(&contents, Mood::Flaky);
        let fetched = fetch(&format!("{}/file", server.url()), 4000, sha256).unwrap();
        assert_eq!(fetched, contents);
        let requests = server.requests();
        // 4000 bytes, of which a third arrives; then a third of the rest, and so on.
        let ranges: Vec<_> = requests.iter().filter(|r| r.contains("ytes=")).collect();
        assert_eq!(ranges.len(), 4, "{requests:?}");
        assert!(ranges[0].ends_with("bytes=1333-"), "{requests:?}");

        let (_dir, server) = served(&contents, Mood::Forgetful);
        let fetched = fetch(&format!("{}/file", server.url()), 4000, sha256).unwrap();
        assert_eq!(fetched, contents);
    }

    #[test]
    fn a_transfer_that_never_ends_well_is_given_up() {
        let contents = vec![7; 100_000];
        for mood in [Mood::Flaky, Mood::Interrupted] {
            let (_dir, server) = served(&contents, mood);
            let error = fetch(
                &format!("{}/file", server.url()),
                100_000,
                Sha256::of(&contents),
            );
            let error = error.unwrap_err().to_string();
            assert!(error.contains("broke off"), "{error}");
            assert!(server.requests().len() < 20);
        }
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
