//! Where a case's memory is.
//!
//! The pages of RAM have numbers from 0. Translated, page `n` is at
//! [`VIRTUAL`]` + n * 4096` with the permissions of its purpose; again, for fetches
//! through another address, [`EXEC_ALIAS`] further; and [`WRITE_ALIAS`] further
//! writable, not executable. S-mode handlers run at physical addresses.

use std::ops::Range;

/// Physical address of RAM.
pub const RAM: u64 = 0x8000_0000;
/// Bytes of RAM.
pub const RAM_BYTES: u64 = 24 * PAGE;
/// Bytes of a page.
pub const PAGE: u64 = 0x1000;
/// Virtual address of page 0.
pub const VIRTUAL: u64 = 0x4000_0000;
/// From a virtual address to another of the same code.
pub const EXEC_ALIAS: u64 = 0x8_0000;
/// From a virtual address to a writable one.
pub const WRITE_ALIAS: u64 = 0x10_0000;
/// Number of the virtual page that is a device's.
pub const DEVICE_PAGE: u64 = 0x1f0;

/// Physical address of a device that keeps what is stored to its page.
pub const DEVICE: u64 = 0x1000_0000;
/// A store here drops all interrupt lines.
pub const ACKNOWLEDGE: u64 = 0x1000_1000;

/// Page of the handlers' contexts; before it are the reset code and the handlers.
pub const CONTEXT: u64 = 2;
/// Page of the state in which the code starts.
pub const START: u64 = 3;
/// Pages of the two root tables.
pub const ROOTS: [u64; 2] = [4, 5];
/// Pages of the two last-level tables; what they were at first is in [`GOOD`].
pub const TABLES: [u64; 2] = [6, 7];
/// Pages of copies of the last-level tables.
pub const GOOD: [u64; 2] = [13, 14];
/// Pages of middle tables.
pub const MIDDLES: [u64; 2] = [15, 16];
/// Pages of code: two with the main program, two with functions.
pub const CODE: Range<u64> = 8..12;
/// Page of functions, the second half of which is data.
pub const MIXED: u64 = 12;
/// Pages of data.
pub const DATA: Range<u64> = 17..24;

/// Bytes of a function, at most; it starts at a multiple.
pub const SLOT: u64 = 0x200;
/// Bytes of the main program, at most.
pub const MAIN_BYTES: u64 = 2 * PAGE;

/// Offsets from RAM's start of the functions.
pub fn functions() -> Vec<i32> {
    let whole = (CODE.start + 2) * PAGE..CODE.end * PAGE;
    let half = MIXED * PAGE..MIXED * PAGE + PAGE / 2;
    let slots = |range: Range<u64>| range.step_by(SLOT as usize);
    slots(whole)
        .chain(slots(half))
        .map(|at| at as i32)
        .collect()
}
