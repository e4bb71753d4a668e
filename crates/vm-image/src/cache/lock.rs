//! One process at a time changes a cache.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use crate::ImageError;

/// The lock on a cache's images, until it is dropped or the process ends.
#[derive(Debug)]
pub struct CacheLock {
    _file: File,
}

impl CacheLock {
    /// Waits for the lock on the directory, which is created if need be; calls `waiting`
    /// if another process has it.
    ///
    /// # Errors
    /// [`ImageError::Io`].
    pub fn acquire(images: &Path, waiting: impl FnOnce()) -> Result<Self, ImageError> {
        fs::create_dir_all(images).map_err(|e| ImageError::cache(images, e))?;
        let path = images.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| ImageError::cache(images, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock().map_err(|e| ImageError::io("lock", &path, e))?;
            }
            Err(TryLockError::Error(e)) => return Err(ImageError::io("lock", &path, e)),
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use vm_testing::within;

    use super::*;

    #[test]
    fn the_second_waits_for_the_first() {
        within("both locks", || {
            let dir = tempfile::tempdir().unwrap();
            let images = dir.path().join("images");
            let first = CacheLock::acquire(&images, || panic!("nobody else has it")).unwrap();
            let (sender, receiver) = mpsc::channel();
            std::thread::scope(|scope| {
                let waiter = scope
                    .spawn(|| CacheLock::acquire(&images, || sender.send(()).unwrap()).map(drop));
                receiver.recv().unwrap();
                drop(first);
                waiter.join().unwrap().unwrap();
            });
        });
    }

    #[test]
    fn an_impossible_directory_is_named() {
        let error = CacheLock::acquire(Path::new("/dev/null/x"), || ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("/dev/null/x"), "{error}");
        assert!(error.contains("XDG_CACHE_HOME"), "{error}");
    }
}
