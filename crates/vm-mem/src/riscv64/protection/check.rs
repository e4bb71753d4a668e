//! Matching accesses against the entries (Privileged §"Priority and Matching Logic").

use vm_core::{AccessKind, GuestPhysAddr, PAGE_SIZE};

use super::{Pmp, Rule, entry::Range};
use crate::tlb::Perms;

/// What PMP says of all bytes of a 4 KiB page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagePmp {
    /// The same for each.
    Uniform {
        /// Loads are allowed.
        r: bool,
        /// Stores are allowed.
        w: bool,
        /// Fetches are allowed.
        x: bool,
    },
    /// Entries begin or end inside the page: every access needs [`Pmp::check`].
    Split,
}

impl PagePmp {
    /// The permissions of a uniform page, on either sort of page; none of a split one.
    pub const fn perms(self) -> Perms {
        match self {
            Self::Uniform { r, w, x } => Perms::rwx(r, w, x),
            Self::Split => Perms::NONE,
        }
    }
}

impl Pmp {
    /// Whether an access of `kind` to `bytes` bytes, at least 1, at `gpa` is allowed to
    /// M-mode or, if not `machine_mode`, to S- and U-mode.
    #[inline]
    pub fn check(
        &self,
        gpa: GuestPhysAddr,
        bytes: u64,
        kind: AccessKind,
        machine_mode: bool,
    ) -> bool {
        if self.active.is_empty() {
            return machine_mode;
        }
        let Some(end) = gpa.0.checked_add(bytes) else {
            return false;
        };
        let access = Range { start: gpa.0, end };
        match self.first_match(access) {
            // An entry that matches some bytes of the access but not all fails it.
            Some(rule) => rule.range.contains(access) && rule.allows(kind, machine_mode),
            None => machine_mode,
        }
    }

    /// What holds for the whole 4 KiB page that contains `gpa`.
    pub fn page(&self, gpa: GuestPhysAddr, machine_mode: bool) -> PagePmp {
        let start = gpa.page_base().0;
        // The last page of the address space is beyond every entry.
        let page = Range {
            start,
            end: start.saturating_add(PAGE_SIZE),
        };
        match self.first_match(page) {
            Some(rule) if rule.range.contains(page) => PagePmp::Uniform {
                r: rule.allows(AccessKind::Read, machine_mode),
                w: rule.allows(AccessKind::Write, machine_mode),
                x: rule.allows(AccessKind::Execute, machine_mode),
            },
            Some(_) => PagePmp::Split,
            None => PagePmp::Uniform {
                r: machine_mode,
                w: machine_mode,
                x: machine_mode,
            },
        }
    }

    /// The entry of highest priority that matches any byte.
    #[inline]
    fn first_match(&self, access: Range) -> Option<&Rule> {
        self.active.iter().find(|rule| rule.range.overlaps(access))
    }
}

impl Rule {
    /// M-mode is bound by locked entries only.
    #[inline]
    const fn allows(&self, kind: AccessKind, machine_mode: bool) -> bool {
        machine_mode && !self.cfg.is_locked() || self.cfg.allows(kind)
    }
}
