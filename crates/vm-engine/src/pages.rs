//! The pages that a table has entries for: small ones in a set, large ones in a range.

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

/// A range of page numbers that covers every large page of a table: flushing a part of
/// one concerns all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRange {
    first: u64,
    last: u64,
}

impl PageRange {
    /// No page.
    pub(crate) const NONE: Self = Self {
        first: u64::MAX,
        last: 0,
    };

    /// Grows to cover the pages from `first` to `last`.
    pub(crate) fn cover(&mut self, (first, last): (u64, u64)) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// Whether `page` lies within.
    pub(crate) fn contains(self, page: u64) -> bool {
        (self.first..=self.last).contains(&page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_covers_what_lies_between() {
        let mut range = PageRange::NONE;
        assert!(!range.contains(0) && !range.contains(u64::MAX));
        range.cover((8, 15));
        range.cover((32, 39));
        assert!(range.contains(8) && range.contains(20) && range.contains(39));
        assert!(!range.contains(7) && !range.contains(40));
    }

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
