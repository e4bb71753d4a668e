//! Slots of the RISC-V registers.

use crate::ir::Slot;

/// Integer register `x<n>`. The slot of `x0` always holds 0: lifters read it
/// as the constant and never write it.
pub const fn x(n: u8) -> Slot {
    assert!(n < 32, "RISC-V has 32 integer registers");
    Slot(n)
}

/// Floating-point register `f<n>`, 64 bits, single precision NaN-boxed.
pub const fn f(n: u8) -> Slot {
    assert!(n < 32, "RISC-V has 32 floating-point registers");
    Slot(32 + n)
}
