//! The map that lets Linux's `perf` name generated code: see the kernel's
//! `tools/perf/Documentation/jit-interface.txt`.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    ops::Range,
    path::PathBuf,
    process,
    sync::Arc,
};

use parking_lot::Mutex;
use vm_engine::observe::{CodeListener, HostCodeKind};

use super::GuestSymbols;
use crate::config::Setting;

/// A file with a line for each piece of generated code: `START SIZE name`.
///
/// Code at an address that was used before comes later in the file. That it
/// cannot be written is a warning: the guest runs on.
pub(super) struct PerfMap {
    path: PathBuf,
    /// `None` once writing has failed.
    file: Mutex<Option<BufWriter<File>>>,
    symbols: Arc<GuestSymbols>,
}

impl PerfMap {
    pub(super) fn new(symbols: Arc<GuestSymbols>) -> Self {
        // Where `perf` looks; no other place would do.
        let path = PathBuf::from(format!("/tmp/perf-{}.map", process::id()));
        let map = Self {
            file: Mutex::new(None),
            path,
            symbols,
        };
        match File::create(&map.path) {
            Ok(file) => *map.file.lock() = Some(BufWriter::new(file)),
            Err(error) => map.warn(&error),
        }
        map
    }

    pub(super) fn flush(&self) {
        self.write(|file| file.flush());
    }

    fn write(&self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        let mut file = self.file.lock();
        let result = file.as_mut().map_or(Ok(()), write);
        if let Err(error) = result {
            self.warn(&error);
            *file = None;
        }
    }

    fn warn(&self, error: &io::Error) {
        let path = self.path.display();
        tracing::warn!(
            "{}: {path} cannot be written, and `perf` names no guest code: {error}",
            Setting::PerfMap
        );
    }
}

impl CodeListener for PerfMap {
    fn code_made(&self, host: Range<usize>, kind: HostCodeKind<'_>) {
        self.write(|file| {
            write!(file, "{:x} {:x} ", host.start, host.len())?;
            match kind {
                HostCodeKind::Runtime(name) => writeln!(file, "trine:{name}"),
                HostCodeKind::Block { pc, .. } => match self.symbols.name(pc) {
                    Some(name) => writeln!(file, "guest:{name}"),
                    None => writeln!(file, "guest:{pc:#x}"),
                },
            }
        });
    }
}
