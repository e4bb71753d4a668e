//! System calls of bare-metal programs.
//!
//! Programs may print and end. The host's files are out of their reach: every
//! other call fails with "not implemented".

use vm_core::{AccessSize, GuestPhysAddr};
use vm_mem::GuestRam;

/// System call numbers of RISC-V Linux, which such programs use.
const WRITE: u64 = 64;
const EXIT: u64 = 93;

/// Error numbers, negated.
const EBADF: i64 = -9;
const EFAULT: i64 = -14;
const ENOSYS: i64 = -38;

/// The most that one call prints; the caller asks again for the rest.
const MAX_WRITE: u64 = 64 << 10;

/// What a system call asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Print these bytes, then answer with their number.
    Print(Vec<u8>),
    /// The program has ended.
    Exit {
        /// 0 for success.
        code: u64,
    },
    /// Answer with this number.
    Answer(i64),
}

/// Reads the call at `block`: a number and seven arguments. `None` if that is
/// not RAM.
pub(super) fn read(ram: &GuestRam, block: u64) -> Option<Request> {
    let word = |index: u64| {
        let addr = GuestPhysAddr(block.wrapping_add(8 * index));
        ram.load(addr, AccessSize::Double)
    };
    let (number, first, second, third) = (word(0)?, word(1)?, word(2)?, word(3)?);
    Some(match number {
        WRITE => write(ram, first, second, third),
        EXIT => Request::Exit { code: first },
        _ => Request::Answer(ENOSYS),
    })
}

fn write(ram: &GuestRam, file: u64, addr: u64, len: u64) -> Request {
    if !matches!(file, 1 | 2) {
        return Request::Answer(EBADF);
    }
    let mut bytes = vec![0; len.min(MAX_WRITE) as usize];
    match ram.read(GuestPhysAddr(addr), &mut bytes) {
        Ok(()) => Request::Print(bytes),
        Err(_) => Request::Answer(EFAULT),
    }
}

/// Stores the result of the call at `block`, which is where its number was.
pub(super) fn answer(ram: &GuestRam, block: u64, result: i64) {
    // The call was read from there, so it is RAM.
    let _ = ram.store(GuestPhysAddr(block), AccessSize::Double, result as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x8000_0000;

    fn call(words: [u64; 4]) -> Option<Request> {
        let ram = GuestRam::new(&[(GuestPhysAddr(BASE), 0x1000)]).unwrap();
        ram.write(GuestPhysAddr(BASE + 0x100), b"hello").unwrap();
        for (index, word) in words.into_iter().enumerate() {
            let addr = GuestPhysAddr(BASE + 8 * index as u64);
            ram.store(addr, AccessSize::Double, word).unwrap();
        }
        read(&ram, BASE)
    }

    #[test]
    fn prints_from_memory() {
        let print = call([WRITE, 1, BASE + 0x100, 5]);
        assert_eq!(print, Some(Request::Print(b"hello".to_vec())));
        assert_eq!(call([WRITE, 3, BASE, 5]), Some(Request::Answer(EBADF)));
        assert_eq!(call([WRITE, 1, 0, 5]), Some(Request::Answer(EFAULT)));
        assert_eq!(
            call([WRITE, 1, BASE, u64::MAX]),
            Some(Request::Answer(EFAULT))
        );
    }

    #[test]
    fn other_calls_end_or_fail() {
        assert_eq!(call([EXIT, 3, 0, 0]), Some(Request::Exit { code: 3 }));
        assert_eq!(call([56, 0, 0, 0]), Some(Request::Answer(ENOSYS)));
    }

    #[test]
    fn a_block_outside_of_memory_is_ignored() {
        let ram = GuestRam::new(&[(GuestPhysAddr(BASE), 0x1000)]).unwrap();
        assert_eq!(read(&ram, BASE + 0xff8), None);
        assert_eq!(read(&ram, u64::MAX), None);
    }
}
