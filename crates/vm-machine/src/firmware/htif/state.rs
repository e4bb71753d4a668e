//! What HTIF has begun and not finished.

use serde::{Deserialize, Serialize};

/// What has been begun and not finished, version 1. The program has no other
/// copy of it: its command is cleared when it is taken.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The command of a read that waits for input.
    pub(super) reading: Option<u64>,
    pub(super) printing: Option<Printing>,
    /// An answer for `fromhost`.
    pub(super) answering: Option<u64>,
}

/// Output on its way to the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Printing {
    /// What the console has not taken yet.
    pub(super) rest: Vec<u8>,
    /// The system call to answer afterwards, if it is from one.
    pub(super) call: Option<Call>,
}

/// A system call and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    /// Its command.
    pub(super) tohost: u64,
    /// Where the result goes.
    pub(super) block: u64,
    pub(super) result: i64,
}
