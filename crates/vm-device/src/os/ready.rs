//! Waiting for a stream.

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
