//! Load-reserved and store-conditional without the ABA problem.
//!
//! Every 64-byte line of guest memory hashes to a version word. All atomics
//! change memory while they hold the lock bit of their line's word and leave a
//! new version behind, so a store-conditional that finds the version of its
//! load-reserved knows that no atomic came between, whatever the value in
//! memory is. Plain stores leave a new version behind too, but only look for
//! reservations after they have written: free while nobody holds one.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

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
        let versions = (0..LINES).map(|_| AtomicU64::new(0)).collect();
        Self {
            shared: AtomicBool::new(false),
            active: AtomicU32::new(0),
            versions,
        }
    }
}

impl Reservations {
    /// Has stores be noted from now on: there are other vCPUs.
    pub(crate) fn share(&self) {
        self.shared.store(true, Ordering::SeqCst);
    }

    /// Whether there are other vCPUs.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    fn word(&self, addr: u64) -> &AtomicU64 {
        &self.versions[(addr >> LINE_SHIFT) as usize % LINES]
    }

    /// Address of the number of vCPUs that hold a reservation: while it is 0,
    /// [`note_store`](Self::note_store) does nothing.
    pub(crate) fn count_address(&self) -> usize {
        self.active.as_ptr() as usize
    }

    /// Tells reservations that a plain store has changed the `bytes` bytes, at
    /// most a line's worth, at `addr`.
    #[inline(always)]
    pub fn note_store(&self, addr: u64, bytes: u64) {
        if self.active.load(Ordering::Relaxed) != 0 {
            self.change(addr, bytes);
        }
    }

    #[cold]
    fn change(&self, addr: u64, bytes: u64) {
        self.word(addr).fetch_add(2, Ordering::SeqCst);
        let last = addr.wrapping_add(bytes.saturating_sub(1));
        if last >> LINE_SHIFT != addr >> LINE_SHIFT {
            self.word(last).fetch_add(2, Ordering::SeqCst);
        }
    }

    /// Runs an atomic on the line of `addr` while no other atomic runs there.
    pub fn with_line<R>(&self, addr: u64, atomic: impl FnOnce() -> R) -> R {
        let word = self.word(addr);
        while word.fetch_or(LOCKED, Ordering::SeqCst) & LOCKED != 0 {
            std::thread::yield_now();
        }
        let result = atomic();
        word.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// Reserves the line of `addr` and loads from it.
    pub fn reserve(&self, addr: u64, load: impl FnOnce() -> u64) -> Reservation {
        if self.shared.load(Ordering::Relaxed) {
            self.active.fetch_add(1, Ordering::SeqCst);
        }
        let word = self.word(addr);
        let version = loop {
            let version = word.load(Ordering::SeqCst);
            if version & LOCKED == 0 {
                break version;
            }
            std::thread::yield_now();
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
        r.note_store(0x1008, 8);
        assert!(!r.commit(reservation, || unreachable!("the version has changed")));
        let reservation = r.reserve(0x1000, || 7);
        r.with_line(0x1000, || ());
        assert!(!r.commit(reservation, || unreachable!("the version has changed")));
        let reservation = r.reserve(0x1000, || 7);
        r.note_store(0x1040, 8);
        r.note_store(0xff8, 8);
        assert!(r.commit(reservation, || true));
        let reservation = r.reserve(0x1000, || 7);
        r.note_store(0xffe, 4);
        assert!(!r.commit(reservation, || unreachable!(
            "the line's first bytes have changed"
        )));
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
