//! Typed guest addresses. Arithmetic wraps, as it does in the guest.

use std::fmt;

use serde::{Deserialize, Serialize};

/// log2 of the smallest page of every supported guest.
pub const PAGE_SHIFT: u32 = 12;
/// The smallest page of every supported guest, in bytes.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;

macro_rules! address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        #[repr(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The page number: the address divided by [`PAGE_SIZE`].
            #[inline]
            pub const fn page(self) -> u64 {
                self.0 >> PAGE_SHIFT
            }

            /// The offset inside the page, in bytes.
            #[inline]
            pub const fn page_offset(self) -> u64 {
                self.0 & (PAGE_SIZE - 1)
            }

            /// The address of the start of the page.
            #[inline]
            pub const fn page_base(self) -> Self {
                Self(self.0 & !(PAGE_SIZE - 1))
            }

            /// This address plus `offset` bytes, wrapping at 2^64.
            #[inline]
            pub const fn wrapping_add(self, offset: u64) -> Self {
                Self(self.0.wrapping_add(offset))
            }

            /// This address plus `offset` bytes, unless that wraps.
            #[inline]
            pub const fn checked_add(self, offset: u64) -> Option<Self> {
                match self.0.checked_add(offset) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl fmt::LowerHex for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::LowerHex::fmt(&self.0, f)
            }
        }

        impl From<u64> for $name {
            fn from(raw: u64) -> Self {
                Self(raw)
            }
        }
    };
}

address! {
    /// An address as the guest's instructions form it, before translation.
    GuestVirtAddr
}
address! {
    /// An address on the guest's physical bus, after translation.
    GuestPhysAddr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_page_and_offset() {
        let a = GuestPhysAddr(0x8000_1234);
        assert_eq!((a.page(), a.page_offset()), (0x80001, 0x234));
        assert_eq!(a.page_base(), GuestPhysAddr(0x8000_1000));
        assert_eq!(format!("{a} {a:?}"), "0x80001234 GuestPhysAddr(0x80001234)");
    }

    #[test]
    fn addition_wraps_or_refuses() {
        let top = GuestVirtAddr(u64::MAX);
        assert_eq!(top.wrapping_add(2), GuestVirtAddr(1));
        assert_eq!(top.checked_add(1), None);
        assert_eq!(GuestVirtAddr(1).checked_add(1), Some(GuestVirtAddr(2)));
    }
}
