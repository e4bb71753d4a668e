//! RAM at the start of a case: reset code, handlers, page tables, program, data.

use super::{
    asm::{reg::*, *},
    case::Case,
    handler::{self, MACHINE, SUPERVISOR, context},
    layout::*,
    registers,
    setup::Setup,
};
use crate::fuzz::{environment::USER, rng::Rng};

/// Offsets of the handlers in RAM.
const HANDLERS: [u64; 2] = [0x800, 0x1000];
/// Offsets of the handlers' contexts.
const CONTEXTS: [u64; 2] = [CONTEXT * PAGE, CONTEXT * PAGE + 0x800];
/// The factor of hash and random numbers: odd.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Offsets in the page of the start state.
const START_X: usize = 0;
const START_F: usize = 0x100;
const START_CSRS: usize = 0x200;

/// Fields of page-table entries.
mod pte {
    pub const V: u64 = 1 << 0;
    pub const R: u64 = 1 << 1;
    pub const W: u64 = 1 << 2;
    pub const X: u64 = 1 << 3;
    pub const U: u64 = 1 << 4;
    pub const G: u64 = 1 << 5;
    pub const A: u64 = 1 << 6;
    pub const D: u64 = 1 << 7;
}

/// What a system call changes in an entry.
const MASKS: [u64; 8] = [
    pte::V,
    pte::R | pte::W,
    pte::W,
    pte::X,
    pte::U,
    pte::A,
    pte::D,
    pte::A | pte::D,
];

/// RAM, from its first byte on.
pub struct Image(pub Vec<u8>);

impl Image {
    /// That of a case.
    pub fn of(case: &Case) -> Self {
        let mut image = Self(vec![0; RAM_BYTES as usize]);
        let setup = &case.setup;
        image.words(0, &reset(setup));
        let spaces = setup.translated.then(|| handler::Spaces {
            alike: setup.asids[0] == setup.asids[1],
            fence: setup.fence,
        });
        for (at, registers) in HANDLERS.into_iter().zip([&MACHINE, &SUPERVISOR]) {
            image.words(at, &handler::handler(registers, spaces));
        }
        for (at, status) in CONTEXTS.into_iter().zip(restart_status(setup)) {
            image.context(at, setup, status);
        }
        image.start(setup);
        image.tables(setup);
        image.data(setup.fill);
        for part in &case.parts {
            image.bytes(part.offset as u64, &part.bytes());
        }
        image
    }

    /// The eight bytes at an offset, 0 if they are not within RAM.
    pub fn word(&self, at: u64) -> u64 {
        let bytes = self.0.get(at as usize..).and_then(<[u8]>::first_chunk);
        bytes.copied().map_or(0, u64::from_le_bytes)
    }

    fn bytes(&mut self, at: u64, bytes: &[u8]) {
        self.0[at as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    fn put(&mut self, at: u64, value: u64) {
        self.bytes(at, &value.to_le_bytes());
    }

    fn words(&mut self, at: u64, words: &[u32]) {
        for (at, word) in (at..).step_by(4).zip(words) {
            self.bytes(at, &word.to_le_bytes());
        }
    }

    fn context(&mut self, at: u64, setup: &Setup, [clear, set]: [u64; 2]) {
        let mut put = |offset: i32, value: u64| self.put(at + offset as u64, value);
        put(context::RANDOM, setup.fill ^ at);
        put(context::FACTOR, FACTOR);
        put(context::RESTART, setup.code_base + setup.entry as u64);
        put(context::CLEAR, clear);
        put(context::SET, set);
        put(context::STACK, setup.x[registers::STACK as usize - 1]);
        put(context::TABLE, RAM + TABLES[0] * PAGE);
        put(context::RAM_START, RAM);
        let [first, second] = satp(setup);
        put(context::TOGGLE, first ^ second);
        for (index, mask) in (0..).zip(MASKS) {
            put(context::MASKS + 8 * index, mask);
        }
    }

    /// What the reset code loads.
    fn start(&mut self, setup: &Setup) {
        let at = START * PAGE;
        for (n, value) in (1..).zip(setup.x) {
            self.put(at + START_X as u64 + 8 * n, value);
        }
        for (n, value) in (0..).zip(setup.f) {
            self.put(at + START_F as u64 + 8 * n, value);
        }
        for (n, (_, value)) in (0..).zip(csrs(setup)) {
            self.put(at + START_CSRS as u64 + 8 * n, value);
        }
    }

    fn tables(&mut self, setup: &Setup) {
        for space in 0..2 {
            let [root, middle] = [ROOTS[space], MIDDLES[space]].map(|page| page * PAGE);
            // Devices and RAM at their own addresses, for S-mode.
            let own = pte::V | pte::R | pte::W | pte::G | pte::A | pte::D;
            self.put(root, own);
            self.put(root + 8 * (RAM >> 30), RAM >> 2 | own | pte::X);
            self.put(root + 8 * (VIRTUAL >> 30), pointer(MIDDLES[space]));
            self.put(middle, pointer(TABLES[space]));
            self.table(setup, space);
        }
    }

    fn table(&mut self, setup: &Setup, space: usize) {
        // M-mode accesses them as U-mode would.
        let user = if setup.mode == USER || setup.is_machine() {
            pte::U
        } else {
            0
        };
        let both = pte::V | pte::A | pte::D | user;
        let mut map = |virtual_page: u64, physical: u64, rights: u64| {
            let entry = physical >> 2 | both | rights;
            let first = if setup.unaccessed {
                entry & !(pte::A | pte::D)
            } else {
                entry
            };
            self.put(TABLES[space] * PAGE + 8 * virtual_page, first);
            self.put(GOOD[space] * PAGE + 8 * virtual_page, entry);
        };
        let page = |number: u64| RAM + number * PAGE;
        for code in CODE {
            // In the second space, the functions' pages are the other way round.
            let swapped = space == 1 && code >= CODE.start + 2;
            let there = if swapped {
                2 * CODE.end - 3 - code
            } else {
                code
            };
            map(code, page(there), pte::R | pte::X);
            map(code + EXEC_ALIAS / PAGE, page(there), pte::X);
            map(code + WRITE_ALIAS / PAGE, page(there), pte::R | pte::W);
        }
        map(MIXED, page(MIXED), pte::R | pte::W | pte::X);
        map(MIXED + EXEC_ALIAS / PAGE, page(MIXED), pte::R | pte::X);
        map(MIXED + WRITE_ALIAS / PAGE, page(MIXED), pte::R | pte::W);
        for data in DATA {
            map(data, page(data), pte::R | pte::W);
        }
        map(DEVICE_PAGE, DEVICE, pte::R | pte::W);
    }

    fn data(&mut self, fill: u64) {
        let mut rng = Rng::new(fill, 0);
        let mixed = MIXED * PAGE + PAGE / 2..(MIXED + 1) * PAGE;
        for at in mixed.chain(DATA.start * PAGE..DATA.end * PAGE).step_by(8) {
            let value = rng.next();
            // Small numbers and zeros as well.
            let shift = *rng.pick(&[0, 0, 32, 60, 63]);
            self.put(at, value >> shift);
        }
    }
}

/// Physical addresses of the handlers' counts of traps.
pub fn trap_counts() -> [u64; 2] {
    CONTEXTS.map(|at| RAM + at + context::COUNT as u64)
}

fn pointer(page: u64) -> u64 {
    (RAM + page * PAGE) >> 2 | pte::V
}

/// `satp` of the two address spaces.
fn satp(setup: &Setup) -> [u64; 2] {
    const SV39: u64 = 8 << 60;
    let of = |space: usize| SV39 | setup.asids[space] << 44 | ((RAM >> 12) + ROOTS[space]);
    [of(0), of(1)]
}

/// The bits of `mstatus` and of `sstatus` that starting again clears and sets.
fn restart_status(setup: &Setup) -> [[u64; 2]; 2] {
    const FS: u64 = 3 << 13;
    const MPIE: u64 = 1 << 7;
    const SPIE: u64 = 1 << 5;
    const MPP: u64 = 3 << 11;
    const SPP: u64 = 1 << 8;
    let machine = [MPP, setup.mode << 11 | MPIE | FS];
    let supervisor = [SPP, (setup.mode & 1) << 8 | SPIE | FS];
    [machine, supervisor]
}

/// CSRs and their values, in the order in which they are written.
fn csrs(setup: &Setup) -> Vec<(u32, u64)> {
    let [machine, supervisor] = HANDLERS.map(|at| RAM + at);
    let [machine_context, supervisor_context] = CONTEXTS.map(|at| RAM + at);
    const OPEN: u64 = 0x1f;
    const NONE: u64 = 0x18;
    /// For M-mode, too: the handlers' code stays as it is.
    const LOCKED: u64 = 0x9d << 8;
    let denied = RAM + (DATA.start + 5) * PAGE + 0x400;
    let denied_rights = if setup.protected { NONE } else { 0 };
    vec![
        (0x300, setup.mstatus),
        (0x305, machine),
        (0x105, supervisor),
        (0x340, machine_context),
        (0x140, supervisor_context),
        (0x302, setup.medeleg),
        (0x303, setup.mideleg),
        (0x304, 0xaaa),
        (0x30a, setup.menvcfg),
        (0x10a, setup.senvcfg),
        (0x306, setup.mcounteren),
        (0x106, setup.mcounteren),
        (0x003, setup.fcsr),
        (0x3b0, denied >> 2 | 7),
        (0x3b7, u64::MAX >> 10),
        (0x3b1, RAM >> 2 | (2 * PAGE / 8 - 1)),
        (0x3a0, OPEN << 56 | LOCKED | denied_rights),
        (0x180, if setup.translated { satp(setup)[0] } else { 0 }),
        (0x341, setup.code_base + setup.entry as u64),
    ]
}

/// What the hart runs from reset on.
fn reset(setup: &Setup) -> Vec<u32> {
    const T6: u32 = 31;
    // AUIPC, at RAM's first byte.
    let mut code = vec![0x17 | T6 << 7 | ((START * PAGE) as u32)];
    for (index, (csr, _)) in csrs(setup).into_iter().enumerate() {
        let at = (START_CSRS + 8 * index) as i32;
        code.extend([ld(T0, T6, at), csrrw(ZERO, csr, T0)]);
    }
    code.push(SFENCE_ALL);
    code.extend((0..32).map(|n| fld(n, T6, START_F as i32 + 8 * n as i32)));
    code.extend((1..32).map(|n| ld(n, T6, START_X as i32 + 8 * n as i32)));
    code.push(MRET);
    code
}
