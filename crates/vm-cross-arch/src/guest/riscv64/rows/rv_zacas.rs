//! Zacas: compare and swap.

use vm_core::AccessSize::{Double, Word};

use super::super::{lift::atomic, row::instructions};

instructions! {
    /// Zacas. `AMOCAS.Q` with odd registers is reserved.
    ROWS
    "00101 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111"               "amocas.w" "rd,rs2,(rs1)" atomic::compare_and_swap(Word);
    "00101 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111"               "amocas.d" "rd,rs2,(rs1)" atomic::compare_and_swap(Double);
    "00101 aq:1 rl:1 rs2_even:4 0 rs1:5 100 rd_even:4 0 0101111" "amocas.q" "rd,rs2,(rs1)" atomic::compare_and_swap_quad();
}
