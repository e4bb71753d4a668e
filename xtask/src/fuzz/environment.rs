//! The states that sequences start in.

use super::{
    abi::{HARNESS, LARGE_PAGE, State, WINDOW, WINDOW_PTES},
    rng::Rng,
    values,
};

/// Privilege modes, as `mstatus.MPP` has them.
pub const USER: u64 = 0;
/// Supervisor mode.
pub const SUPERVISOR: u64 = 1;
/// Machine mode.
pub const MACHINE: u64 = 3;

/// The configuration of the harness's last entry, which opens all memory.
const OPEN: u8 = 0x1f;
/// `pmpcfg0` and `pmpcfg2` with no entries but the harness's.
pub const UNPROTECTED: [u64; 2] = [0, (OPEN as u64) << 56];

/// Fields of `mstatus` (Privileged 1.13 §3.1.6).
mod mstatus {
    pub const SIE: u64 = 1 << 1;
    pub const SPIE: u64 = 1 << 5;
    pub const MPIE: u64 = 1 << 7;
    pub const SPP: u64 = 1 << 8;
    pub const MPP_SHIFT: u32 = 11;
    pub const FS_SHIFT: u32 = 13;
    pub const MPRV: u64 = 1 << 17;
    pub const SUM: u64 = 1 << 18;
    pub const MXR: u64 = 1 << 19;
    pub const TVM: u64 = 1 << 20;
    pub const TW: u64 = 1 << 21;
    pub const TSR: u64 = 1 << 22;
}

/// Fields of page-table entries (Privileged 1.13 §12.3, §12.4).
mod pte {
    pub const V: u64 = 1 << 0;
    pub const R: u64 = 1 << 1;
    pub const W: u64 = 1 << 2;
    pub const X: u64 = 1 << 3;
    pub const U: u64 = 1 << 4;
    pub const G: u64 = 1 << 5;
    pub const A: u64 = 1 << 6;
    pub const D: u64 = 1 << 7;
    pub const PPN_SHIFT: u32 = 10;
    pub const RESERVED: u64 = 0x7f << 54;
    pub const PBMT_SHIFT: u32 = 61;
    pub const N: u64 = 1 << 63;

    /// Everything but the page.
    pub const fn kind(entry: u64) -> u64 {
        entry & !(((1 << 44) - 1) << PPN_SHIFT)
    }

    /// Whether the entry, if it is valid, leads to the window.
    pub const fn in_window(entry: u64) -> bool {
        let page = entry >> PPN_SHIFT & ((1 << 44) - 1);
        let first = super::WINDOW.0 >> 12;
        first <= page && page < first + (super::WINDOW.1 >> 12)
    }
}

/// The state a sequence starts in, and what its generation depends on.
#[derive(Clone)]
pub struct Environment {
    /// The state, without pointers.
    pub state: State,
    /// The mode it starts in.
    pub mode: u64,
    /// Integer registers that point into the window, as bits.
    pub pointers: u32,
}

impl Environment {
    /// The pointers that are multiples of `bytes`.
    pub fn aligned(&self, bytes: u64) -> u32 {
        let x = &self.state.x;
        let aligned = |n: &u32| *n != 0 && x[*n as usize - 1].is_multiple_of(bytes);
        let registers = (0..32).filter(|n| self.pointers >> n & 1 != 0 && aligned(n));
        registers.fold(0, |set, n| set | 1 << n)
    }

    /// Whether a store of `bytes` at `address` is done whole or not at all. Of
    /// one that faults on its second page, the first may be seen.
    pub fn stores_whole(&self, address: u64, bytes: u64) -> bool {
        let last = address.wrapping_add(bytes - 1);
        if address >> 12 == last >> 12 {
            return true;
        }
        if self.state.pmpcfg != UNPROTECTED {
            return false;
        }
        let inside = |at: u64, pages: u64| at.wrapping_sub(WINDOW.0) >> 12 < pages;
        if !inside(address, WINDOW_PTES as u64) || !inside(last, WINDOW_PTES as u64) {
            return false;
        }
        let page = |at: u64| ((at - WINDOW.0) >> 12) as usize;
        let [first, second] = [address, last].map(|at| self.state.window_ptes[page(at)]);
        let alike = pte::kind(first) == pte::kind(second);
        let whole = inside(address, WINDOW.1 >> 12) && inside(last, WINDOW.1 >> 12);
        alike && pte::in_window(first) && pte::in_window(second) && whole
    }
}

/// A random environment.
pub fn random(rng: &mut Rng) -> Environment {
    let mode = *rng.pick(&[USER, USER, SUPERVISOR, SUPERVISOR, MACHINE]);
    let translated = rng.chance(55);
    let interrupts = rng.chance(20);
    let mut state = State {
        mstatus: status(rng, mode),
        satp: if translated { satp(rng) } else { 0 },
        // Not ECALL from S-mode: the harness's own way out. Nor misaligned
        // fetches: they never happen, so that the bit need not be there.
        medeleg: rng.next() & rng.next() & 0xb1fe,
        mideleg: rng.next() & 0x222,
        mie: if interrupts { rng.next() & 0xaaa } else { 0 },
        mip: if interrupts { rng.next() & 0x222 } else { 0 },
        menvcfg: environment_config(rng) | rng.next() & 7 << 61,
        senvcfg: environment_config(rng),
        mcounteren: rng.next() & 7,
        scounteren: rng.next() & 7,
        fcsr: fcsr(rng),
        code_pte: code_pte(rng, mode),
        pmpcfg: UNPROTECTED,
        pmpaddr: std::array::from_fn(|_| WINDOW.0 >> 2),
        window_ptes: std::array::from_fn(|_| window_pte(rng, mode, 0)),
        large_pte: 0,
        fill: rng.next(),
        x: std::array::from_fn(|_| values::integer(rng)),
        f: std::array::from_fn(|_| values::floating(rng)),
    };
    state.large_pte = large_pte(rng, mode);
    if rng.chance(30) {
        protect(rng, &mut state);
    }
    let pointers = place_pointers(rng, &mut state.x, translated);
    Environment {
        state,
        mode,
        pointers,
    }
}

fn status(rng: &mut Rng, mode: u64) -> u64 {
    use mstatus::*;
    // Off or Dirty: when Initial and Clean become Dirty is not defined precisely.
    let fs = if rng.chance(92) { 3 } else { 0 };
    // TW: a WFI below M-mode must not wait. It is executed in M-mode only.
    let mut status = mode << MPP_SHIFT | fs << FS_SHIFT | TW;
    for field in [SIE, SPIE, MPIE, SPP, SUM, MXR] {
        if rng.chance(50) {
            status |= field;
        }
    }
    for field in [TVM, TSR] {
        if rng.chance(10) {
            status |= field;
        }
    }
    if mode == MACHINE && rng.chance(25) {
        status |= MPRV;
    }
    status
}

/// Sv39, Sv48 or Sv57, with an address-space identifier.
fn satp(rng: &mut Rng) -> u64 {
    *rng.pick(&[8, 8, 9, 10]) << 60 | (rng.next() & 0xffff) << 44
}

/// The fields that `menvcfg` and `senvcfg` have in common, but for FIOM, which
/// need not be there. CBIE 2 is reserved.
fn environment_config(rng: &mut Rng) -> u64 {
    *rng.pick(&[0, 1, 3]) << 4 | (rng.next() & 3) << 6
}

/// One in seven of the dynamic rounding modes is reserved.
fn fcsr(rng: &mut Rng) -> u64 {
    let frm = if rng.chance(85) {
        rng.below(5)
    } else {
        rng.below(8)
    };
    frm << 5 | rng.next() & 0x1f
}

fn code_pte(rng: &mut Rng, mode: u64) -> u64 {
    use pte::*;
    let user = match mode {
        USER => true,
        SUPERVISOR => false,
        _ => rng.chance(50),
    };
    let mut entry = HARNESS.0 >> 2 | V | R | X | A | D;
    if user {
        entry |= U;
    }
    if rng.chance(50) {
        entry |= W;
    }
    if rng.chance(3) {
        entry &= !(rng.next() & 0xff);
    }
    entry
}

fn window_pte(rng: &mut Rng, mode: u64, first_page: u64) -> u64 {
    use pte::*;
    let page = (WINDOW.0 >> 12) + first_page + rng.below(WINDOW.1 >> 12);
    let user = if rng.chance(85) {
        mode == USER
    } else {
        rng.chance(50)
    };
    let mut entry = page << PPN_SHIFT | V | R | W | A | D;
    if user {
        entry |= U;
    }
    if rng.chance(20) {
        entry |= rng.next() & (X | G);
    }
    if rng.chance(30) {
        entry &= !(rng.next() & rng.next() & (V | R | W | A | D));
    }
    match rng.below(60) {
        0 => entry ^= 1 << rng.below(64),
        1 => entry |= N | 8 << PPN_SHIFT,
        2 => entry |= N,
        3 | 4 => entry |= rng.below(4) << PBMT_SHIFT,
        5 => entry |= rng.next() & rng.next() & RESERVED,
        _ => {}
    }
    entry
}

/// An entry for 2 MiB at the window; misaligned once in a while.
fn large_pte(rng: &mut Rng, mode: u64) -> u64 {
    let entry = window_pte(rng, mode, 0);
    let misaligned = ((1 << 9) - 1) << pte::PPN_SHIFT;
    if rng.chance(90) {
        entry & !misaligned
    } else {
        entry
    }
}

/// Random protection of parts of the window.
fn protect(rng: &mut Rng, state: &mut State) {
    let mut configs = [0u8; 16];
    configs[15] = OPEN;
    for (entry, config) in configs.iter_mut().enumerate().take(15).skip(2) {
        if rng.chance(40) {
            continue;
        }
        // The first entry's range would start at the harness's own address.
        let matching = if entry == 2 {
            2 + rng.below(2)
        } else {
            rng.below(4)
        };
        let permissions = *rng.pick(&[0, 1, 3, 4, 5, 7]);
        *config = (matching << 3 | permissions) as u8;
        state.pmpaddr[entry - 2] = protected_address(rng, matching);
    }
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |w, &b| w << 8 | u64::from(b));
    state.pmpcfg = [word(&configs[..8]), word(&configs[8..])];
}

fn protected_address(rng: &mut Rng, matching: u64) -> u64 {
    const NATURALLY_ALIGNED: u64 = 3;
    let address = (WINDOW.0 + rng.below(WINDOW.1)) >> 2;
    if matching == NATURALLY_ALIGNED {
        let ones = (1 << rng.below(11)) - 1;
        address & !(2 * ones + 1) | ones
    } else {
        address
    }
}

/// Makes some registers point into the window: the stack pointer, some that
/// compressed instructions reach, some others.
fn place_pointers(rng: &mut Rng, x: &mut [u64; 31], translated: bool) -> u32 {
    let mut pointers = 1 << 2;
    for _ in 0..3 {
        pointers |= 1 << (8 + rng.below(8));
    }
    for _ in 0..4 {
        pointers |= 1 << (16 + rng.below(15));
    }
    for n in 1..32 {
        if pointers >> n & 1 != 0 {
            x[n - 1] = pointer(rng, translated);
        }
    }
    pointers
}

fn pointer(rng: &mut Rng, translated: bool) -> u64 {
    let (base, pages) = match translated {
        true if rng.chance(10) => (LARGE_PAGE, WINDOW.1 >> 12),
        true => (WINDOW.0, WINDOW_PTES as u64),
        false => (WINDOW.0, WINDOW.1 >> 12),
    };
    let page = base + (rng.below(pages) << 12);
    match rng.below(10) {
        // Near the edge of a page, where accesses touch two.
        0 => (page + rng.below(17)).wrapping_sub(8),
        1 => page + rng.below(4096),
        2 => page + (rng.below(512) << 3),
        3..6 => page + (rng.below(64) << 6),
        _ => page + (rng.below(256) << 4),
    }
}
