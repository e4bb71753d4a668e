//! Load-reserved and store-conditional without the ABA problem.
//!
//! Every 64-byte line of guest memory hashes to a version word. What changes memory
//! while it holds the lock bit of its line's word leaves a new version behind, so a
//! store-conditional that finds the version of its load-reserved knows that nothing of
//! that kind came between, whatever the value in memory is. While somebody holds a
//! reservation, that is every store and atomic: each looks for reservations first, and
//! goes its own way while there are none. Whose look came before the reservation is
//! done before its load (see `heavy_fence`), but for an instruction that the host
//! interrupts between the two (ADR 10).

use crate::sync::{
    address,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence},
    enable_heavy_fence, heavy_fence, yield_now,
};

/// Lines that share a version word are this many lines apart.
const LINES: usize = 4096;
/// The reservation granule: 64 bytes (Zicntr's platform profiles, RVA22 "Za64rs").
const LINE_SHIFT: u32 = 6;
const LOCKED: u64 = 1;

/// A vCPU's claim on a line, made by load-reserved.
#[derive(Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Guest-physical address of the access.
    pub addr: u64,
    /// What was loaded, sign-extended.
    pub value: u64,
    version: u64,
}

/// The version words of one machine.
pub struct Reservations {
    /// More than one vCPU may hold one. A vCPU's own stores need not end its
    /// reservation, so that alone on its machine it need not look for any.
    shared: AtomicBool,
    /// How many vCPUs hold a reservation.
    active: AtomicU32,
    versions: Box<[AtomicU64]>,
}

impl Default for Reservations {
    fn default() -> Self {
        Self::with_words(LINES)
    }
}

impl Reservations {
    /// A table of so many version words, at least one.
    pub(crate) fn with_words(words: usize) -> Self {
        let versions = (0..words.max(1)).map(|_| AtomicU64::new(0)).collect();
        Self {
            shared: AtomicBool::new(false),
            active: AtomicU32::new(0),
            versions,
        }
    }

    /// Has stores be noted from now on: there are other vCPUs.
    pub(crate) fn share(&self) {
        enable_heavy_fence();
        self.shared.store(true, Ordering::SeqCst);
    }

    /// Whether there are other vCPUs.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    /// The number of the version word of `addr`.
    fn number(&self, addr: u64) -> usize {
        (addr >> LINE_SHIFT) as usize % self.versions.len()
    }

    fn word(&self, addr: u64) -> &AtomicU64 {
        &self.versions[self.number(addr)]
    }

    /// Address of the number of vCPUs that hold a reservation, for
    /// [`are_watched`](Self::are_watched) in generated code.
    pub(crate) fn count_address(&self) -> usize {
        address(&self.active)
    }

    /// Whether somebody holds a reservation. To be asked before a store or an atomic,
    /// which has to go by the lock of its line then.
    #[inline(always)]
    pub fn are_watched(&self) -> bool {
        self.active.load(Ordering::Acquire) != 0
    }

    /// Tells reservations that somebody who is no vCPU has written to the `bytes` bytes
    /// at `addr`.
    pub fn written_by_others(&self, addr: u64, bytes: u64) {
        if bytes == 0 || !self.are_watched() {
            return;
        }
        let (first, last) = (
            addr >> LINE_SHIFT,
            addr.saturating_add(bytes - 1) >> LINE_SHIFT,
        );
        for line in (first..=last).take(self.versions.len()) {
            self.word(line << LINE_SHIFT).fetch_add(2, Ordering::SeqCst);
        }
    }

    /// Runs an atomic on the line of `addr` while no other runs there.
    pub fn with_line<R>(&self, addr: u64, atomic: impl FnOnce() -> R) -> R {
        self.locked(self.number(addr), atomic)
    }

    /// The same for a store to `bytes` bytes, at most a line's worth, at `addr`.
    pub fn with_lines<R>(&self, addr: u64, bytes: u64, store: impl FnOnce() -> R) -> R {
        let last = addr.wrapping_add(bytes.saturating_sub(1));
        let (first, last) = (self.number(addr), self.number(last));
        if first == last {
            return self.locked(first, store);
        }
        // In one order, so that no two wait for each other.
        let (lower, upper) = (first.min(last), first.max(last));
        self.locked(lower, || self.locked(upper, store))
    }

    fn locked<R>(&self, number: usize, work: impl FnOnce() -> R) -> R {
        let word = &self.versions[number];
        while word.fetch_or(LOCKED, Ordering::SeqCst) & LOCKED != 0 {
            yield_now();
        }
        let result = work();
        word.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// Reserves the line of `addr` and loads from it.
    pub fn reserve(&self, addr: u64, load: impl FnOnce() -> u64) -> Reservation {
        if self.shared.load(Ordering::Relaxed) {
            self.active.fetch_add(1, Ordering::SeqCst);
            heavy_fence();
        }
        let word = self.word(addr);
        let version = loop {
            let version = word.load(Ordering::SeqCst);
            if version & LOCKED == 0 {
                break version;
            }
            yield_now();
        };
        fence(Ordering::SeqCst);
        Reservation {
            addr,
            value: load(),
            version,
        }
    }

    /// Gives a reservation up.
    pub fn release(&self, _reservation: Reservation) {
        if self.shared.load(Ordering::Relaxed) {
            self.active.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Ends a reservation by storing: `store` runs if nothing came between and
    /// tells whether memory still held the reserved value and was changed.
    pub fn commit(&self, reservation: Reservation, store: impl FnOnce() -> bool) -> bool {
        let word = self.word(reservation.addr);
        let version = reservation.version;
        let locked = word
            .compare_exchange(
                version,
                version | LOCKED,
                Ordering::SeqCst,
                Ordering::SeqCst,
            )
            .is_ok();
        let stored = locked && store();
        if locked {
            word.fetch_add(1, Ordering::SeqCst);
        }
        self.release(reservation);
        stored
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicU64};

    use vm_testing::join;

    use super::*;

    #[test]
    fn commits_if_nothing_came_between() {
        let r = Reservations::default();
        r.share();
        let reservation = r.reserve(0x1000, || 7);
        assert_eq!(reservation.value, 7);
        assert!(r.commit(reservation, || true));
        let reservation = r.reserve(0x1000, || 7);
        assert!(!r.commit(reservation, || false));
        assert_eq!(r.active.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn any_store_between_fails_even_with_the_same_value() {
        let r = Reservations::default();
        r.share();
        let reservation = r.reserve(0x1000, || 7);
        r.with_lines(0x1008, 8, || ());
        assert!(!r.commit(reservation, || unreachable!("the version has changed")));
        let reservation = r.reserve(0x1000, || 7);
        r.with_line(0x1000, || ());
        assert!(!r.commit(reservation, || unreachable!("the version has changed")));
        let reservation = r.reserve(0x1000, || 7);
        r.with_lines(0x1040, 8, || ());
        r.with_lines(0xff8, 8, || ());
        assert!(r.commit(reservation, || true));
        let reservation = r.reserve(0x1000, || 7);
        r.with_lines(0xffe, 4, || ());
        assert!(!r.commit(reservation, || unreachable!(
            "the line's first bytes have changed"
        )));
    }

    #[test]
    fn what_devices_write_ends_reservations() {
        let r = Reservations::default();
        r.share();
        for (addr, bytes, kept) in [
            (0x1000, 1, false),
            (0x103f, 1, false),
            (0x0, 0x1001, false),
            (0x0, u64::MAX, false),
            (0x0, 0x1000, true),
            (0x1040, 0x1000, true),
            (0x1000, 0, true),
        ] {
            let reservation = r.reserve(0x1000, || 7);
            r.written_by_others(addr, bytes);
            assert_eq!(r.commit(reservation, || true), kept, "{addr:#x} {bytes:#x}");
        }
    }

    #[test]
    fn stores_to_two_lines_do_not_wait_for_each_other() {
        // The last line's word and the first one's are taken in both orders.
        let r = Arc::new(Reservations::with_words(2));
        let threads = [0x3e, 0x7e].map(|addr| {
            let r = Arc::clone(&r);
            std::thread::spawn(move || (0..20_000).for_each(|_| r.with_lines(addr, 4, || ())))
        });
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert!(
            r.versions
                .iter()
                .all(|word| word.load(Ordering::SeqCst) == 80_000)
        );
    }

    #[test]
    fn no_increment_is_lost_between_threads() {
        let r = Arc::new(Reservations::default());
        r.share();
        let cell = Arc::new(AtomicU64::new(0));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (r, cell) = (Arc::clone(&r), Arc::clone(&cell));
                std::thread::spawn(move || {
                    for _ in 0..2000 {
                        loop {
                            let old = r.reserve(0, || cell.load(Ordering::SeqCst));
                            let new = old.value + 1;
                            let store = || {
                                cell.store(new, Ordering::SeqCst);
                                true
                            };
                            if r.commit(old, store) {
                                break;
                            }
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|t| join("all increments", t));
        assert_eq!(cell.load(Ordering::SeqCst), 8000);
    }
}
