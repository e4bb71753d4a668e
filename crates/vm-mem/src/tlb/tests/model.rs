//! Translations in a list, with every rule spelled out.

use crate::tlb::{Perms, Space, TlbEntry};

#[derive(Default)]
pub(super) struct Model {
    /// Oldest first.
    pub(super) entries: Vec<TlbEntry>,
}

/// Whether an entry is one of the translations of `space`.
pub(super) fn belongs(entry: &TlbEntry, space: Space) -> bool {
    entry.space.regime() == space.regime()
        && entry.space.vmid() == space.vmid()
        && (entry.global || entry.space.asid() == space.asid())
}

impl Model {
    pub(super) fn lookup(&self, vpn: u64, space: Space, accept: Perms) -> Option<TlbEntry> {
        let hit =
            |e: &&TlbEntry| e.vpn == vpn && belongs(e, space) && !e.perms.and(accept).is_empty();
        let mut hits = self.entries.iter().filter(hit);
        let found = hits.next().copied();
        assert_eq!(hits.next(), None, "the model itself is ambiguous");
        found
    }

    pub(super) fn insert(&mut self, new: TlbEntry) {
        self.entries.retain(|old| {
            old.vpn != new.vpn || !(belongs(old, new.space) || belongs(&new, old.space))
        });
        self.entries.push(new);
    }

    pub(super) fn flush_asid(&mut self, asid: u16, keep_global: bool) {
        self.entries.retain(|e| {
            if e.global {
                keep_global
            } else {
                e.space.asid() != asid
            }
        });
    }

    pub(super) fn flush_address(&mut self, vpn: u64, asid: Option<u16>) {
        self.entries.retain(|e| {
            let pages = 1 << (e.page_shift - 12);
            let same_page = e.vpn / pages == vpn / pages;
            let meant = asid.is_none_or(|asid| !e.global && e.space.asid() == asid);
            !(same_page && meant)
        });
    }

    pub(super) fn flush_vmid(&mut self, vmid: u16) {
        self.entries.retain(|e| e.space.vmid() != vmid);
    }

    pub(super) fn forbid_direct_writes(&mut self, ppn: u64) {
        for entry in self.entries.iter_mut().filter(|e| e.ppn == ppn) {
            entry.host_write = 0;
        }
    }
}
