//! What the engine asks of a host architecture.

use std::fmt::Debug;

use super::{
    contract::{HostCode, Request, ReservationCells, StateLayout},
    runtime::{Callbacks, RuntimeCode, Transfer},
};
use crate::{guest::GuestShape, ir::Block};

/// What code for a vCPU depends on: its guest, where its state is, and the processor.
#[derive(Debug, Clone, Copy)]
pub struct Config<F> {
    /// The guest architecture.
    pub guest: &'static GuestShape,
    /// Where the vCPU's state is.
    pub layout: StateLayout,
    /// What the processor offers.
    pub features: F,
    /// Offset from the state register of a pointer to the `u32` that is not 0
    /// while stores must be reported; `None` if they never must: the vCPU is
    /// alone.
    pub watched_stores: Option<i32>,
    /// Where the vCPU keeps a reservation that no other can see.
    pub reservation: ReservationCells,
}

/// What a processor offers beyond the baseline of its architecture.
pub trait Features: Debug + Clone + Copy + PartialEq + Eq + Default + Send + Sync {
    /// Those of the processor this runs on; none on other architectures.
    fn detect() -> Self;

    /// What both have.
    #[must_use]
    fn common(self, other: Self) -> Self;
}

impl Features for () {
    fn detect() {}

    fn common(self, (): Self) {}
}

/// A host architecture: turns blocks into its code, and knows how that is changed
/// afterwards. The engine owns the memory that code lies in.
///
/// **Patches** are pure functions over the bytes of code: each gets a slice that starts
/// at the place in question and has the length that the constant of its name says, and
/// distances are counted from there. One thread alone runs the code, and not meanwhile,
/// so that a patch need not be atomic; but what was written is executed only after
/// [`publish`](Self::publish).
///
/// **Veneers**: a jump whose target is further than its [`reach`](Self::reach) leads to a
/// veneer instead, a jump that reaches all code memory. The engine makes room for it
/// where the jump reaches it.
pub trait Backend: Debug + Sized + Send + Sync + 'static {
    /// What the processor offers.
    type Features: Features;

    /// Whether there is such a back-end at all.
    const SUPPORTED: bool = true;

    /// What the state register points at, in bytes from slot 0.
    const STATE_BIAS: i32;
    /// What the register of the short TLB points at, in bytes from its start.
    const TLB_BIAS: i32;

    /// Blocks start at a multiple of so many bytes.
    const ALIGN: usize;
    /// Bytes that [`lead`](Self::lead) changes.
    const JUMP_BYTES: usize;
    /// Bytes that [`set_guard`](Self::set_guard) changes.
    const GUARD_BYTES: usize;
    /// Bytes that [`kill`](Self::kill) changes.
    const KILL_BYTES: usize;
    /// Bytes of a [`veneer`](Self::veneer): a multiple of what its code is aligned to.
    const VENEER_BYTES: usize;
    /// The least that [`reach`](Self::reach) says, of any jump.
    const LEAST_REACH: u32;
    /// As much code memory a [`veneer`](Self::veneer) leads across, from any place in it to
    /// any other: distances are `i32`s.
    const MAX_CODE_BYTES: u32 = 1 << 30;

    /// The value of the floating-point control and status word in which generated code
    /// runs, without any flag.
    const FP_CLEAR: u32;

    /// A back-end for code of that kind; `None` if there is none.
    fn try_new(config: &Config<Self::Features>) -> Option<Self>;

    /// Translates a block.
    fn emit(&self, block: &Block, request: &Request) -> HostCode;

    /// Assembles the stubs between generated code and the engine.
    fn runtime_code(&self, callbacks: &Callbacks) -> RuntimeCode;

    /// Code that makes the mapping with this bias and number the current one and jumps
    /// on. Its length is always the same.
    fn transfer(&self, bias: u64, mapping: u32) -> Transfer;

    /// How far a jump, call or branch of this back-end's code leads at most, in bytes,
    /// either way.
    fn reach(&self, jump: &[u8]) -> u32;

    /// Lets a jump, call or branch lead to what is `distance` bytes from it, which must
    /// be in its reach.
    fn lead(&self, jump: &mut [u8], distance: i32);

    /// Sets the constant that a guarded jump compares the number of the mapping with.
    fn set_guard(&self, guard: &mut [u8], number: u32);

    /// Lets whoever enters a block by its start go to [`HostCode::stale`] of the same block,
    /// `distance` bytes from there.
    fn kill(&self, entry: &mut [u8], distance: i32);

    /// A jump to what is `distance` bytes from here, wherever in code memory that is. It
    /// keeps all that is live at exits of blocks, and at calls of stubs.
    fn veneer(&self, code: &mut [u8], distance: i32);

    /// Has the processor fetch instructions as they were written: `written` and
    /// `executed` are views of the same memory.
    fn publish(&self, written: &[u8], executed: &[u8]);

    /// The guest's flags ([`vm_core::float::flags`]) for those that have accrued in a
    /// value of the floating-point control and status word: its lowest six bits at most.
    fn fp_flags(word: u32) -> u64;

    /// The guest's flags that have accrued in the processor's own floating-point control
    /// and status word since the last call, while generated code ran.
    fn take_fp_flags() -> u64;

    /// Does some work of the engine's with floating-point numbers, after which the
    /// control and status word is what it was.
    fn keeping_fp<R>(work: impl FnOnce() -> R) -> R;
}
