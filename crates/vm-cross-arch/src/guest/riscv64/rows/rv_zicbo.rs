//! Zicbom, Zicboz and Zicbop: cache blocks.

use super::super::{
    Helper,
    lift::{load_store, system},
    row::instructions,
};

instructions! {
    /// Zicbom.
    MANAGEMENT
    "000000000000 rs1:5 010 00000 0001111"     "cbo.inval"  "(rs1)"             system::cache_block(Helper::CboManage);
    "000000000001 rs1:5 010 00000 0001111"     "cbo.clean"  "(rs1)"             system::cache_block(Helper::CboManage);
    "000000000010 rs1:5 010 00000 0001111"     "cbo.flush"  "(rs1)"             system::cache_block(Helper::CboManage);

    /// Zicboz.
    ZERO
    "000000000100 rs1:5 010 00000 0001111"     "cbo.zero"   "(rs1)"             system::cache_block(Helper::CboZero);

    /// Zicbop: HINTs within `ORI`, which do nothing here.
    PREFETCH
    "imm_s_hi:7 00000 rs1:5 110 00000 0010011" "prefetch.i" "imm_prefetch(rs1)" load_store::hint();
    "imm_s_hi:7 00001 rs1:5 110 00000 0010011" "prefetch.r" "imm_prefetch(rs1)" load_store::hint();
    "imm_s_hi:7 00011 rs1:5 110 00000 0010011" "prefetch.w" "imm_prefetch(rs1)" load_store::hint();
}
