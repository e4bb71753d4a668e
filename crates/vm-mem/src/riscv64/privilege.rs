//! Privilege modes.

/// A privilege mode (Privileged 1.13 §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Privilege {
    /// U-mode.
    User = 0,
    /// S-mode.
    Supervisor = 1,
    /// M-mode.
    Machine = 3,
}

impl Privilege {
    /// The mode with this two-bit encoding; 2 is reserved.
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match bits {
            0 => Some(Self::User),
            1 => Some(Self::Supervisor),
            3 => Some(Self::Machine),
            _ => None,
        }
    }

    /// The two-bit encoding.
    pub const fn bits(self) -> u64 {
        self as u64
    }

    /// Whether it is U-mode.
    pub const fn is_user(self) -> bool {
        matches!(self, Self::User)
    }

    /// Whether it is S-mode.
    pub const fn is_supervisor(self) -> bool {
        matches!(self, Self::Supervisor)
    }

    /// Whether it is M-mode.
    pub const fn is_machine(self) -> bool {
        matches!(self, Self::Machine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_round_trip_and_order_by_rights() {
        for mode in [Privilege::User, Privilege::Supervisor, Privilege::Machine] {
            assert_eq!(Privilege::from_bits(mode.bits()), Some(mode));
        }
        assert_eq!(Privilege::from_bits(2), None);
        assert!(Privilege::User < Privilege::Supervisor);
        assert!(Privilege::Supervisor < Privilege::Machine);
    }
}
