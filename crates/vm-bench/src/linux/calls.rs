//! The system calls that busybox makes when it works on its standard input.

use vm_core::PAGE_SIZE;

use super::{
    REGISTERS,
    memory::{END, Memory},
};

/// Numbers of riscv64 (Linux, `uapi/asm-generic/unistd.h`).
mod number {
    pub const READ: u64 = 63;
    pub const WRITE: u64 = 64;
    pub const WRITEV: u64 = 66;
    pub const FSTAT: u64 = 80;
    pub const EXIT: u64 = 93;
    pub const EXIT_GROUP: u64 = 94;
    pub const CLOCK_GETTIME: u64 = 113;
    pub const UNAME: u64 = 160;
    pub const BRK: u64 = 214;
    pub const MMAP: u64 = 222;
    pub const GETRANDOM: u64 = 278;
    /// Those that succeed and do nothing: close, set_tid_address, set_robust_list,
    /// rt_sigaction, rt_sigprocmask, getpid and the like, munmap, mprotect, madvise.
    pub const NOTHING: [u64; 15] = [
        57, 96, 99, 134, 135, 172, 173, 174, 175, 176, 177, 178, 215, 226, 233,
    ];
}

const ENOSYS: u64 = -38_i64 as u64;
const ENOMEM: u64 = -12_i64 as u64;
const EFAULT: u64 = -14_i64 as u64;
const EBADF: u64 = -9_i64 as u64;

/// Bytes of riscv64's `struct stat`, and where the mode is in it.
const STAT_BYTES: usize = 128;
const STAT_MODE: usize = 16;
/// A pipe, as `st_mode` has it.
const PIPE: u32 = 0o010_600;
/// `struct utsname`: six fields of 65 bytes.
const NAMES: [&str; 6] = ["Linux", "trine", "6.12.0", "#1", "riscv64", ""];

/// Where `mmap` begins, and where it ends: the stack is above.
const MAPPINGS: std::ops::Range<u64> = 24 << 20..END - (8 << 20);

/// What becomes of the program.
pub enum Answer {
    /// It goes on with this result.
    Returns(u64),
    /// It ends with this status.
    Ends(i32),
}

/// What the calls work on.
pub struct Calls {
    memory: Memory,
    input: Vec<u8>,
    consumed: usize,
    output: Vec<u8>,
    brk: u64,
    first_brk: u64,
    next_mapping: u64,
    /// How often the clock was read.
    clock: u64,
}

impl Calls {
    /// A program's standard input.
    pub fn new(memory: Memory, input: &[u8]) -> Self {
        Self {
            memory,
            input: input.to_vec(),
            consumed: 0,
            output: Vec::new(),
            brk: 0,
            first_brk: 0,
            next_mapping: MAPPINGS.start,
            clock: 0,
        }
    }

    /// As before the first call; the heap begins at `brk`.
    pub fn restart(&mut self, brk: u64) {
        (self.brk, self.first_brk) = (brk, brk);
        self.consumed = 0;
        self.output.clear();
        self.next_mapping = MAPPINGS.start;
        self.clock = 0;
    }

    /// What the program wrote.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Does the call of those registers: a0 to a5, then a7.
    pub fn run(&mut self, registers: &[u64; REGISTERS]) -> Answer {
        let &[a, b, c, _, _, _, number, ..] = registers;
        let result = match number {
            number::EXIT | number::EXIT_GROUP => return Answer::Ends(a as i32),
            number::READ => self.read(a, b, c),
            number::WRITE => self.write(a, b, c),
            number::WRITEV => self.write_vector(a, b, c),
            number::FSTAT => self.fstat(b),
            number::UNAME => self.uname(a),
            number::CLOCK_GETTIME => self.clock(b),
            number::BRK => Some(self.set_brk(a)),
            number::MMAP => Some(self.map(b)),
            number::GETRANDOM => self.memory.write(a, &vec![0; b as usize]).ok().map(|()| b),
            _ if number::NOTHING.contains(&number) => Some(0),
            _ => Some(ENOSYS),
        };
        Answer::Returns(result.unwrap_or(EFAULT))
    }

    fn read(&mut self, file: u64, to: u64, bytes: u64) -> Option<u64> {
        if file != 0 {
            return Some(EBADF);
        }
        let rest = &self.input[self.consumed..];
        let bytes = rest.len().min(usize::try_from(bytes).ok()?);
        self.memory.write(to, &rest[..bytes]).ok()?;
        self.consumed += bytes;
        Some(bytes as u64)
    }

    fn write(&mut self, file: u64, from: u64, bytes: u64) -> Option<u64> {
        if !(1..=2).contains(&file) {
            return Some(EBADF);
        }
        self.output.extend(self.memory.read(from, bytes)?);
        Some(bytes)
    }

    fn write_vector(&mut self, file: u64, vector: u64, count: u64) -> Option<u64> {
        let vector = self.memory.read(vector, count.checked_mul(16)?)?;
        let (words, _) = vector.as_chunks::<8>();
        let mut written = 0;
        for pair in words.chunks_exact(2) {
            let [from, bytes] = [pair[0], pair[1]].map(u64::from_le_bytes);
            written += self.write(file, from, bytes)?;
        }
        Some(written)
    }

    fn fstat(&self, to: u64) -> Option<u64> {
        let mut stat = [0; STAT_BYTES];
        stat[STAT_MODE..STAT_MODE + 4].copy_from_slice(&PIPE.to_le_bytes());
        self.memory.write(to, &stat).ok()?;
        Some(0)
    }

    fn uname(&self, to: u64) -> Option<u64> {
        let mut names = [[0; 65]; 6];
        for (field, name) in names.iter_mut().zip(NAMES) {
            field[..name.len()].copy_from_slice(name.as_bytes());
        }
        self.memory.write(to, names.as_flattened()).ok()?;
        Some(0)
    }

    /// A millisecond passes from each call to the next: programs wait for it.
    fn clock(&mut self, to: u64) -> Option<u64> {
        self.clock += 1;
        let time = [self.clock / 1000, self.clock % 1000 * 1_000_000].map(u64::to_le_bytes);
        self.memory.write(to, time.as_flattened()).ok()?;
        Some(0)
    }

    fn set_brk(&mut self, to: u64) -> u64 {
        if (self.first_brk..MAPPINGS.start).contains(&to) {
            self.brk = to;
        }
        self.brk
    }

    /// Anonymous memory; it is never given twice, so that it is zero.
    fn map(&mut self, bytes: u64) -> u64 {
        let start = self.next_mapping;
        let end = bytes
            .checked_next_multiple_of(PAGE_SIZE)
            .and_then(|bytes| start.checked_add(bytes));
        match end.filter(|&end| end <= MAPPINGS.end) {
            Some(end) => {
                self.next_mapping = end;
                start
            }
            None => ENOMEM,
        }
    }
}
