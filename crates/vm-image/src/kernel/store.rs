//! Where modules wait, compressed, until it is known which are needed.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{ImageError, package};

/// More than the largest module unpacks to.
const MAX_MODULE: u64 = 64 << 20;

/// All modules of a package, in a file without a name that vanishes with the store.
#[derive(Debug)]
pub struct ModuleStore {
    file: File,
    /// Where that is.
    scratch: PathBuf,
    end: u64,
    entries: HashMap<String, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    path: String,
    compression: String,
    offset: u64,
    length: u64,
}

/// The name a module goes by: that of its file, with `_` for `-`.
pub fn module_name(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    let (stem, _) = file.split_once(".ko")?;
    Some(stem.replace('-', "_"))
}

impl ModuleStore {
    /// An empty store with its file in the directory `scratch`.
    pub fn new(scratch: &Path) -> Result<Self, ImageError> {
        let file = tempfile::tempfile_in(scratch)
            .map_err(|e| ImageError::io("create a temporary file in", scratch, e))?;
        Ok(Self {
            file,
            scratch: scratch.to_owned(),
            end: 0,
            entries: HashMap::new(),
        })
    }

    /// Adds a module, or ignores a file that is none.
    pub fn add(&mut self, path: &str, contents: &mut dyn Read) -> Result<(), ImageError> {
        let Some(name) = module_name(path) else {
            return Ok(());
        };
        let (stem, compression) = path.rsplit_once(".ko").unwrap_or((path, ""));
        let length = package::copy(contents, &mut self.file)
            .map_err(|e| e.explain(format!("module {path}"), &self.scratch))?;
        let entry = Entry {
            path: format!("{stem}.ko"),
            compression: compression.to_owned(),
            offset: self.end,
            length,
        };
        self.end += length;
        self.entries.insert(name, entry);
        Ok(())
    }

    /// Path and uncompressed contents of a module, if there is one of that name.
    pub fn read(&mut self, name: &str) -> Result<Option<(String, Vec<u8>)>, ImageError> {
        let Some(entry) = self.entries.get(name).cloned() else {
            return Ok(None);
        };
        let file = &mut self.file;
        let mut unpack = || {
            file.seek(SeekFrom::Start(entry.offset))?;
            let mut data = Vec::new();
            package::decompress(&entry.compression, file.take(entry.length))?
                .take(MAX_MODULE + 1)
                .read_to_end(&mut data)?;
            if data.len() as u64 > MAX_MODULE {
                let cause = format!("it unpacks to more than {MAX_MODULE} bytes");
                return Err(io::Error::other(cause));
            }
            Ok(data)
        };
        let data = unpack().map_err(|e: io::Error| {
            ImageError::malformed(format!("module {}{}", entry.path, entry.compression), e)
        })?;
        Ok(Some((entry.path, data)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn store() -> ModuleStore {
        ModuleStore::new(&std::env::temp_dir()).unwrap()
    }

    #[test]
    fn modules_come_back_uncompressed() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"second").unwrap();
        let gz = gz.finish().unwrap();
        let mut store = store();
        store.add("kernel/a/x-y.ko", &mut &b"first"[..]).unwrap();
        store.add("kernel/a/README", &mut &b"ignored"[..]).unwrap();
        store.add("kernel/b/z.ko.gz", &mut gz.as_slice()).unwrap();
        let found = store.read("z").unwrap().unwrap();
        assert_eq!(found, ("kernel/b/z.ko".to_owned(), b"second".to_vec()));
        let found = store.read("x_y").unwrap().unwrap();
        assert_eq!(found, ("kernel/a/x-y.ko".to_owned(), b"first".to_vec()));
        assert!(store.read("README").unwrap().is_none());
    }

    #[test]
    fn damaged_and_unknown_compression_is_named() {
        let mut store = store();
        store.add("kernel/bad.ko.xz", &mut &b"no xz"[..]).unwrap();
        store.add("kernel/odd.ko.br", &mut &b""[..]).unwrap();
        let error = store.read("bad").unwrap_err().to_string();
        assert!(error.contains("kernel/bad.ko.xz"), "{error}");
        let error = store.read("odd").unwrap_err().to_string();
        assert!(error.contains("`.br`"), "{error}");
    }

    #[test]
    fn no_module_is_cut_short() {
        let mut store = store();
        let whole = vec![0; MAX_MODULE as usize + 1];
        store.add("kernel/whole.ko", &mut &whole[1..]).unwrap();
        store.add("kernel/huge.ko", &mut &whole[..]).unwrap();
        let (_, data) = store.read("whole").unwrap().unwrap();
        assert_eq!(data.len() as u64, MAX_MODULE);
        let error = store.read("huge").map(drop).unwrap_err().to_string();
        assert!(error.contains("kernel/huge.ko"), "{error}");
    }

    #[test]
    fn a_full_disk_is_not_the_modules_fault() {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            return;
        };
        let mut store = store();
        store.file = full;
        let error = store.add("kernel/a.ko", &mut &b"data"[..]).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("cannot write "), "{error}");
    }

    #[test]
    fn a_missing_scratch_directory_is_named() {
        let error = ModuleStore::new(Path::new("/nonexistent"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("/nonexistent"), "{error}");
    }
}
