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

/// `sscratch`.
pub const SSCRATCH: Slot = Slot(64);
/// `sepc`; bit 0 is 0.
pub const SEPC: Slot = Slot(65);
/// `scause`.
pub const SCAUSE: Slot = Slot(66);
/// `stval`.
pub const STVAL: Slot = Slot(67);

/// The slot of a CSR that is nothing but storage, and its bits that can be
/// written. Every trap handler of a supervisor uses these.
pub const fn csr(number: u16) -> Option<(Slot, i64)> {
    match number {
        0x140 => Some((SSCRATCH, -1)),
        0x141 => Some((SEPC, !1)),
        0x142 => Some((SCAUSE, -1)),
        0x143 => Some((STVAL, -1)),
        _ => None,
    }
}
