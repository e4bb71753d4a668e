//! An HTTP server on this machine.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// Serves the files of a directory until the process ends.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// How the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// Breaks off in the middle of every file.
    Interrupted,
    /// Breaks off after a third of what was asked for, but knows ranges.
    Flaky,
    /// Breaks off the first time, and knows no ranges.
    Forgetful,
    /// Always with this status.
    Status(u16),
}

impl Server {
    /// Starts to serve `root`.
    pub fn start(root: &Path, mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (root, log) = (root.to_owned(), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &root, mood, &log);
            }
        });
        Self { address, requests }
    }

    /// The server's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far: their first lines, and those about ranges and proxies.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, root: &Path, mood: Mood, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let again = log.lock().unwrap().contains(&request);
    let noted = |header: &&String| {
        ["range", "proxy-auth"]
            .iter()
            .any(|name| header.to_lowercase().starts_with(name))
    };
    log.lock().unwrap().extend(
        [&request]
            .into_iter()
            .chain(headers.iter().filter(noted))
            .cloned(),
    );
    let offset = headers
        .iter()
        .find_map(|h| range_start(h))
        .filter(|_| mood == Mood::Flaky);
    let file = path_of(&request, root).and_then(|path| fs::read(path).ok());
    let (status, body) = match (mood, file) {
        (Mood::Status(status), _) => (status, Vec::new()),
        (_, Some(body)) if offset.is_some() => (206, body[offset.unwrap_or(0)..].to_vec()),
        (_, Some(body)) => (200, body),
        (_, None) => (404, Vec::new()),
    };
    let length = body.len();
    let sent = match mood {
        Mood::Interrupted => length / 2,
        Mood::Flaky if length > 1000 => length / 3,
        Mood::Forgetful if !again => length / 2,
        _ => length,
    };
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // The client may hang up when it has seen enough.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body[..sent]));
}

/// The number in `Range: bytes=N-`.
fn range_start(header: &str) -> Option<usize> {
    let (name, value) = header.split_once(':')?;
    let range = value
        .trim()
        .strip_prefix("bytes=")
        .filter(|_| name.eq_ignore_ascii_case("range"))?;
    range.strip_suffix('-')?.parse().ok()
}

/// The file that `GET target HTTP/1.1` names, be the target a path or an address.
fn path_of(request: &str, root: &Path) -> Option<PathBuf> {
    let target = request.split(' ').nth(1)?;
    let path = match target.strip_prefix("http://") {
        Some(rest) => rest.split_once('/')?.1,
        None => target.strip_prefix('/')?,
    };
    Some(root.join(path))
}
