//! What a litmus test is.

/// Variables of an instance. Each lies in a line of its own.
pub const VARIABLES: usize = 4;
/// Results of a thread: what it leaves in A0 to A3.
pub const RESULTS: usize = 4;

/// How one instance of a test ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The results of each thread.
    pub results: Vec<[u64; RESULTS]>,
    /// The first 16 bytes of each variable, in the end.
    pub memory: [[u64; 2]; VARIABLES],
}

impl Outcome {
    /// Result `number` of `thread`.
    pub fn r(&self, thread: usize, number: usize) -> u64 {
        self.results[thread][number]
    }

    /// The last value of a variable.
    pub fn m(&self, variable: usize) -> u64 {
        self.memory[variable][0]
    }
}

/// What the memory model says of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It must not be (Unprivileged, "RVWMO Memory Consistency Model").
    Forbidden,
    /// It may be, though no order of all instructions explains it, or it is
    /// what the test is after for another reason.
    Notable,
    /// Nothing to see.
    Plain,
}

/// Says `Forbidden` or `Plain`.
pub fn forbidden(is: bool) -> Verdict {
    if is {
        Verdict::Forbidden
    } else {
        Verdict::Plain
    }
}

/// Says `Notable` or `Plain`.
pub fn notable(is: bool) -> Verdict {
    if is { Verdict::Notable } else { Verdict::Plain }
}

/// A litmus test.
#[derive(Clone)]
pub struct Test {
    pub name: &'static str,
    /// The code of each thread. Variables are 0 at first, as are the results.
    threads: Vec<Vec<u32>>,
    /// How often these threads run beside each other, with variables of their own.
    copies: usize,
    judge: fn(&Outcome) -> Verdict,
}

impl Test {
    /// A test with one thread for each piece of code.
    pub fn new<const N: usize>(
        name: &'static str,
        threads: [Vec<u32>; N],
        judge: fn(&Outcome) -> Verdict,
    ) -> Self {
        Self {
            name,
            threads: threads.into(),
            copies: 1,
            judge,
        }
    }

    /// The same, twice at a time, if it has two threads. It has two variables then.
    pub fn doubled(&self) -> Option<Self> {
        (self.threads.len() == 2).then(|| Self {
            copies: 2,
            ..self.clone()
        })
    }

    /// How many vCPUs it takes.
    pub fn vcpus(&self) -> usize {
        self.threads.len() * self.copies
    }

    /// The code of a vCPU.
    pub fn code(&self, vcpu: usize) -> &[u32] {
        &self.threads[vcpu % self.threads.len()]
    }

    /// The number of the variable that a vCPU's code calls the first.
    pub fn first_variable(&self, vcpu: usize) -> usize {
        vcpu / self.threads.len() * (VARIABLES / self.copies)
    }

    /// What to say of an instance: of each copy.
    pub fn judge<'a>(
        &'a self,
        whole: &'a Outcome,
    ) -> impl Iterator<Item = (Verdict, Outcome)> + 'a {
        let threads = self.threads.len();
        whole
            .results
            .chunks(threads)
            .enumerate()
            .map(move |(copy, results)| {
                let mut memory = whole.memory;
                memory.rotate_left(self.first_variable(copy * threads));
                let outcome = Outcome {
                    results: results.to_vec(),
                    memory,
                };
                ((self.judge)(&outcome), outcome)
            })
    }
}

/// Joins pieces of code.
macro_rules! code {
    ($($piece:expr),* $(,)?) => {{
        let mut words: Vec<u32> = Vec::new();
        $($crate::litmus::test::Piece::add_to($piece, &mut words);)*
        words
    }};
}
pub(crate) use code;

/// An instruction or several.
pub trait Piece {
    fn add_to(self, words: &mut Vec<u32>);
}

impl Piece for u32 {
    fn add_to(self, words: &mut Vec<u32>) {
        words.push(self);
    }
}

impl<const N: usize> Piece for [u32; N] {
    fn add_to(self, words: &mut Vec<u32>) {
        words.extend(self);
    }
}
