//! Zihintpause and Zihintntl: HINTs, which do nothing here.

use super::super::{lift::load_store, row::instructions};

instructions! {
    /// Zihintpause: a fence of nothing.
    PAUSE
    "0000 0001 0000 00000 000 00000 0001111" "pause"      "" load_store::hint();

    /// Zihintntl.
    NON_TEMPORAL
    "0000000 00010 00000 000 00000 0110011"  "ntl.p1"     "" load_store::hint();
    "0000000 00011 00000 000 00000 0110011"  "ntl.pall"   "" load_store::hint();
    "0000000 00100 00000 000 00000 0110011"  "ntl.s1"     "" load_store::hint();
    "0000000 00101 00000 000 00000 0110011"  "ntl.all"    "" load_store::hint();
    "1001 00000 00010 10"                    "c.ntl.p1"   "" load_store::hint();
    "1001 00000 00011 10"                    "c.ntl.pall" "" load_store::hint();
    "1001 00000 00100 10"                    "c.ntl.s1"   "" load_store::hint();
    "1001 00000 00101 10"                    "c.ntl.all"  "" load_store::hint();
}
