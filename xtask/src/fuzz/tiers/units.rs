//! The units of random programs.

use super::{
    asm::*,
    instruction::Instructions,
    layout::{EXEC_ALIAS, PAGE},
    registers::{self, COUNTERS, DATA, EXEC_BASE, MOVING, SCRATCH, STACK},
};
use crate::fuzz::{
    operands::Displacement,
    rng::Rng,
    sequence::{Jump, To, Unit},
    special::{self, addi as addi_fixed, auipc},
};

/// How far branches ahead go, in units.
const MAX_OVER: u64 = 6;
/// CSRs of units.
const FFLAGS: u32 = 0x001;
const FRM: u32 = 0x002;
const SSTATUS: u32 = 0x100;
const MSTATUS: u32 = 0x300;

/// Makes the units of one program.
pub struct Units<'a> {
    /// Its random numbers.
    pub rng: &'a mut Rng,
    /// What they are mostly.
    pub instructions: &'a Instructions,
    /// Offsets in RAM of the functions that can be called from here.
    pub callees: &'a [i32],
    /// The counter of loops here.
    pub counter: u32,
    /// Whether code has two addresses.
    pub aliased: bool,
    /// Whether the program runs in M-mode.
    pub machine: bool,
    /// Whether it runs in S-mode.
    pub supervisor: bool,
}

impl Units<'_> {
    /// About `bytes` bytes of units.
    pub fn body(&mut self, bytes: usize) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        let mut size = 0;
        // Where a loop began, and how many units it shall have.
        let mut open: Option<(usize, u64)> = None;
        while size < bytes {
            let from = units.len();
            match open {
                Some((start, count)) if (from - start) as u64 >= count => {
                    units.extend(self.loop_end(from - start));
                    open = None;
                }
                None if self.rng.chance(6) => {
                    units.push(self.loop_start());
                    open = Some((from + 1, 2 + self.rng.below(14)));
                }
                _ => self.push(&mut units),
            }
            size += units[from..].iter().map(Unit::bytes).sum::<usize>();
        }
        units
    }

    fn push(&mut self, units: &mut Vec<Unit>) {
        match self.rng.below(100) {
            0..10 => units.push(self.branch_ahead()),
            10..12 => units.push(self.jump_ahead()),
            12..14 => units.push(self.dispatch()),
            14..18 if !self.callees.is_empty() => units.push(self.call()),
            18..20 if !self.callees.is_empty() => units.push(self.patch_callee()),
            20..21 => units.extend(self.patch_here()),
            21..25 => units.push(self.move_pointer()),
            25..27 => units.push(self.reservation()),
            36..42 => units.push(self.chain()),
            44..47 => units.push(self.write_function()),
            42 if self.machine => units.push(special::wait()),
            42 => units.push(Unit::one(WFI)),
            43 if self.rng.chance(10) => units.push(Unit::one(C_EBREAK)),
            27..29 => units.push(Unit::one(ECALL)),
            29..31 => units.push(self.rounding()),
            31..33 => units.push(self.status()),
            33 => units.push(self.illegal()),
            34 if self.machine => units.push(self.trap_return(true)),
            34 if self.supervisor || self.machine && self.rng.chance(20) => {
                units.push(self.trap_return(false));
            }
            35 if self.aliased => units.push(self.other_alias()),
            _ => units.push(Unit::one(self.instructions.random(self.rng))),
        }
    }

    /// Any register.
    pub fn any(&mut self) -> u32 {
        self.rng.below(32) as u32
    }

    /// A register that random instructions may write.
    pub fn free(&mut self) -> u32 {
        10 + self.rng.below(8) as u32
    }

    fn ahead(&mut self) -> To {
        To::Over(self.rng.below(MAX_OVER) as usize)
    }

    fn branch_ahead(&mut self) -> Unit {
        let kind = *self.rng.pick(&[0, 1, 4, 5, 6, 7]);
        let (a, b) = (self.any(), self.any());
        let to = self.ahead();
        if self.rng.chance(40) {
            // C.BEQZ and C.BNEZ, which do not reach far.
            let to = To::Over(self.rng.below(4) as usize);
            let compressed = 0xc001 | (kind & 1) << 13 | (a & 7) << 7;
            return jump(vec![compressed], 0, 0, Displacement::Cb, to);
        }
        jump(vec![branch(kind, a, b)], 0, 0, Displacement::B, to)
    }

    fn jump_ahead(&mut self) -> Unit {
        let to = self.ahead();
        match self.rng.below(3) {
            0 => jump(vec![0xa001], 0, 0, Displacement::Cj, to),
            1 => jump(vec![jal(0)], 0, 0, Displacement::J, to),
            _ => {
                let register = SCRATCH[0];
                let code = vec![auipc(register), jalr(0, register, 0)];
                jump(code, 1, 0, Displacement::I, to)
            }
        }
    }

    /// A jump to one of four instructions, by a register's value.
    fn dispatch(&mut self) -> Unit {
        let [t, u, _] = SCRATCH;
        let target = self.free();
        let mut code = vec![
            andi(t, self.any(), 3),
            slli(t, t, 2),
            auipc(u),
            add(t, t, u),
            jalr(0, t, 12),
        ];
        code.extend((1..=4).map(|n| addi(target, target, n)));
        Unit::of(code)
    }

    fn call(&mut self) -> Unit {
        let callee = *self.rng.pick(self.callees);
        let link = registers::LINKS[usize::from(self.rng.chance(25))];
        if self.rng.chance(50) {
            return jump(vec![jal(link)], 0, 0, Displacement::J, To::Offset(callee));
        }
        Unit::of(call_indirect(link, callee))
    }

    /// Lets a pointer point to somewhere else in the data pages.
    fn move_pointer(&mut self) -> Unit {
        let [t, u, _] = SCRATCH;
        let pointer = *self.rng.pick(&MOVING);
        // Any alignment, or one that suits atomics and cache blocks.
        let keep = if self.rng.chance(25) { -1 } else { -64 };
        let edge = if self.rng.chance(30) {
            // The last bytes of a page.
            vec![lui(u, 0x7000), and(t, t, u), addi(t, t, -3)]
        } else {
            vec![lui(u, 0x8000), addiw(u, u, -1), and(t, t, u)]
        };
        let mut code = vec![andi(t, self.any(), keep)];
        code.extend(edge);
        code.push(add(pointer, DATA, t));
        Unit::of(code)
    }

    /// Load-reserved and store-conditional with something between.
    fn reservation(&mut self) -> Unit {
        let base = *self.rng.pick(&MOVING);
        let (loaded, failed) = (self.free(), self.free());
        let size = 2 + self.rng.below(2) as u32;
        let common = 0x2f | size << 12 | base << 15 | self.rng.bits32() & 3 << 25;
        let mut code = vec![common | 2 << 27 | loaded << 7];
        match self.rng.below(6) {
            0..3 => code.push(addi(loaded, loaded, 1)),
            // A trap takes the reservation away.
            3 => code.push(ECALL),
            _ => {}
        }
        let conditional = common | 3 << 27 | loaded << 20 | failed << 7;
        code.push(conditional);
        if self.rng.chance(25) {
            // So does success.
            code.push(conditional);
        }
        Unit::of(code)
    }

    /// Instructions each of which takes the result of the one before it.
    fn chain(&mut self) -> Unit {
        let register = self.free();
        let count = 3 + self.rng.below(8);
        // Every other one, or any: then upper halves are read by nobody.
        let often = self.rng.chance(50);
        let next = |number: u64| {
            if self.rng.chance(10) {
                let access = *self.rng.pick(&[csrrw, csrrs, csrrc]);
                return access(register, FFLAGS, self.rng.below(32) as u32);
            }
            let narrow = number.is_multiple_of(2) && often || self.rng.chance(30);
            self.instructions.chained(self.rng, register, narrow)
        };
        Unit::of((0..count).map(next).collect())
    }

    /// A valid rounding mode, mostly to nearest.
    fn rounding(&mut self) -> Unit {
        let mode = *self.rng.pick(&[0, 0, 0, 1, 2, 3, 4]);
        // CSRRWI.
        Unit::one(0x73 | 5 << 12 | mode << 15 | FRM << 20)
    }

    /// Sets or clears fields of the status register: FS, SUM, MXR, in M-mode MPRV.
    fn status(&mut self) -> Unit {
        let mut fields = vec![0x6000, 0x6000, 0x4_0000, 0x8_0000, 0x8_6000, 0x2000];
        if self.machine {
            fields.push(0x2_0000);
        }
        let field = *self.rng.pick(&fields);
        let csr = if self.machine { MSTATUS } else { SSTATUS };
        // Mostly, floating point is to be on.
        let set = self.rng.chance(if field & 0x6000 != 0 { 80 } else { 50 });
        let access = if set { csrrs } else { csrrc };
        Unit::of(vec![lui(SCRATCH[0], field), access(0, csr, SCRATCH[0])])
    }

    /// Bits that are no instruction.
    fn illegal(&mut self) -> Unit {
        Unit::one(
            *self
                .rng
                .pick(&[0, 0xffff_ffff, 0x0000_007b, 0x4200_0053, 0x9c41]),
        )
    }

    /// A return from a trap that did not happen, to what comes next.
    fn trap_return(&mut self, machine: bool) -> Unit {
        const MEPC: u32 = 0x341;
        const SEPC: u32 = 0x141;
        let (epc, status, mode, end) = if machine {
            (MEPC, MSTATUS, 0x1800, MRET)
        } else {
            (SEPC, SSTATUS, 0x100, SRET)
        };
        let t = SCRATCH[0];
        let mut code = vec![auipc(t), addi_fixed(t), csrrw(0, epc, t)];
        // To the same mode, mostly.
        if self.rng.chance(85) {
            let (high, low) = split(mode);
            code.extend([lui(SCRATCH[1], high), addi(SCRATCH[1], SCRATCH[1], low)]);
            code.push(csrrs(0, status, SCRATCH[1]));
        }
        code.push(end);
        jump(code, 1, 0, Displacement::I, To::Over(0))
    }

    /// Calls go through the other address from here on.
    fn other_alias(&mut self) -> Unit {
        let t = SCRATCH[0];
        Unit::of(vec![
            lui(t, EXEC_ALIAS as u32),
            xor(EXEC_BASE, EXEC_BASE, t),
        ])
    }

    fn loop_start(&mut self) -> Unit {
        Unit::one(addi(self.counter, 0, 1 + self.rng.below(12) as i32))
    }

    /// The end of a loop of so many units.
    fn loop_end(&mut self, units: usize) -> [Unit; 2] {
        let counter = self.counter;
        let count = Unit::one(addi(counter, counter, -1));
        // BNE, or BLT from x0: a counter that was changed does not run for ever.
        let again = *self
            .rng
            .pick(&[branch(1, counter, 0), branch(4, 0, counter)]);
        let again = jump(vec![again], 0, 0, Displacement::B, To::Back(units + 1));
        [count, again]
    }
}

/// A call of the function at an offset, through a register.
pub fn call_indirect(link: u32, callee: i32) -> Vec<u32> {
    let t = SCRATCH[2];
    let (high, low) = split(callee);
    let mut code = vec![lui(t, high), add(t, t, EXEC_BASE)];
    if link == registers::LINKS[0] && callee & 0x400 != 0 {
        // C.JALR.
        code.extend([addi(t, t, low), 0x9002 | t << 7]);
    } else {
        code.push(jalr(link, t, low));
    }
    code
}

/// A return through a link register, short or long.
pub fn function_end(link: u32, short: bool) -> u32 {
    if short {
        0x8002 | link << 7
    } else {
        jalr(0, link, 0)
    }
}

/// A function that calls itself, the stack growing: its prologue and its end.
pub fn recursion(own: i32, link: u32) -> [Unit; 2] {
    let counter = COUNTERS[0];
    let start = Unit::of(vec![addi(STACK, STACK, -16), sd(link, STACK, 8)]);
    let code = vec![
        addi(counter, counter, -1),
        // BLT x0, counter over the reset of the counter.
        Displacement::B.set(branch(4, 0, counter), 12),
        addi(counter, 0, 9),
        Displacement::J.set(jal(0), 8),
        jal(link),
        ld(link, STACK, 8),
        addi(STACK, STACK, 16),
        jalr(0, link, 0),
    ];
    [start, jump(code, 4, 4, Displacement::J, To::Offset(own))]
}

/// Saves a link register around a body that calls.
pub fn framed(link: u32, body: Vec<Unit>) -> Vec<Unit> {
    let start = Unit::of(vec![C_PUSH, sd(link, STACK, 0)]);
    let end = Unit::of(vec![ld(link, STACK, 0), C_POP, jalr(0, link, 0)]);
    std::iter::once(start).chain(body).chain([end]).collect()
}

pub fn jump(code: Vec<u32>, at: usize, from: usize, kind: Displacement, to: To) -> Unit {
    let jump = Some(Jump { at, from, kind, to });
    Unit { code, jump }
}

const _: () = assert!(PAGE == 0x1000, "`move_pointer` reaches eight pages");
