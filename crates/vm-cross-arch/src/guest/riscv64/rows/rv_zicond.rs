//! Zicond: conditional zero.

use super::super::{lift::alu, row::instructions};

instructions! {
    /// Zicond.
    ROWS
    "0000111 rs2:5 rs1:5 101 rd:5 0110011" "czero.eqz" "rd,rs1,rs2" alu::conditional_zero(true);
    "0000111 rs2:5 rs1:5 111 rd:5 0110011" "czero.nez" "rd,rs1,rs2" alu::conditional_zero(false);
}
