//! Random sequences, from the decoder's own rows: a new row is fuzzed at once.

use vm_cross_arch::guest::riscv64::{Field, Insn, Row, decode, extensions, isa};

use super::{
    csr,
    environment::{self, Environment, MACHINE},
    operands::{self, Base, Displacement},
    rng::Rng,
    sequence::{Jump, Sequence, To, Unit},
    special,
};

/// Units of a sequence, at least and at most.
const UNITS: (u64, u64) = (48, 160);
/// How far branches go, in units.
const MAX_OVER: u64 = 6;
/// Tries to find random bits that suit.
const TRIES: usize = 64;

/// Makes sequences from a set of rows.
pub struct Generator {
    rows: Vec<&'static Row>,
    csr_rows: Vec<&'static Row>,
}

/// What generation of one sequence knows.
pub struct Context<'a> {
    /// Its random numbers.
    pub rng: Rng,
    /// Registers that still point into the window, where they did at first.
    pub pointers: u32,
    /// Those that are aligned for any access.
    pub aligned: u32,
    /// Those that are addresses of cache blocks.
    pub blocks: u32,
    /// Whether it is sure to run in M-mode.
    pub machine: bool,
    /// Whether PMP has no entries but the harness's.
    pub unprotected: bool,
    environment: &'a Environment,
    generator: &'a Generator,
}

impl Generator {
    /// One that uses the named extensions, or all.
    ///
    /// # Errors
    /// The name of an extension that there is not.
    pub fn new(names: Option<&[String]>) -> Result<Self, String> {
        let known = |name: &String| extensions().iter().any(|e| e.name == name);
        if let Some(unknown) = names.unwrap_or_default().iter().find(|name| !known(name)) {
            return Err(unknown.clone());
        }
        let wanted = |name: &str| names.is_none_or(|list| list.iter().any(|n| n == name));
        let of = |pick: &dyn Fn(&str) -> bool| -> Vec<&'static Row> {
            let picked = extensions().iter().filter(|e| pick(e.name));
            picked.flat_map(|e| e.rows).collect()
        };
        Ok(Self {
            rows: of(&|name| wanted(name)),
            csr_rows: of(&|name| name == "zicsr" && wanted(name)),
        })
    }

    /// The rows in use.
    pub fn rows(&self) -> &[&'static Row] {
        &self.rows
    }

    /// Sequence `index` of a seed.
    pub fn sequence(&self, seed: u64, index: u64) -> Sequence {
        let mut rng = Rng::new(seed, index);
        let environment = environment::random(&mut rng);
        let mut context = Context {
            pointers: environment.pointers,
            aligned: environment.aligned(16),
            blocks: environment.aligned(isa::CACHE_BLOCK_SIZE),
            machine: environment.mode == MACHINE,
            unprotected: environment.state.pmpcfg == environment::UNPROTECTED,
            environment: &environment,
            generator: self,
            rng,
        };
        let count = UNITS.0 + context.rng.below(UNITS.1 - UNITS.0 + 1);
        let mut units: Vec<Unit> = (0..count).map(|_| context.unit()).collect();
        if context.rng.chance(10) {
            units.push(special::wild_jump(&mut context.rng));
        }
        Sequence { units, environment }
    }
}

impl Context<'_> {
    /// Whether the sequence may still be in M-mode.
    pub fn started_in_machine_mode(&self) -> bool {
        self.environment.mode == MACHINE
    }

    fn unit(&mut self) -> Unit {
        match self.rng.below(100) {
            0..5 => self.random_bits(),
            5..11 if !self.generator.csr_rows.is_empty() => {
                if self.rng.chance(15) {
                    return special::status_write(self);
                }
                let row = *self.rng.pick(&self.generator.csr_rows);
                self.of_row(row)
            }
            _ => {
                let row = *self.rng.pick(&self.generator.rows);
                self.of_row(row)
            }
        }
    }

    /// Bits that are no instruction, or one of whatever row they hit.
    fn random_bits(&mut self) -> Unit {
        let mut bits = self.rng.bits32();
        if self.rng.chance(70) {
            bits |= 3;
        } else {
            bits &= 0xffff;
        }
        // Encodings of more than 32 bits: how much of them mtval shows is free.
        if bits & 0x1f == 0x1f {
            bits &= !4;
        }
        match decode(bits) {
            None => Unit::one(bits),
            Some(row) if self.generator.rows.iter().any(|r| std::ptr::eq(*r, row)) => {
                self.of_row(row)
            }
            Some(_) => self.of_row(self.generator.rows[0]),
        }
    }

    fn of_row(&mut self, row: &'static Row) -> Unit {
        if let Some(unit) = special::unit(self, row) {
            return unit;
        }
        let bits = self.random_insn(row);
        self.pointers &= !operands::written(row, Insn(bits));
        let Some(kind) = Displacement::of(row) else {
            return Unit::one(bits);
        };
        let to = To::Over(self.rng.below(MAX_OVER) as usize);
        let jump = Jump {
            at: 0,
            from: 0,
            kind,
            to,
        };
        Unit {
            code: vec![bits],
            jump: Some(jump),
        }
    }

    /// An instruction of the row that is harmless to the harness.
    pub fn random_insn(&mut self, row: &'static Row) -> u32 {
        let mut bits = row.pattern.value;
        for _ in 0..TRIES {
            bits = self.try_insn(row);
            let insn = Insn(bits);
            let own = decode(bits).is_some_and(|found| std::ptr::eq(found, row));
            let spoils = operands::written(row, insn) & self.pointers != 0;
            if own && self.is_harmless(row, insn) && !(spoils && self.rng.chance(97)) {
                return bits;
            }
        }
        // A store without a pointer that it could use, for one.
        if self.is_harmless(row, Insn(bits)) {
            bits
        } else {
            special::NOP
        }
    }

    fn is_harmless(&self, row: &Row, insn: Insn) -> bool {
        self.csr_allowed(row, insn) && self.store_allowed(row, insn)
    }

    /// Stores have a known address, so that it is sure what they do.
    fn store_allowed(&self, row: &Row, insn: Insn) -> bool {
        let Some((register, distance, bytes)) = operands::store(row, insn) else {
            return true;
        };
        if register == 0 {
            return true;
        }
        let known = self.pointers >> register & 1 != 0;
        let base = self.environment.state.x[usize::from(register) - 1];
        let address = base.wrapping_add_signed(distance.into());
        known && self.environment.stores_whole(address, bytes)
    }

    fn try_insn(&mut self, row: &Row) -> u32 {
        let pattern = &row.pattern;
        let free = !pattern.mask & if pattern.len == 2 { 0xffff } else { u32::MAX };
        let mut bits = pattern.value | self.rng.bits32() & free;
        let mut set = |field: Field, value: u32| {
            if pattern.has(field) {
                bits = bits & !field.mask() | value << field.shift() & field.mask();
            }
        };
        if self.rng.chance(50) {
            // Few destinations, so that other registers keep interesting values.
            set(Field::Rd, 20 + self.rng.below(6) as u32);
        }
        match operands::base(row) {
            // A misaligned atomic may raise either of two exceptions.
            Some(Base::Full) if operands::is_atomic(row) => {
                set(
                    Field::Rs1,
                    aligned(&mut self.rng, self.pointers & self.aligned),
                );
            }
            // Any address in a faulting block may be reported.
            Some(Base::Full) if row.name.starts_with("cbo.") => {
                set(
                    Field::Rs1,
                    aligned(&mut self.rng, self.pointers & self.blocks),
                );
            }
            Some(Base::Full) if self.rng.chance(92) => {
                set(Field::Rs1, pointer(&mut self.rng, self.pointers, 1..32));
            }
            Some(Base::Compressed) if self.rng.chance(92) => {
                set(
                    Field::Rs1P,
                    pointer(&mut self.rng, self.pointers, 8..16) & 7,
                );
            }
            _ => {}
        }
        if pattern.has(Field::Csr) && self.rng.chance(85) {
            set(Field::Csr, u32::from(*self.rng.pick(csr::FAVOURITES)));
        }
        bits
    }

    fn csr_allowed(&self, row: &Row, insn: Insn) -> bool {
        if !row.pattern.has(Field::Csr) {
            return true;
        }
        let number = insn.csr();
        let writes = row.name.starts_with("csrrw") || insn.uimm() != 0;
        // With x0 as destination, CSRRW does not even read.
        let pmp_address = (0x3b2..=0x3be).contains(&number);
        if pmp_address && self.unprotected && self.machine {
            return true;
        }
        // What a register holds is unknown; of the immediates, none has FS.
        let register = insn.0 >> 14 & 1 == 0;
        if csr::HAS_FS.contains(&number) && writes && register {
            return false;
        }
        csr::allowed(number, writes, insn.rd() != 0)
    }
}

/// One of the pointers, or x0: at address 0 there is nothing.
pub fn aligned(rng: &mut Rng, pointers: u32) -> u32 {
    if pointers == 0 || rng.chance(5) {
        0
    } else {
        pointer(rng, pointers, 1..32)
    }
}

/// A register of the range that points into the window, if there is one.
pub fn pointer(rng: &mut Rng, pointers: u32, range: std::ops::Range<u32>) -> u32 {
    let candidates: Vec<u32> = range.clone().filter(|n| pointers >> n & 1 != 0).collect();
    if candidates.is_empty() {
        range.start + rng.below(u64::from(range.end - range.start)) as u32
    } else {
        *rng.pick(&candidates)
    }
}
