//! What a jump cache has to forget.

use vm_core::PAGE_SHIFT;

/// Pages remembered one by one; with more, everything goes.
const MAX_PAGES: usize = 16;

/// What a jump cache has to forget before the next block runs.
#[derive(Debug, Clone, Default)]
pub struct JumpFlush {
    pending: bool,
    all: bool,
    non_global: bool,
    pages: [u64; MAX_PAGES],
    page_count: usize,
}

impl JumpFlush {
    /// Everything.
    pub fn all(&mut self) {
        self.pending = true;
        self.all = true;
    }

    /// Code whose mapping is not global.
    pub fn non_global(&mut self) {
        self.pending = true;
        self.non_global = true;
    }

    /// Code that depends on the translation of the page of `va`.
    pub fn page(&mut self, va: u64) {
        self.pending = true;
        match self.pages.get_mut(self.page_count) {
            Some(page) => {
                *page = va >> PAGE_SHIFT;
                self.page_count += 1;
            }
            None => self.all = true,
        }
    }

    /// Whether there is anything to forget.
    #[inline(always)]
    pub fn is_pending(&self) -> bool {
        self.pending
    }

    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    pub(super) fn is_non_global(&self) -> bool {
        self.non_global
    }

    pub(super) fn pages(&self) -> &[u64] {
        self.pages.get(..self.page_count).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_pages_are_everything() {
        let mut flush = JumpFlush::default();
        assert!(!flush.is_pending());
        for n in 0..MAX_PAGES as u64 {
            flush.page(n << 12);
        }
        assert!(flush.is_pending() && !flush.is_all());
        assert_eq!(flush.pages().len(), MAX_PAGES);
        flush.page(0);
        assert!(flush.is_all());
    }
}
