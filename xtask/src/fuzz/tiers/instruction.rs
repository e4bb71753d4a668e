//! Random instructions that leave a program's frame alone.

use vm_cross_arch::guest::riscv64::{Field, Insn, Row, decode, extensions};

use super::registers::{MIXED, MOVING, POINTERS, RESERVED, SELDOM};
use crate::fuzz::{
    operands::{self, Base, Displacement},
    rng::Rng,
    special::NOP,
};

/// Tries to find random bits that suit.
const TRIES: usize = 64;

/// What programs do in units of their own, or not at all.
const NOT_ALONE: [&str; 9] = [
    "jalr", "c.jr", "c.jalr", "ecall", "ebreak", "c.ebreak", "mret", "sret", "wfi",
];

/// CSRs that random instructions write: all but those on which the handlers
/// depend, or that need a fence.
const WRITTEN: [u16; 27] = [
    0x001, 0x001, 0x002, 0x002, 0x003, 0x003, 0x104, 0x106, 0x10a, 0x141, 0x142, 0x143, 0x144,
    0x304, 0x306, 0x320, 0x341, 0x342, 0x343, 0x344, 0xb00, 0xb02, 0xb03, 0x323, 0x301, 0x7c0,
    0xf11,
];
/// CSRs that are only read, or changed in the lowest five bits.
const READ: [u16; 22] = [
    0x100, 0x300, 0x105, 0x140, 0x180, 0x14d, 0x302, 0x303, 0x305, 0x30a, 0x340, 0x3a0, 0x3b0,
    0x3b7, 0xc00, 0xc01, 0xc02, 0xc02, 0xc02, 0xc03, 0xf14, 0xb02,
];
/// Of those, what may be changed: interrupts are enabled there.
const STATUS: [u16; 2] = [0x100, 0x300];

/// Rows by kind.
pub struct Instructions {
    kinds: Vec<(u64, Vec<&'static Row>)>,
    /// Those that [`chained`](Instructions::chained) draws from.
    chained: [Vec<&'static Row>; 3],
}

impl Instructions {
    /// Those of all extensions.
    pub fn new() -> Self {
        let all = || extensions().iter().flat_map(|extension| extension.rows);
        let usable = |row: &&Row| Displacement::of(row).is_none() && !NOT_ALONE.contains(&row.name);
        let pick = |test: &dyn Fn(&Row) -> bool| all().filter(usable).filter(|r| test(r)).collect();
        let csr = |row: &Row| row.pattern.has(Field::Csr);
        let accesses = |row: &Row| operands::base(row).is_some();
        let atomic = |row: &Row| operands::is_atomic(row);
        let plain = |row: &Row| !csr(row) && !accesses(row);
        let shifts = |row: &Row| {
            let name = row.name.trim_start_matches("c.");
            ["sll", "srl", "sra", "ro"]
                .iter()
                .any(|start| name.starts_with(start))
        };
        let in_place = |row: &Row| {
            row.pattern.has(Field::Rd) && (row.pattern.has(Field::Rs1) || row.pattern.len == 2)
        };
        Self {
            chained: [
                pick(&|row| plain(row) && in_place(row)),
                // What depends on lower halves, and what moves them.
                pick(&|row| plain(row) && in_place(row) && row.name.ends_with('w')),
                pick(&|row| plain(row) && in_place(row) && shifts(row)),
            ],
            kinds: vec![
                (48, pick(&|row| plain(row) && !row.needs_fp())),
                (20, pick(&|row| plain(row) && row.needs_fp())),
                (20, pick(&|row| accesses(row) && !atomic(row))),
                (8, pick(&atomic)),
                (4, pick(&csr)),
            ],
        }
    }

    /// One of a kind that is drawn by weight.
    pub fn random(&self, rng: &mut Rng) -> u32 {
        let mut draw = rng.below(self.kinds.iter().map(|(weight, _)| weight).sum());
        for (weight, rows) in &self.kinds {
            if draw < *weight {
                let row = *rng.pick(rows);
                return of_row(rng, row, None);
            }
            draw -= weight;
        }
        NOP
    }

    /// One that changes a register, mostly by its value. No access to memory.
    /// `narrow`: and that depends on lower halves only.
    pub fn chained(&self, rng: &mut Rng, register: u32, narrow: bool) -> u32 {
        let [all, halves, shifts] = &self.chained;
        let rows = match rng.below(2) {
            _ if narrow => halves,
            0 => all,
            _ => shifts,
        };
        let row = *rng.pick(rows);
        of_row(rng, row, Some(register))
    }
}

fn of_row(rng: &mut Rng, row: &'static Row, chained: Option<u32>) -> u32 {
    for _ in 0..TRIES {
        let bits = random_bits(rng, row, chained);
        let insn = Insn(bits);
        let own = decode(bits).is_some_and(|found| std::ptr::eq(found, row));
        let written = operands::written(row, insn);
        let spoils = written & RESERVED != 0 || written & SELDOM != 0 && !rng.chance(3);
        if own && !spoils && stays_off_code(row, insn) && csr_allowed(row, insn) {
            return bits;
        }
    }
    NOP
}

fn random_bits(rng: &mut Rng, row: &Row, chained: Option<u32>) -> u32 {
    let pattern = &row.pattern;
    let free = !pattern.mask & if pattern.len == 2 { 0xffff } else { u32::MAX };
    let mut bits = pattern.value | rng.bits32() & free;
    let mut set = |field: Field, value: u32| {
        if pattern.has(field) {
            bits = bits & !field.mask() | value << field.shift() & field.mask();
        }
    };
    let harmless = operands::store(row, Insn(row.pattern.value)).is_none()
        && !operands::is_atomic(row)
        && !row.name.starts_with("cbo.");
    match operands::base(row) {
        Some(Base::Full) if !(harmless && rng.chance(4)) => set(Field::Rs1, *rng.pick(&POINTERS)),
        Some(Base::Compressed) => set(Field::Rs1P, MOVING[rng.below(2) as usize] & 7),
        _ => {}
    }
    if let Some(register) = chained {
        set(Field::Rd, register);
        // Either source, or one of them.
        match rng.below(4) {
            0 => set(Field::Rs2, register),
            _ => set(Field::Rs1, register),
        }
    }
    // Reserved rounding modes are illegal: once in a while.
    if !rng.chance(4) {
        set(Field::Rm, *rng.pick(&[0, 1, 2, 3, 4, 7, 7, 7]));
    }
    if rng.chance(97) {
        let csrs = if rng.chance(60) { &WRITTEN[..] } else { &READ };
        set(Field::Csr, u32::from(*rng.pick(csrs)));
    }
    bits
}

/// The mixed page's pointer reaches its code.
fn stays_off_code(row: &Row, insn: Insn) -> bool {
    const NEAR: std::ops::Range<i32> = -0x300..0x300;
    operands::store(row, insn)
        .is_none_or(|(base, distance, _)| u32::from(base) != MIXED || NEAR.contains(&distance))
}

fn csr_allowed(row: &Row, insn: Insn) -> bool {
    if !row.pattern.has(Field::Csr) || WRITTEN.contains(&insn.csr()) {
        return true;
    }
    let writes = row.name.starts_with("csrrw") || insn.uimm() != 0;
    let immediate = insn.0 >> 14 & 1 != 0 && !row.name.starts_with("csrrw");
    !writes || immediate && STATUS.contains(&insn.csr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_left_alone() {
        let instructions = Instructions::new();
        let mut rng = Rng::new(3, 0);
        let mut names = std::collections::HashSet::new();
        for _ in 0..50_000 {
            let bits = instructions.random(&mut rng);
            let row = decode(bits).unwrap();
            names.insert(row.name);
            assert_eq!(operands::written(row, Insn(bits)) & RESERVED, 0, "{bits:x}");
        }
        for name in [
            "add", "fmadd.d", "c.sdsp", "amocas.q", "csrrs", "cbo.zero", "sh3add",
        ] {
            assert!(names.contains(name), "{name}");
        }
        assert!(NOT_ALONE.iter().all(|name| !names.contains(name)));
    }
}
