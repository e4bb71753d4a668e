//! The privileged instructions (Privileged §3.3 and §10.2), and Svinval.

use super::super::{Helper, lift::system, row::instructions};

instructions! {
    /// Trap returns, waiting, and the supervisor's fence.
    ROWS
    "0001000 00010 00000 000 00000 1110011" "sret"            ""        system::end(Helper::Sret);
    "0011000 00010 00000 000 00000 1110011" "mret"            ""        system::end(Helper::Mret);
    "0001000 00101 00000 000 00000 1110011" "wfi"             ""        system::end(Helper::Wfi);
    "0001001 rs2:5 rs1:5 000 00000 1110011" "sfence.vma"      "rs1,rs2" system::fence_vma();

    /// Svinval: the fence in parts.
    SVINVAL
    "0001011 rs2:5 rs1:5 000 00000 1110011" "sinval.vma"      "rs1,rs2" system::fence_vma();
    "0001100 00000 00000 000 00000 1110011" "sfence.w.inval"  ""        system::end(Helper::SfenceOrder);
    "0001100 00001 00000 000 00000 1110011" "sfence.inval.ir" ""        system::end(Helper::SfenceOrder);
}
