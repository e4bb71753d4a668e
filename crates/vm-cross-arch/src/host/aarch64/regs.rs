//! Which host register does what.

use crate::host::scratch::ScratchRegisters;

/// A general register, by its number in instruction encodings. Number 31 is the
/// zero register, but for the base of an access, where it is the stack pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gpr(pub u8);

const X0: Gpr = Gpr(0);
const X1: Gpr = Gpr(1);
const X2: Gpr = Gpr(2);
const X3: Gpr = Gpr(3);
const X4: Gpr = Gpr(4);
const X5: Gpr = Gpr(5);

/// Free for whatever a block needs; dead at block edges.
pub(super) const SCRATCH: [Gpr; 6] = [X0, X1, X2, X3, X4, X5];

/// The scratch registers as a pool.
pub(super) struct Pool;

impl ScratchRegisters<6> for Pool {
    type Register = Gpr;
    const ALL: &'static [Gpr; 6] = &SCRATCH;
}

/// For stubs and for ways out of a block. The first has the offset of an inline cache
/// where one is to be filled.
pub(super) const STUB: [Gpr; 2] = [Gpr(6), Gpr(7)];

/// For the instructions of one op, which hold nothing between two ops. The first
/// has the address of an access and the argument of a stub, the second the value
/// that is stored; both are those that a procedure call may clobber on its way
/// (Procedure Call Standard for the Arm 64-bit Architecture, "IP0" and "IP1").
pub(super) const TEMP: Gpr = Gpr(16);
pub(super) const VALUE: Gpr = Gpr(17);
/// What turns the address of an access into that of the host.
pub(super) const ADDEND: Gpr = Gpr(8);

/// The state register. It points at slot 0.
pub(super) const STATE: Gpr = Gpr(28);
/// The short TLB of the running address space. It points at its start.
pub(super) const TLB: Gpr = Gpr(27);
/// Where a call returns to.
pub(super) const LINK: Gpr = Gpr(30);
/// Reads as zero.
pub(super) const ZERO: Gpr = Gpr(31);

/// What the state register points at, in bytes from slot 0.
pub(super) const STATE_BIAS: i32 = 0;

/// What the register of the short TLB points at, in bytes from its start.
pub(super) const TLB_BIAS: i32 = 0;

/// For global registers of the guest, the best first: functions preserve the first eight.
/// `x18` is not among them, for on some systems it is the system's.
pub(super) const GLOBALS: [Gpr; 15] = [
    Gpr(19),
    Gpr(20),
    Gpr(21),
    Gpr(22),
    Gpr(23),
    Gpr(24),
    Gpr(25),
    Gpr(26),
    Gpr(9),
    Gpr(10),
    Gpr(11),
    Gpr(12),
    Gpr(13),
    Gpr(14),
    Gpr(15),
];
