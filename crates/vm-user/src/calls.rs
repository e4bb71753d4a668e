//! The system calls that busybox makes when it works on its standard input.

use vm_core::PAGE_SIZE;

use crate::{
    arch::{self, Stat},
    memory::{END, Memory},
};

/// The system calls that are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `read`, of standard input only.
    Read,
    /// `write`, to standard output and standard error only.
    Write,
    /// `writev`.
    WriteVector,
    /// `fstat`: every file is a pipe.
    FileStatus,
    /// `exit` and `exit_group`.
    Exit,
    /// `clock_gettime`.
    Clock,
    /// `uname`.
    Names,
    /// `brk`.
    Break,
    /// `mmap` of anonymous memory.
    Map,
    /// `getrandom`: zeros.
    Random,
    /// Those that succeed and do nothing.
    Nothing,
}

const ENOSYS: u64 = -38_i64 as u64;
const ENOMEM: u64 = -12_i64 as u64;
const EFAULT: u64 = -14_i64 as u64;
const EBADF: u64 = -9_i64 as u64;

/// A pipe, as `st_mode` has it.
const PIPE: u32 = 0o010_600;
/// `struct utsname`: six fields of 65 bytes.
const NAMES: [&str; 6] = ["Linux", "trine", "6.12.0", "#1", arch::ARCH.name(), ""];

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

    /// Does a call with its arguments.
    pub fn run(&mut self, call: Option<Call>, [a, b, c, ..]: [u64; 6]) -> Answer {
        let Some(call) = call else {
            return Answer::Returns(ENOSYS);
        };
        let result = match call {
            Call::Exit => return Answer::Ends(a as i32),
            Call::Read => self.read(a, b, c),
            Call::Write => self.write(a, b, c),
            Call::WriteVector => self.write_vector(a, b, c),
            Call::FileStatus => self.fstat(b),
            Call::Names => self.uname(a),
            Call::Clock => self.clock(b),
            Call::Break => Some(self.set_brk(a)),
            Call::Map => Some(self.map(b)),
            Call::Random => self.random(a, b),
            Call::Nothing => Some(0),
        };
        Answer::Returns(result.unwrap_or(EFAULT))
    }

    fn random(&self, to: u64, bytes: u64) -> Option<u64> {
        // Asked first: no more than there is memory is made up here.
        self.memory.physical(to, bytes)?;
        let zeros = vec![0; usize::try_from(bytes).ok()?];
        self.memory.write(to, &zeros).ok().map(|()| bytes)
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
        let mut stat = [0; Stat::BYTES];
        stat[Stat::MODE..Stat::MODE + 4].copy_from_slice(&PIPE.to_le_bytes());
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
