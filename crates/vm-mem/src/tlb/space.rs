//! Tags that keep the translations of different address spaces apart.

/// An opaque tag: the translation regime, the virtual machine and the address
/// space within it.
///
/// Two accesses may share a translation only if their spaces are equal, or
/// differ in nothing but the ASID and the translation is global.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Space(u64);

const ASID_BITS: u32 = 16;
const VMID_BITS: u32 = 16;
const ASID_MASK: u64 = (1 << ASID_BITS) - 1;
const VMID_MASK: u64 = ((1 << VMID_BITS) - 1) << ASID_BITS;

impl Space {
    /// The space `asid` of virtual machine `vmid` under `regime`.
    ///
    /// `regime` numbers whatever else changes what an address means or allows: a
    /// level with its own tables, no paging, a mode that alters permissions.
    #[inline]
    pub const fn new(regime: u8, vmid: u16, asid: u16) -> Self {
        Self((regime as u64) << (ASID_BITS + VMID_BITS) | (vmid as u64) << ASID_BITS | asid as u64)
    }

    /// The translation regime.
    #[inline]
    pub const fn regime(self) -> u8 {
        (self.0 >> (ASID_BITS + VMID_BITS)) as u8
    }

    /// The virtual machine's number.
    #[inline]
    pub const fn vmid(self) -> u16 {
        (self.0 >> ASID_BITS) as u16
    }

    /// The address space's number.
    #[inline]
    pub const fn asid(self) -> u16 {
        self.0 as u16
    }

    /// Whether the spaces are equal, the ASID aside if `any_asid`.
    #[inline]
    pub(super) const fn equals(self, other: Self, any_asid: bool) -> bool {
        let ignored = if any_asid { ASID_MASK } else { 0 };
        (self.0 ^ other.0) & !ignored == 0
    }
}

/// Which translations a flush is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceFilter {
    mask: u64,
    value: u64,
    keep_global: bool,
}

impl SpaceFilter {
    /// All translations.
    pub const ALL: Self = Self {
        mask: 0,
        value: 0,
        keep_global: false,
    };

    /// Narrows to one address space, under any regime.
    #[must_use]
    pub const fn asid(self, asid: u16) -> Self {
        Self {
            mask: self.mask | ASID_MASK,
            value: self.value & !ASID_MASK | asid as u64,
            ..self
        }
    }

    /// Narrows to one virtual machine, under any regime.
    #[must_use]
    pub const fn vmid(self, vmid: u16) -> Self {
        Self {
            mask: self.mask | VMID_MASK,
            value: self.value & !VMID_MASK | (vmid as u64) << ASID_BITS,
            ..self
        }
    }

    /// Excludes global translations. Otherwise they belong to every address space.
    #[must_use]
    pub const fn keep_global(self) -> Self {
        Self {
            keep_global: true,
            ..self
        }
    }

    /// The ASID that it narrows to, if it leaves alone the translations that address
    /// spaces share: what a cache needs to know that keeps nothing else apart.
    pub const fn own_of(self) -> Option<u16> {
        let narrowed = self.mask & ASID_MASK == ASID_MASK;
        if narrowed && self.keep_global {
            Some(self.value as u16)
        } else {
            None
        }
    }

    /// Whether a translation for `space` is meant.
    #[inline]
    pub const fn covers(self, space: Space, global: bool) -> bool {
        if global && self.keep_global {
            return false;
        }
        let mask = if global {
            self.mask & !ASID_MASK
        } else {
            self.mask
        };
        (space.0 ^ self.value) & mask == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let space = Space::new(0xab, 0xcdef, 0x1234);
        assert_eq!(
            (space.regime(), space.vmid(), space.asid()),
            (0xab, 0xcdef, 0x1234)
        );
        assert_ne!(Space::new(0, 1, 0), Space::new(0, 0, 1));
        assert_ne!(Space::new(1, 0, 0), Space::new(0, 1, 0));
    }

    #[test]
    fn global_ignores_the_asid_only() {
        let space = Space::new(1, 2, 3);
        assert!(space.equals(Space::new(1, 2, 9), true));
        assert!(!space.equals(Space::new(1, 2, 9), false));
        assert!(!space.equals(Space::new(1, 3, 3), true));
        assert!(!space.equals(Space::new(2, 2, 3), true));
    }

    #[test]
    fn filters_narrow() {
        let space = Space::new(1, 2, 3);
        assert!(SpaceFilter::ALL.covers(space, false));
        assert!(SpaceFilter::ALL.asid(3).vmid(2).covers(space, false));
        assert!(!SpaceFilter::ALL.asid(4).covers(space, false));
        assert!(SpaceFilter::ALL.asid(4).covers(space, true));
        assert!(!SpaceFilter::ALL.asid(4).keep_global().covers(space, true));
        assert!(!SpaceFilter::ALL.vmid(3).covers(space, true));
        assert!(SpaceFilter::ALL.keep_global().covers(space, false));
    }

    #[test]
    fn one_address_space_is_named_if_nothing_else_goes() {
        let one = SpaceFilter::ALL.vmid(7).asid(4);
        assert_eq!(one.keep_global().own_of(), Some(4));
        assert_eq!(one.own_of(), None, "global translations go, too");
        assert_eq!(SpaceFilter::ALL.keep_global().own_of(), None);
    }
}
