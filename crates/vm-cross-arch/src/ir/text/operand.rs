//! Slots and operands as text.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use crate::ir::{Operand, Slot, fixed};

/// Slots with a name of their own.
const NAMES: [(Slot, &str); 4] = [
    (fixed::PC, "pc"),
    (fixed::FP_FLAGS, "fpflags"),
    (fixed::FP_ROUNDING, "fprounding"),
    (fixed::FP_DIRTY, "fpdirty"),
];

impl Display for Slot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(slot, _)| slot == self) {
            Some((_, name)) => f.write_str(name),
            None if self.is_temp() => write!(f, "t{}", self.0 - Self::FIRST_TEMP),
            None => write!(f, "s{}", self.0),
        }
    }
}

/// A text that names no slot, or is no operand.
pub struct Unknown;

impl FromStr for Slot {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        if let Some((slot, _)) = NAMES.iter().find(|(_, name)| *name == text) {
            return Ok(*slot);
        }
        let (kind, number) = text.split_at_checked(1).ok_or(Unknown)?;
        let number: u8 = number.parse().map_err(|_| Unknown)?;
        let slot = match kind {
            "s" => (number < Self::FIRST_TEMP).then_some(Self(number)),
            "t" => number.checked_add(Self::FIRST_TEMP).map(Self),
            _ => None,
        };
        slot.ok_or(Unknown)
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => slot.fmt(f),
            Self::Imm(value) => value.fmt(f),
        }
    }
}

impl FromStr for Operand {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text.parse() {
            Ok(value) => Ok(Self::Imm(value)),
            Err(_) => text.parse().map(Self::Slot),
        }
    }
}
