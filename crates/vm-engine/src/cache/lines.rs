//! Which lines of RAM hold translated code.

use std::{
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use vm_core::{GuestPhysAddr, PAGE_SIZE};
use vm_mem::GuestRam;

/// Lines are 64 bytes: a page has as many as a word has bits.
const LINE_SHIFT: u32 = 6;
/// Pages whose words are allocated together.
const CHUNK: usize = 512;

/// The bytes of a page, by offset, that `bytes` bytes at `addr` are, as far as
/// they are in one page.
pub(super) fn in_page(addr: GuestPhysAddr, bytes: u64) -> Range<u64> {
    let start = addr.page_offset();
    start..start + bytes.clamp(1, PAGE_SIZE - start)
}

/// The lines of a page that bytes of it are in: bit n for line n.
pub(super) fn line_mask(bytes: &Range<u64>) -> u64 {
    let first = bytes.start >> LINE_SHIFT & 63;
    let last = bytes.end.saturating_sub(1) >> LINE_SHIFT & 63;
    (u64::MAX >> (63 - last.saturating_sub(first))) << first
}

/// One bit per line of RAM; a page with any bit set is a code page.
pub(super) struct CodeLines {
    regions: Vec<Region>,
}

/// [`CHUNK`] pages, made when the first of them holds code.
type Chunk = OnceLock<Box<[CodePage]>>;

/// What is known of a page.
#[derive(Default)]
struct CodePage {
    /// The lines that hold code.
    lines: AtomicU64,
    /// How many stores have hit it beside its code since it became a code page.
    beside: AtomicU32,
}

struct Region {
    first_page: u64,
    pages: u64,
    chunks: Box<[Chunk]>,
}

impl CodeLines {
    pub(super) fn new(ram: &GuestRam) -> Self {
        let region = |(base, bytes): (GuestPhysAddr, u64)| {
            let pages = bytes.div_ceil(PAGE_SIZE);
            let chunks = pages.div_ceil(CHUNK as u64);
            Region {
                first_page: base.page(),
                pages,
                chunks: (0..chunks).map(|_| Chunk::new()).collect(),
            }
        };
        Self {
            regions: ram.regions().map(region).collect(),
        }
    }

    /// The chunk of a page of RAM and the page's index in it.
    #[inline]
    fn chunk(&self, page: u64) -> Option<(&Chunk, usize)> {
        self.regions.iter().find_map(|region| {
            let index = page
                .checked_sub(region.first_page)
                .filter(|index| *index < region.pages)? as usize;
            Some((region.chunks.get(index / CHUNK)?, index % CHUNK))
        })
    }

    #[inline]
    fn page(&self, page: u64) -> Option<&CodePage> {
        let (chunk, index) = self.chunk(page)?;
        chunk.get()?.get(index)
    }

    /// The lines of the page that hold code.
    #[inline]
    pub(super) fn get(&self, page: u64) -> u64 {
        self.page(page)
            .map_or(0, |page| page.lines.load(Ordering::SeqCst))
    }

    /// Marks lines; tells whether the page had none before.
    pub(super) fn insert(&self, page: u64, mask: u64) -> bool {
        let Some((chunk, index)) = self.chunk(page) else {
            return false;
        };
        let pages = chunk.get_or_init(|| (0..CHUNK).map(|_| CodePage::default()).collect());
        let Some(page) = pages.get(index) else {
            return false;
        };
        let is_new = page.lines.fetch_or(mask, Ordering::SeqCst) == 0;
        if is_new {
            page.beside.store(0, Ordering::Relaxed);
        }
        is_new
    }

    /// Unmarks lines.
    pub(super) fn remove(&self, page: u64, mask: u64) {
        if let Some(page) = self.page(page) {
            page.lines.fetch_and(!mask, Ordering::SeqCst);
        }
    }

    /// Counts a store beside the code of a page; returns how many there were
    /// since it became a code page. Stores at the same moment may count as one.
    pub(super) fn count_beside(&self, page: u64) -> u32 {
        let Some(page) = self.page(page) else {
            return 0;
        };
        let count = page.beside.load(Ordering::Relaxed).saturating_add(1);
        page.beside.store(count, Ordering::Relaxed);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(offset: u64, bytes: u64) -> u64 {
        line_mask(&in_page(GuestPhysAddr(0x8000_0000 + offset), bytes))
    }

    #[test]
    fn ranges_touch_the_lines_that_they_overlap() {
        assert_eq!(mask(0, 1), 1);
        assert_eq!(mask(0, 64), 1);
        assert_eq!(mask(63, 2), 0b11);
        assert_eq!(mask(0x40, 129), 0b1110);
        assert_eq!(mask(0xfff, 1), 1 << 63);
        assert_eq!(mask(0, 4096), u64::MAX);
        assert_eq!(mask(0xffc, 64), 1 << 63, "the next page's are its own");
        assert_eq!(mask(0x10, u64::MAX), u64::MAX);
        assert_eq!(mask(0x10, 0), 1);
    }

    #[test]
    fn stores_beside_code_are_counted_by_page_since_it_holds_code() {
        let ram = GuestRam::new(&[(GuestPhysAddr(0x1000), 0x2000)]).unwrap();
        let code = CodeLines::new(&ram);
        assert_eq!(code.count_beside(1), 0, "nothing is known of it");
        code.insert(1, 1);
        code.insert(2, 1);
        assert_eq!((code.count_beside(1), code.count_beside(1)), (1, 2));
        assert_eq!(code.count_beside(2), 1);
        code.insert(1, 2);
        assert_eq!(code.count_beside(1), 3, "it held code before");
        code.remove(1, 3);
        code.insert(1, 1);
        assert_eq!((code.count_beside(1), code.count_beside(2)), (1, 2));
    }

    #[test]
    fn marks_lines_of_ram_only() {
        let ram = GuestRam::new(&[
            (GuestPhysAddr(0x1000), 0x1000),
            (GuestPhysAddr(0x8000_0000), 0x40_0000),
        ])
        .unwrap();
        let code = CodeLines::new(&ram);
        for page in [1, 0x80000, 0x801ff, 0x80200, 0x803ff] {
            assert_eq!(code.get(page), 0);
            assert!(code.insert(page, 1 << 3) && !code.insert(page, 1 << 3));
            assert!(!code.insert(page, 1 << 5));
            assert_eq!(code.get(page), 1 << 3 | 1 << 5);
            code.remove(page, 1 << 3);
            assert_eq!(code.get(page), 1 << 5);
            code.remove(page, 1 << 5);
            assert!(code.insert(page, 1), "it had none again");
        }
        for page in [0, 2, 0x7ffff, 0x80400, u64::MAX] {
            code.remove(page, 1);
            assert!(!code.insert(page, 1));
            assert_eq!(code.get(page), 0);
        }
    }
}
