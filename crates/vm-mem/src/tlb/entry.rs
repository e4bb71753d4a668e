//! One cached translation.

use vm_core::{AccessKind, GuestPhysAddr, PAGE_SHIFT, PAGE_SIZE};

use super::Space;
use crate::GuestRam;

/// A set of permissions, separate for user pages and supervisor pages.
///
/// An entry holds what its page grants: the user bits if it is a user page, the
/// supervisor bits otherwise, both where pages are not told apart. An access
/// brings the set of permissions of which any one lets it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Perms(u8);

impl Perms {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Loads from a user page.
    pub const USER_READ: Self = Self(1 << 0);
    /// Stores to a user page.
    pub const USER_WRITE: Self = Self(1 << 1);
    /// Fetches from a user page.
    pub const USER_EXECUTE: Self = Self(1 << 2);
    /// Loads from a supervisor page.
    pub const SUPERVISOR_READ: Self = Self(1 << 4);
    /// Stores to a supervisor page.
    pub const SUPERVISOR_WRITE: Self = Self(1 << 5);
    /// Fetches from a supervisor page.
    pub const SUPERVISOR_EXECUTE: Self = Self(1 << 6);
    /// Everything on a user page.
    pub const USER: Self = Self(0x07);
    /// Everything on a supervisor page.
    pub const SUPERVISOR: Self = Self(0x70);
    /// Everything.
    pub const ALL: Self = Self(0x77);

    /// The permission for `kind` on a user page.
    #[inline]
    pub const fn user(kind: AccessKind) -> Self {
        Self(1 << kind as u8)
    }

    /// The permission for `kind` on a supervisor page.
    #[inline]
    pub const fn supervisor(kind: AccessKind) -> Self {
        Self(0x10 << kind as u8)
    }

    /// The given permissions on both sorts of page.
    #[inline]
    pub const fn rwx(r: bool, w: bool, x: bool) -> Self {
        Self((r as u8 | (w as u8) << 1 | (x as u8) << 2) * 0x11)
    }

    /// The permissions in either set.
    #[inline]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The permissions in both sets.
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` are in this set.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the sets share a permission.
    #[inline]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The translation of one 4 KiB page, or of the 4 KiB fragment of a larger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlbEntry {
    /// The virtual page number: bits 63:12 of the address, not sign-extended.
    pub vpn: u64,
    /// The space it belongs to; of a global entry, the ASID does not matter.
    pub space: Space,
    /// The physical page number of this 4 KiB page.
    pub ppn: u64,
    /// The host address of this 4 KiB page; 0 if it cannot be accessed directly (MMIO).
    pub host: usize,
    /// The same for stores; 0 if they must take the slow path (MMIO, a page with
    /// translated code, dirty logging).
    pub host_write: usize,
    /// log2 of the size in bytes of the page this is a fragment of; 12 to 63.
    pub page_shift: u8,
    /// Whether it holds for every ASID of its regime and VMID.
    pub global: bool,
    /// What the page grants; an entry that grants nothing never hits.
    pub perms: Perms,
}

impl TlbEntry {
    /// An entry that answers no lookup.
    pub(super) const EMPTY: Self = Self {
        vpn: u64::MAX,
        space: Space::new(0, 0, 0),
        ppn: 0,
        host: 0,
        host_write: 0,
        page_shift: PAGE_SHIFT as u8,
        global: false,
        perms: Perms::NONE,
    };

    /// The same with the host addresses of its physical page, as far as that is in `ram`.
    #[must_use]
    #[inline]
    pub fn backed_by(self, ram: &GuestRam) -> Self {
        let page = ram.host_ptr(GuestPhysAddr(self.ppn << PAGE_SHIFT), PAGE_SIZE);
        let host = page.map_or(0, |page| page.as_ptr() as usize);
        Self {
            host,
            host_write: host,
            ..self
        }
    }

    /// Whether a lookup of its page in `space` with `accept` hits it.
    #[inline]
    pub(super) const fn answers(&self, space: Space, accept: Perms) -> bool {
        self.perms.intersects(accept) && self.space.equals(space, self.global)
    }

    /// Whether some lookup could find both entries.
    #[inline]
    pub(super) const fn conflicts(&self, other: &Self) -> bool {
        self.vpn == other.vpn && self.space.equals(other.space, self.global || other.global)
    }

    /// Whether it is a fragment of a page larger than 4 KiB.
    #[inline]
    pub(super) const fn is_fragment(&self) -> bool {
        self.page_shift as u32 > PAGE_SHIFT
    }

    /// The first and last virtual page number of the page it is a fragment of.
    pub const fn page_span(&self) -> (u64, u64) {
        let pages = if self.is_fragment() && self.page_shift < 64 {
            1u64 << (self.page_shift as u32 - PAGE_SHIFT)
        } else {
            1
        };
        (self.vpn & !(pages - 1), self.vpn | (pages - 1))
    }
}

/// The translation of one page, found by a walk.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    /// The translation. `host_write` is the page's address wherever stores are allowed:
    /// whoever caches it withholds that of pages that are not to be written directly.
    pub entry: TlbEntry,
    /// Whether a TLB may keep it. If not, it holds for this access only (physical memory
    /// protection that splits a page).
    pub cacheable: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_of_both_sorts_of_page_are_apart() {
        for kind in [AccessKind::Read, AccessKind::Write, AccessKind::Execute] {
            assert!(Perms::USER.contains(Perms::user(kind)));
            assert!(Perms::SUPERVISOR.contains(Perms::supervisor(kind)));
            assert!(!Perms::user(kind).intersects(Perms::supervisor(kind)));
        }
        let rx = Perms::rwx(true, false, true);
        assert!(rx.contains(Perms::USER_READ.or(Perms::SUPERVISOR_EXECUTE)));
        assert!(!rx.intersects(Perms::USER_WRITE.or(Perms::SUPERVISOR_WRITE)));
        assert_eq!(Perms::USER.or(Perms::SUPERVISOR), Perms::ALL);
        assert!(Perms::USER.and(Perms::SUPERVISOR).is_empty());
    }

    #[test]
    fn span_covers_the_whole_superpage() {
        let entry = TlbEntry {
            vpn: 0x12345,
            page_shift: 21,
            ..TlbEntry::EMPTY
        };
        assert_eq!(entry.page_span(), (0x12200, 0x123ff));
        assert_eq!(
            TlbEntry {
                page_shift: 12,
                ..entry
            }
            .page_span(),
            (0x12345, 0x12345)
        );
        assert!(!TlbEntry::EMPTY.answers(TlbEntry::EMPTY.space, Perms::ALL));
    }
}
