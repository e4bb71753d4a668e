//! Which pages of RAM hold translated code.

use std::sync::atomic::{AtomicU64, Ordering};

use vm_mem::GuestRam;

/// One bit per page of RAM.
pub(super) struct CodePages {
    regions: Vec<Region>,
}

struct Region {
    first_page: u64,
    pages: u64,
    bits: Box<[AtomicU64]>,
}

impl CodePages {
    pub(super) fn new(ram: &GuestRam) -> Self {
        let region = |(base, bytes): (vm_core::GuestPhysAddr, u64)| {
            let pages = bytes.div_ceil(vm_core::PAGE_SIZE);
            let words = pages.div_ceil(64);
            let bits = (0..words).map(|_| AtomicU64::new(0)).collect();
            Region {
                first_page: base.page(),
                pages,
                bits,
            }
        };
        Self {
            regions: ram.regions().map(region).collect(),
        }
    }

    fn word(&self, page: u64) -> Option<(&AtomicU64, u64)> {
        self.regions.iter().find_map(|region| {
            let index = page
                .checked_sub(region.first_page)
                .filter(|i| *i < region.pages)?;
            Some((region.bits.get(index as usize / 64)?, 1 << (index % 64)))
        })
    }

    pub(super) fn contains(&self, page: u64) -> bool {
        self.word(page)
            .is_some_and(|(word, bit)| word.load(Ordering::SeqCst) & bit != 0)
    }

    /// Marks the page; tells whether it was unmarked before.
    pub(super) fn insert(&self, page: u64) -> bool {
        self.word(page)
            .is_some_and(|(word, bit)| word.fetch_or(bit, Ordering::SeqCst) & bit == 0)
    }

    /// Unmarks the page; tells whether it was marked before.
    pub(super) fn remove(&self, page: u64) -> bool {
        self.word(page)
            .is_some_and(|(word, bit)| word.fetch_and(!bit, Ordering::SeqCst) & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use vm_core::GuestPhysAddr;

    use super::*;

    #[test]
    fn marks_ram_pages_only() {
        let ram = GuestRam::new(&[
            (GuestPhysAddr(0x1000), 0x1000),
            (GuestPhysAddr(0x8000_0000), 0x10_0000),
        ])
        .unwrap();
        let pages = CodePages::new(&ram);
        for page in [1, 0x80000, 0x800ff] {
            assert!(!pages.contains(page));
            assert!(pages.insert(page) && !pages.insert(page));
            assert!(pages.contains(page));
            assert!(pages.remove(page) && !pages.remove(page));
        }
        for page in [0, 2, 0x7ffff, 0x80100] {
            assert!(!pages.insert(page) && !pages.contains(page));
        }
    }
}
