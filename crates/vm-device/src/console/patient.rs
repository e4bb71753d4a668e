//! Streams that somebody else has made non-blocking.

use std::io::{self, Read, Write};

use crate::os::ready;

/// A stream that waits where it would have to, also if it is non-blocking.
///
/// Whether a standard stream is non-blocking belongs to the open file, which
/// this process shares with its parent and with whatever else was given it. Any
/// of them may change that at any time.
pub struct Patient<S>(S);

impl<S> Patient<S> {
    /// A patient form of `stream`.
    pub const fn new(stream: S) -> Self {
        Self(stream)
    }

    /// Has the stream done `action`, as soon as it is ready.
    fn wait<T>(
        &mut self,
        direction: ready::Direction,
        mut action: impl FnMut(&mut S) -> io::Result<T>,
    ) -> io::Result<T>
    where
        S: ready::Stream,
    {
        loop {
            match action(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready::wait(&self.0, direction)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl<S: Read + ready::Stream> Read for Patient<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(ready::Direction::In, |stream| stream.read(buffer))
    }
}

impl<S: Write + ready::Stream> Write for Patient<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(ready::Direction::Out, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait(ready::Direction::Out, S::flush)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{os::unix::net::UnixStream, thread};

    use super::*;

    #[test]
    fn what_a_non_blocking_stream_refuses_is_tried_again() {
        let (near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = Patient::new(near);
        // More than a socket holds: the writer has to wait for the reader.
        let data: Vec<u8> = (0..1u32 << 20).map(|n| n as u8).collect();
        let echo = thread::spawn(move || {
            let mut seen = vec![0; 1 << 20];
            far.read_exact(&mut seen).unwrap();
            far.write_all(&seen).unwrap();
        });
        near.write_all(&data).unwrap();
        let mut back = vec![0; data.len()];
        near.read_exact(&mut back).unwrap();
        echo.join().unwrap();
        assert!(back == data);
    }

    #[test]
    fn the_end_of_a_stream_is_not_waited_for() {
        let (near, far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut near = Patient::new(near);
        drop(far);
        assert_eq!(near.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(
            near.write_all(b"x").unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
    }
}
