//! Zicsr: control and status registers.

use super::super::{lift::system, row::instructions};

instructions! {
    /// Zicsr.
    ROWS
    "csr:12 rs1:5 001 rd:5 1110011"  "csrrw"  "rd,csr,rs1"  system::csr_swap();
    "csr:12 rs1:5 010 rd:5 1110011"  "csrrs"  "rd,csr,rs1"  system::csr_modify();
    "csr:12 rs1:5 011 rd:5 1110011"  "csrrc"  "rd,csr,rs1"  system::csr_modify();
    "csr:12 uimm:5 101 rd:5 1110011" "csrrwi" "rd,csr,uimm" system::csr_swap_immediate();
    "csr:12 uimm:5 110 rd:5 1110011" "csrrsi" "rd,csr,uimm" system::csr_modify_immediate();
    "csr:12 uimm:5 111 rd:5 1110011" "csrrci" "rd,csr,uimm" system::csr_modify_immediate();
}
