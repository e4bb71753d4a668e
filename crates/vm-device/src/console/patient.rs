//! Streams that somebody else has made non-blocking.

use std::io::{self, Read, Write};

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

/// Waiting for a stream.
mod ready {
    /// What to wait for.
    #[derive(Clone, Copy)]
    pub enum Direction {
        /// Something to read, or the end.
        In,
        /// Room to write, or that there will never be any.
        Out,
    }

    #[cfg(not(unix))]
    pub use other::{Stream, wait};
    #[cfg(unix)]
    pub use unix::{Stream, wait};

    #[cfg(unix)]
    mod unix {
        use std::{io, os::fd::AsFd, thread, time::Duration};

        use rustix::{
            event::{PollFd, PollFlags, poll},
            io::Errno,
        };

        use super::Direction;

        /// A terminal can be ready by poll(2)'s rules and yet refuse what takes two
        /// columns, such as a line's end, when it has room for one.
        const BACK_OFF: Duration = Duration::from_millis(1);

        /// What can be waited for.
        pub trait Stream: AsFd {}
        impl<S: AsFd> Stream for S {}

        pub fn wait(stream: &impl Stream, direction: Direction) -> io::Result<()> {
            thread::sleep(BACK_OFF);
            let flags = match direction {
                Direction::In => PollFlags::IN,
                Direction::Out => PollFlags::OUT,
            };
            match poll(&mut [PollFd::new(stream, flags)], None) {
                Ok(_) | Err(Errno::INTR) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }
    }

    #[cfg(not(unix))]
    mod other {
        use std::{io, thread, time::Duration};

        use super::Direction;

        /// What can be waited for.
        pub trait Stream {}
        impl<S> Stream for S {}

        /// Standard streams are never non-blocking here.
        pub fn wait(_: &impl Stream, _: Direction) -> io::Result<()> {
            thread::sleep(Duration::from_millis(10));
            Ok(())
        }
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
