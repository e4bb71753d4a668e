//! The pages that a table has entries for.

use rustc_hash::FxHashSet;

/// More pages than this, and most of them are likely gone from the table.
const STALE: usize = 4096;

/// A set of page numbers that holds every page of a table, and those that left it
/// silently. Whoever keeps it fills it anew from the table once it
/// [`is_stale`](Self::is_stale).
#[derive(Debug, Clone, Default)]
pub(crate) struct PageSet {
    pages: FxHashSet<u64>,
    /// Of these, those that were there when it was filled.
    filled: usize,
}

impl PageSet {
    /// A set of all `pages`.
    pub(crate) fn filled(pages: impl Iterator<Item = u64>) -> Self {
        let pages: FxHashSet<u64> = pages.collect();
        let filled = pages.len();
        Self { pages, filled }
    }

    /// Adds the page with number `page`.
    pub(crate) fn insert(&mut self, page: u64) {
        self.pages.insert(page);
    }

    /// Removes `page`; whether it was there.
    pub(crate) fn remove(&mut self, page: u64) -> bool {
        self.pages.remove(&page)
    }

    /// Removes all pages.
    pub(crate) fn clear(&mut self) {
        self.pages.clear();
        self.filled = 0;
    }

    /// Whether so much has been added that filling it anew is worth it.
    pub(crate) fn is_stale(&self) -> bool {
        self.pages.len() > self.filled + STALE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_added_and_not_removed() {
        let mut set = PageSet::filled([5, 7, 5].into_iter());
        set.insert(9);
        assert!(set.remove(5) && !set.remove(5) && set.remove(9) && !set.remove(8));
        set.clear();
        assert!(!set.remove(7));
    }

    #[test]
    fn is_stale_after_many_new_pages_and_not_because_of_old_ones() {
        let mut set = PageSet::filled(0..2 * STALE as u64);
        (0..100).for_each(|page| set.insert(page));
        assert!(!set.is_stale());
        (0..4 * STALE as u64).for_each(|page| set.insert(page));
        assert!(set.is_stale());
    }
}
