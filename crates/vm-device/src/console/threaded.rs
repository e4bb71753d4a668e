//! Console output written by a thread of its own.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::{ConsoleOutput, ReadyCallback};

/// Bytes held while the writer is busy.
const CAPACITY: usize = 64 * 1024;
/// How long dropping an output waits for a writer that does not take more.
const DROP_PATIENCE: Duration = Duration::from_secs(1);

/// Writes console output to any [`Write`], a terminal, pipe or file, from its
/// own thread, so that a slow reader never stops a vCPU.
///
/// Dropping it writes out what it still holds, unless the writer is stuck.
pub struct ThreadedOutput {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something for the thread to do.
    work: Condvar,
    /// The thread has written everything.
    idle: Condvar,
}

#[derive(Default)]
struct State {
    pending: VecDeque<u8>,
    /// The thread is writing bytes that have left `pending`.
    writing: bool,
    /// How many bytes the writer has taken.
    written: u64,
    /// Why the writer takes no more.
    failure: Option<Arc<io::Error>>,
    /// Somebody was offered less room than wanted.
    starved: bool,
    stop: bool,
    /// Nobody waits for the writer any more.
    abandoned: bool,
    ready: Option<ReadyCallback>,
}

impl ThreadedOutput {
    /// Starts the thread that writes to `writer`. If writing fails, for
    /// instance because a pipe was closed, later output is dropped.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn new(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("console".into())
            .spawn(move || for_thread.run(writer))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Waits until everything is written, at most for `patience`. Returns
    /// whether it was.
    pub fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.shared.state.lock();
        while state.writing || !state.pending.is_empty() {
            if self
                .shared
                .idle
                .wait_until(&mut state, deadline)
                .timed_out()
            {
                return false;
            }
        }
        true
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> u64 {
        self.shared.state.lock().written
    }

    /// Why nothing is written any more, if that is so.
    pub fn failure(&self) -> Option<Arc<io::Error>> {
        self.shared.state.lock().failure.clone()
    }

    /// Drops what is not written yet. Dropping the output does not wait any more.
    pub fn abandon(&self) {
        let mut state = self.shared.state.lock();
        state.abandoned = true;
        state.pending.clear();
    }
}

impl ConsoleOutput for ThreadedOutput {
    fn try_write(&self, bytes: &[u8]) -> usize {
        let mut state = self.shared.state.lock();
        if state.abandoned {
            return bytes.len();
        }
        let taken = bytes.len().min(CAPACITY - state.pending.len());
        state.starved |= taken < bytes.len();
        state.pending.extend(&bytes[..taken]);
        drop(state);
        self.shared.work.notify_one();
        taken
    }

    fn on_ready(&self, callback: ReadyCallback) {
        self.shared.state.lock().ready = Some(callback);
    }
}

impl Drop for ThreadedOutput {
    fn drop(&mut self) {
        let abandoned = {
            let mut state = self.shared.state.lock();
            state.stop = true;
            state.abandoned
        };
        self.shared.work.notify_one();
        let patience = if abandoned {
            Duration::ZERO
        } else {
            DROP_PATIENCE
        };
        // A thread stuck in the writer is left behind rather than waited for.
        if self.flush(patience)
            && let Some(thread) = self.thread.take()
        {
            // A panic in the writer has already been reported on stderr.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, mut writer: impl Write) {
        let mut state = self.state.lock();
        loop {
            if state.pending.is_empty() {
                if state.stop {
                    return;
                }
                self.work.wait(&mut state);
                continue;
            }
            self.write_pending(&mut state, &mut writer);
        }
    }

    /// Writes what is pending, without the lock.
    fn write_pending(&self, state: &mut MutexGuard<'_, State>, writer: &mut impl Write) {
        let bytes: Vec<u8> = std::mem::take(&mut state.pending).into();
        let starved = std::mem::take(&mut state.starved);
        let ready = state.ready.clone().filter(|_| starved);
        let failed = state.failure.is_some();
        state.writing = true;
        let result = MutexGuard::unlocked(state, || {
            if let Some(ready) = ready {
                ready();
            }
            if failed {
                return Ok(());
            }
            self.write_all(&bytes, writer).inspect_err(|error| {
                tracing::warn!(%error, "console output cannot be written and is dropped from now on");
            })
        });
        state.writing = false;
        if let Err(error) = result {
            state.failure = Some(Arc::new(error));
        }
        if state.pending.is_empty() {
            self.idle.notify_all();
        }
    }

    /// As [`Write::write_all`] does it, and tells of each part.
    fn write_all(&self, mut bytes: &[u8], writer: &mut impl Write) -> io::Result<()> {
        while !bytes.is_empty() {
            match writer.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => {
                    bytes = bytes.get(taken..).unwrap_or_default();
                    self.state.lock().written += taken as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use vm_testing::within;

    use super::*;

    /// Passes each write on, after waiting for permission.
    struct Gated {
        permission: mpsc::Receiver<()>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.permission.recv().map_err(io::Error::other)?;
            self.written
                .send(bytes.to_vec())
                .map_err(io::Error::other)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (ThreadedOutput, mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>) {
        let (allow, permission) = mpsc::channel();
        let (written, seen) = mpsc::channel();
        let output = ThreadedOutput::new(Gated {
            permission,
            written,
        })
        .unwrap();
        (output, allow, seen)
    }

    #[test]
    fn writes_everything_in_order() {
        let (output, allow, seen) = gated();
        for _ in 0..100 {
            allow.send(()).unwrap();
        }
        for i in 0..100u8 {
            assert_eq!(output.try_write(&[i]), 1);
        }
        assert!(output.flush(Duration::MAX / 4));
        drop(output);
        let all: Vec<u8> = seen.try_iter().flatten().collect();
        assert_eq!(all, (0..100).collect::<Vec<u8>>());
    }

    #[test]
    fn a_slow_reader_never_blocks_and_room_is_announced() {
        let (output, allow, seen) = gated();
        let (ready, is_ready) = mpsc::channel();
        output.on_ready(Arc::new(move || ready.send(()).unwrap()));
        let mut accepted = 0;
        // The thread may take one batch before it waits: then there is room once more.
        while output.try_write(&[7; 1000]) == 1000 {
            accepted += 1000;
        }
        assert!(accepted <= 2 * CAPACITY);
        assert!(!output.flush(Duration::ZERO));
        for _ in 0..4 {
            allow.send(()).unwrap();
        }
        is_ready.recv().unwrap();
        assert!(output.flush(Duration::from_secs(3600)));
        assert!(seen.try_iter().flatten().count() >= accepted);
        assert_eq!(output.try_write(&[7; 1000]), 1000);
    }

    #[test]
    fn output_after_a_failure_is_dropped() {
        let (output, allow, seen) = gated();
        drop(allow);
        assert_eq!(output.try_write(b"lost"), 4);
        assert!(output.flush(Duration::from_secs(3600)));
        assert_eq!(output.failure().unwrap().kind(), io::ErrorKind::Other);
        assert_eq!(output.written(), 0);
        assert_eq!(output.try_write(b"lost too"), 8);
        drop(output);
        assert_eq!(seen.try_iter().count(), 0);
    }

    #[test]
    fn an_abandoned_writer_is_not_waited_for() {
        let (output, allow, seen) = gated();
        assert_eq!(output.try_write(b"stuck"), 5);
        assert!(!output.flush(Duration::ZERO));
        output.abandon();
        assert_eq!(output.try_write(&[7; 2 * CAPACITY]), 2 * CAPACITY);
        // The writer is stuck until the end of this test.
        within("dropping it", || drop(output));
        drop(allow);
        let written = within("the thread's end", move || seen.iter().count());
        assert_eq!(written, 0);
    }
}
