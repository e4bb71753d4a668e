//! The standard streams, as bytes.
//!
//! The library's own turn what a console is given into UTF-16, refuse what is not
//! UTF-8, and end the input at Ctrl-Z; a guest may print and be sent anything.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::windows::io::AsHandle,
};

use windows_sys::Win32::System::Console::STD_INPUT_HANDLE;

use super::console;

/// Characters that are read at a time.
const UNITS: usize = 1024;

pub fn stdin() -> io::Result<Box<dyn Read + Send>> {
    if console::mode(STD_INPUT_HANDLE).is_some() {
        return Ok(Box::new(Keys::default()));
    }
    Ok(Box::new(file(io::stdin())?))
}

pub fn stdout() -> io::Result<impl Write + Send> {
    file(io::stdout())
}

pub fn stderr() -> io::Result<impl Write + Send> {
    file(io::stderr())
}

fn file(stream: impl AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}

/// What is typed, as UTF-8.
#[derive(Default)]
struct Keys {
    /// Bytes that are still to be taken, the next one last.
    pending: Vec<u8>,
    /// The first half of a character.
    half: Option<u16>,
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.pending.is_empty() {
            let mut text = [0; UNITS];
            let count = console::read(STD_INPUT_HANDLE, &mut text)?;
            if count == 0 {
                return Ok(0);
            }
            self.add(text.get(..count).unwrap_or_default());
        }
        let count = buffer.len().min(self.pending.len());
        let taken = self.pending.drain(self.pending.len() - count..).rev();
        for (to, byte) in buffer.iter_mut().zip(taken) {
            *to = byte;
        }
        Ok(count)
    }
}

impl Keys {
    fn add(&mut self, text: &[u16]) {
        let mut units: Vec<u16> = self.half.take().into_iter().collect();
        units.extend(text);
        let is_half = |unit: &u16| (0xd800..0xdc00).contains(unit);
        self.half = units.pop_if(|unit| is_half(unit));
        let mut bytes = String::from_utf16_lossy(&units).into_bytes();
        bytes.reverse();
        self.pending = bytes;
    }
}
