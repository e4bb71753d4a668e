//! Zifencei: instruction-fetch fence.

use super::super::{Helper, lift::system, row::instructions};

instructions! {
    /// Zifencei. The other fields are reserved and ignored.
    ROWS
    "imm_i:12 rs1:5 001 rd:5 0001111" "fence.i" "" system::end_bare(Helper::FenceI);
}
