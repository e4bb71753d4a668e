//! The stubs between generated code and the engine, as all hosts have them.

use std::ops::Range;

use super::contract::Runtime;

/// Declares a function by the convention that generated code and the engine call each
/// other by, or the type of one: `C`'s, but on x86-64 System V's on every system, which
/// Windows does not follow by itself.
#[cfg(target_arch = "x86_64")]
#[macro_export]
macro_rules! host_call {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident <$generic:ident: $bound:path> $arguments:tt -> $result:ty $body:block) => {
        $(#[$attribute])*
        $visibility unsafe extern "sysv64" fn $name<$generic: $bound> $arguments -> $result $body
    };
    ($visibility:vis type $name:ident = fn $arguments:tt) => {
        $visibility type $name = unsafe extern "sysv64" fn $arguments;
    };
}

/// Declares a function by the convention that generated code and the engine call each
/// other by, or the type of one: `C`'s.
#[cfg(not(target_arch = "x86_64"))]
#[macro_export]
macro_rules! host_call {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident <$generic:ident: $bound:path> $arguments:tt -> $result:ty $body:block) => {
        $(#[$attribute])*
        $visibility unsafe extern "C" fn $name<$generic: $bound> $arguments -> $result $body
    };
    ($visibility:vis type $name:ident = fn $arguments:tt) => {
        $visibility type $name = unsafe extern "C" fn $arguments;
    };
}

/// Addresses of the engine's functions, declared by [`host_call`](crate::host_call).
/// The first argument is always the address of slot 0.
///
/// `load(state, va, size, caller)` and `store(state, va, value, size, caller)` (of
/// the value the low `size` bytes count; the caller is where the call returns to in
/// the block) and `op(state)` return a pair: the result, and 0 or, if the guest goes
/// on elsewhere, the host code there. The others return the host code where the
/// guest goes on: `link(state, exit)`, `indirect(state, va)`, `helper(state)`,
/// `poll(state, position)`, `stale(state, position)`.
///
/// They run with the guest's floating-point control: whatever of the engine
/// computes with floating-point numbers must put its own in place.
#[derive(Debug, Clone, Copy)]
pub struct Callbacks {
    /// For [`Runtime::Load`].
    pub load: usize,
    /// For [`Runtime::Store`].
    pub store: usize,
    /// For [`Runtime::Op`].
    pub op: usize,
    /// For [`Runtime::Link`].
    pub link: usize,
    /// For [`Runtime::Indirect`].
    pub indirect: usize,
    /// For [`Runtime::Helper`].
    pub helper: usize,
    /// For [`Runtime::Poll`].
    pub poll: usize,
    /// For [`Runtime::Stale`].
    pub stale: usize,
}

/// The stubs of a vCPU. Offsets are from the start of the code.
#[derive(Debug)]
pub struct RuntimeCode {
    /// The code, position-independent.
    pub bytes: Vec<u8>,
    /// Enters generated code: `fn(state: slot 0, code)`, declared by
    /// [`host_call`](crate::host_call).
    pub enter: u32,
    /// Leaves it: what callbacks return to end [`enter`](Self::enter).
    pub leave: u32,
    /// The others.
    pub stubs: Vec<(Runtime, u32)>,
}

impl RuntimeCode {
    /// All parts of the code in order: their names, for people, and offsets.
    pub fn parts(&self) -> Vec<(String, Range<u32>)> {
        let stubs = self.stubs.iter();
        let stubs = stubs.map(|(which, at)| (format!("{which:?}").to_lowercase(), *at));
        let ways = [("enter", self.enter), ("leave", self.leave)];
        let ways = ways.map(|(name, at)| (name.to_owned(), at));
        let mut starts: Vec<_> = ways.into_iter().chain(stubs).collect();
        starts.sort_by_key(|&(_, at)| at);
        let ends: Vec<u32> = starts.iter().skip(1).map(|&(_, at)| at).collect();
        let ends = ends.into_iter().chain([self.bytes.len() as u32]);
        let parts = starts.into_iter().zip(ends);
        parts.map(|((name, at), end)| (name, at..end)).collect()
    }

    /// Offset of a stub.
    pub fn stub(&self, which: Runtime) -> Option<u32> {
        let mut stubs = self.stubs.iter();
        stubs.find_map(|&(runtime, at)| (runtime == which).then_some(at))
    }
}

/// Code on the way from a block to another that runs under another mapping.
#[derive(Debug)]
pub struct Transfer {
    /// The code, position-independent.
    pub bytes: Vec<u8>,
    /// Offset of its jump to the other block, which is yet to be
    /// [led](super::Backend::lead) there.
    pub jump: u32,
}
