//! System calls as riscv64 has them: the kernel's generic ones.

use crate::calls::Call;

/// The call of a number (Linux, `uapi/asm-generic/unistd.h`), if it is answered.
pub fn call(number: u64) -> Option<Call> {
    match number {
        63 => Some(Call::Read),
        64 => Some(Call::Write),
        66 => Some(Call::WriteVector),
        80 => Some(Call::FileStatus),
        93 | 94 => Some(Call::Exit),
        113 => Some(Call::Clock),
        160 => Some(Call::Names),
        214 => Some(Call::Break),
        222 => Some(Call::Map),
        278 => Some(Call::Random),
        // close, set_tid_address, set_robust_list, rt_sigaction, rt_sigprocmask, getpid
        // and the like, munmap, mprotect, madvise.
        57 | 96 | 99 | 134 | 135 | 172..=178 | 215 | 226 | 233 => Some(Call::Nothing),
        _ => None,
    }
}

/// `struct stat` (Linux, `uapi/asm-generic/stat.h`).
pub struct Stat;

impl Stat {
    /// Its size in bytes.
    pub const BYTES: usize = 128;
    /// Where the mode is.
    pub const MODE: usize = 16;
}
