//! What a jump cache has to forget.

use vm_core::PAGE_SHIFT;

/// Pages remembered one by one; with more, everything goes.
const MAX_PAGES: usize = 16;

/// What a jump cache has to forget before the next block runs.
#[derive(Debug, Clone, Default)]
pub struct JumpFlush {
    pending: bool,
    all: bool,
    code: bool,
    /// The address spaces whose code goes: one, or all.
    non_global: Option<Option<u16>>,
    pages: [(u64, Option<u16>); MAX_PAGES],
    page_count: usize,
}

impl JumpFlush {
    /// Everything.
    pub fn all(&mut self) {
        self.pending = true;
        self.all = true;
    }

    /// Nothing, but blocks are to be compared with memory before they are
    /// entered again.
    pub fn code(&mut self) {
        self.pending = true;
        self.code = true;
    }

    /// Code of address space `asid` whose mapping is not global.
    pub fn non_global(&mut self, asid: u16) {
        self.pending = true;
        self.non_global = match self.non_global {
            None => Some(Some(asid)),
            Some(other) => Some(other.filter(|&other| other == asid)),
        };
    }

    /// Code that depends on the translation of the page of `va`: in address
    /// space `asid`, unless it is global, or in any.
    pub fn page(&mut self, va: u64, asid: Option<u16>) {
        self.pending = true;
        match self.pages.get_mut(self.page_count) {
            Some(page) => {
                *page = (va >> PAGE_SHIFT, asid);
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

    pub(crate) fn is_all(&self) -> bool {
        self.all
    }

    /// Whether blocks are to be compared with memory.
    pub(crate) fn is_code(&self) -> bool {
        self.code
    }

    /// Of which address space the code goes whose mapping is not global: of
    /// one or, if `Some(None)`, of all.
    pub(crate) fn non_global_of(&self) -> Option<Option<u16>> {
        self.non_global
    }

    /// Pages, and the address space that it is about if not about all.
    pub(crate) fn pages(&self) -> &[(u64, Option<u16>)] {
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
            flush.page(n << 12, None);
        }
        assert!(flush.is_pending() && !flush.is_all());
        assert_eq!(flush.pages().len(), MAX_PAGES);
        flush.page(0, Some(1));
        assert!(flush.is_all());
    }
}
