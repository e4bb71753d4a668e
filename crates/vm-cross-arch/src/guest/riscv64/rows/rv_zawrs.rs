//! Zawrs: wait on a reservation set.

use super::super::{Helper, lift::system, row::instructions};

instructions! {
    /// Zawrs.
    ROWS
    "000000001101 00000 000 00000 1110011" "wrs.nto" "" system::end(Helper::Wrs);
    "000000011101 00000 000 00000 1110011" "wrs.sto" "" system::end(Helper::Wrs);
}
