//! RISC-V, 64 bit: RV64GC and the extensions listed in `docs/`.

pub mod helper;
pub mod regs;
