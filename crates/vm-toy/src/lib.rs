//! A tiny guest architecture, as a fixture for tests of what is not about any real
//! one. Never shipped.
//!
//! It is what RISC-V is not: instructions have 1 to 10 bytes and any alignment,
//! addition leaves a carry, and page tables have two levels of 32-bit entries. It
//! uses nothing but what is public of `vm-cross-arch` and `vm-engine`: what those
//! ask of a guest is enough to make one.
//!
//! Registers: `r0` to `r7` of 64 bits (`r7` holds return addresses) and the carry
//! flag. [`Sys`] lists the system registers, [`ROWS`] the instructions, [`mmu`] is
//! paging. A trap saves `STATUS` in `SAVED` and the address of its instruction in
//! `EPC`, clears `STATUS` but for [`status::PAGING`], and goes on at `HANDLER`.
//!
//! Its blocks consist of these ops, so that a back-end with no others runs it:
//! `Insn`, `Move`, `Binary` (`Add`, `Sub`, `And`, `Or`, `Xor`, `Mul`, `Shl`, `Shr`, all
//! of 64 bits; passes may make others of `Add` with a shift), `SetIf` and `SideExit`
//! (`Eq`, `Ne`, `LtU`, `LtS`, `GeU`), `Select`, `Load` and `Store` (of 8, 16, 32 and 64
//! bits, zero-extended), `Helper`; and they end with `Jump`, `Branch`, `JumpIndirect`
//! or a `Helper`.

pub mod asm;
mod guest;
pub mod lift;
pub mod mmu;
pub mod regs;
mod rows;
mod snapshot;

pub use guest::{Toy, cause, status};
pub use lift::{Context, ToyIsa};
pub use regs::{Helper, Sys};
pub use rows::{Format, Insn, ROWS, Row, decode};
