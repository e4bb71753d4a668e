use super::*;
use crate::{cache::Origin, interp::Program};

const AT: GuestPhysAddr = GuestPhysAddr(0x8000_0010);
const CONTEXT: u32 = 7;

struct Bench {
    ram: GuestRam,
    cache: BlockCache,
}

impl Bench {
    fn new() -> Self {
        let ram = GuestRam::new(&[(GuestPhysAddr(0x8000_0000), 0x4000)]).unwrap();
        let pattern: Vec<u8> = (0..0x4000).map(|i| (i * 7 / 3) as u8).collect();
        ram.write(GuestPhysAddr(0x8000_0000), &pattern).unwrap();
        let cache = BlockCache::new(&ram);
        Self { ram, cache }
    }

    fn with_block() -> (Self, Arc<Code>) {
        let bench = Self::new();
        let code = bench.add(AT, 4);
        (bench, code)
    }

    fn code(&self, addr: GuestPhysAddr, bytes: usize) -> Arc<Code> {
        let mut source = vec![0; bytes];
        self.ram.read(addr, &mut source).unwrap();
        let epoch = self.cache.epoch();
        let origin = Origin::Shared {
            addr,
            context: CONTEXT,
        };
        Arc::new(Code::new(Program::empty(), source.into(), epoch, origin))
    }

    /// Translates as a vCPU does.
    fn add(&self, addr: GuestPhysAddr, bytes: usize) -> Arc<Code> {
        let ticket = self.cache.get(&self.ram, addr, CONTEXT).unwrap_err();
        let code = self.code(addr, bytes);
        self.cache.mark_code(addr, code.bytes());
        self.cache.insert(&self.ram, addr, CONTEXT, &code, ticket);
        code
    }

    fn has(&self, addr: GuestPhysAddr) -> bool {
        self.cache.get(&self.ram, addr, CONTEXT).is_ok()
    }

    fn footprint(&self) -> usize {
        self.cache.footprint.load(Ordering::Relaxed)
    }
}

#[test]
fn blocks_are_found_by_address_and_context() {
    let (b, code) = Bench::with_block();
    let found = b.cache.get(&b.ram, AT, CONTEXT).unwrap();
    assert!(Arc::ptr_eq(&found, &code));
    assert!(b.cache.get(&b.ram, AT, 8).is_err());
    assert!(!b.has(AT.wrapping_add(2)));
    assert!(!b.has(AT.wrapping_add(PAGE_SIZE)));
}

#[test]
fn a_store_invalidates_the_blocks_that_came_from_it() {
    let (b, hit) = Bench::with_block();
    let spans = b.add(GuestPhysAddr(0x8000_00f8), 16);
    let other = b.add(GuestPhysAddr(0x8000_0200), 64);
    assert_eq!(b.cache.stored(AT.wrapping_add(3), 8), Stored::Invalidated);
    assert!(hit.is_invalid() && !spans.is_invalid() && !other.is_invalid());
    assert!(!b.has(AT) && b.has(GuestPhysAddr(0x8000_0200)));
    assert_eq!(
        b.cache.stored(GuestPhysAddr(0x8000_0107), 1),
        Stored::Invalidated
    );
    assert!(spans.is_invalid() && !other.is_invalid());
    assert_eq!(b.footprint(), other.footprint());
}

#[test]
fn a_store_beside_code_invalidates_nothing() {
    let (b, code) = Bench::with_block();
    for beside in [0xc, 0x14, 0x38, 0x40, 0xff8] {
        let at = GuestPhysAddr(0x8000_0000 + beside);
        assert_eq!(b.cache.stored(at, 4), Stored::Beside, "{beside:#x}");
        assert!(b.has(AT) && !code.is_invalid() && b.cache.is_code(AT.page()));
    }
    assert_eq!(
        b.cache.stored(AT.wrapping_add(PAGE_SIZE), 8),
        Stored::NoCode
    );
    // A range that ends in the next page.
    let next = b.add(GuestPhysAddr(0x8000_1000), 4);
    b.cache.stored_range(GuestPhysAddr(0x8000_0fff), 2);
    assert!(next.is_invalid() && !code.is_invalid());
    b.cache.stored_range(GuestPhysAddr(0x8000_0000), PAGE_SIZE);
    assert!(code.is_invalid());
}

#[test]
fn lines_without_blocks_are_unmarked_by_the_second_store() {
    let (b, _) = Bench::with_block();
    assert_eq!(b.cache.stored(AT, 8), Stored::Invalidated);
    assert!(b.cache.is_code(AT.page()), "modified code comes back");
    assert!(!b.cache.mark_code(AT, 4));
    assert_eq!(b.cache.stored(AT, 8), Stored::Beside);
    assert!(!b.cache.is_code(AT.page()));
    assert_eq!(b.cache.stored(AT, 8), Stored::NoCode);
    assert!(
        b.cache.mark_code(AT, 4),
        "direct writes must be withdrawn again"
    );
}

#[test]
fn a_released_page_holds_no_code() {
    let (b, code) = Bench::with_block();
    let other = b.add(GuestPhysAddr(0x8000_1000), 4);
    b.cache.release(AT.page());
    assert!(code.is_invalid() && !b.has(AT) && !b.cache.is_code(AT.page()));
    assert!(!other.is_invalid());
}

#[test]
fn a_fence_compares_with_memory() {
    let (b, code) = Bench::with_block();
    b.cache.sync();
    assert!(b.has(AT));
    b.ram.write(AT, &[9]).unwrap();
    assert!(b.has(AT), "no fence yet");
    b.cache.sync();
    assert!(!b.has(AT));
    let new = b.add(AT, 4);
    assert!(code.is_invalid(), "nobody may enter what was replaced");
    assert!(b.has(AT));
    assert_eq!(b.footprint(), new.footprint());
}

#[test]
fn code_that_changes_while_it_is_translated_is_not_kept() {
    let b = Bench::new();
    // Another vCPU's store is seen, because the line is marked already.
    let ticket = b.cache.get(&b.ram, AT, CONTEXT).unwrap_err();
    let code = b.code(AT, 4);
    b.cache.mark_code(AT, 4);
    assert_eq!(b.cache.stored(AT, 4), Stored::Beside);
    b.cache.insert(&b.ram, AT, CONTEXT, &code, ticket);
    assert!(code.is_invalid() && !b.has(AT));
    // It is not seen, because it came before the line was marked.
    let ticket = b.cache.get(&b.ram, AT, CONTEXT).unwrap_err();
    let code = b.code(AT, 4);
    b.ram.write(AT, &[0xee]).unwrap();
    b.cache.mark_code(AT, 4);
    b.cache.insert(&b.ram, AT, CONTEXT, &code, ticket);
    assert!(code.is_invalid() && !b.has(AT));
}

#[test]
fn unshared_blocks_are_invalidated_by_stores_to_either_page() {
    let b = Bench::new();
    let (first, second) = (GuestPhysAddr(0x8000_0ffe), GuestPhysAddr(0x8000_1000));
    let watch = || {
        let tickets = [first, second].map(|addr| b.cache.ticket(addr.page()));
        let code = b.code(first, 4);
        for (i, (addr, ticket)) in [first, second].into_iter().zip(tickets).enumerate() {
            b.cache.mark_code(addr, 2);
            b.cache.watch(&b.ram, addr, (2 * i, 2), &code, ticket);
        }
        assert!(!code.is_invalid());
        code
    };
    for store in [GuestPhysAddr(0x8000_0ff8), second] {
        let code = watch();
        assert!(b.cache.get(&b.ram, first, CONTEXT).is_err(), "not shared");
        assert_eq!(b.cache.stored(store, 8), Stored::Invalidated);
        assert!(code.is_invalid());
    }
    let code = watch();
    let ticket = b.cache.ticket(first.page());
    b.ram.write(second, &[0xee, 0xee]).unwrap();
    b.cache.watch(&b.ram, second, (2, 2), &code, ticket);
    assert!(code.is_invalid(), "the second half has changed");
    drop(code);
    for _ in 0..100 {
        drop(watch());
    }
    let shard = b.cache.shard(first.page()).read();
    assert!(!shard.pages[&first.page()].is_empty(), "at most a dead one");
    drop(shard);
    assert_eq!(b.cache.stored(first, 2), Stored::Beside, "all dead");
}

#[test]
fn past_the_limit_everything_is_dropped() {
    let mut b = Bench::new();
    let one = b.code(AT, 4).footprint();
    b.cache = BlockCache::with_limit(&b.ram, 3 * one);
    let at = |n: u64| GuestPhysAddr(0x8000_0000 + 0x800 * n);
    let codes: Vec<_> = (0..4).map(|n| b.add(at(n), 4)).collect();
    assert!(codes.iter().all(|code| code.is_invalid()));
    assert_eq!(b.footprint(), 0);
    assert!((0..4).all(|n| !b.has(at(n)) && !b.cache.is_code(at(n).page())));
    // Replacing a block takes no more room.
    b.add(at(3), 4);
    for n in 0..10u8 {
        b.ram.write(at(3), &[0xe0 + n]).unwrap();
        b.cache.sync();
        b.add(at(3), 4);
    }
    assert_eq!(b.footprint(), one);
}
