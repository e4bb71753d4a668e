//! Boards: which devices a machine has, and where.

pub mod virt_riscv64;
