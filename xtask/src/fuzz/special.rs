//! Instructions that need company to be harmless and reproducible.

use vm_cross_arch::guest::riscv64::Row;

use super::{
    csr,
    generate::{Context, aligned},
    operands::Displacement,
    rng::Rng,
    sequence::{Jump, To, Unit},
};

/// `addi x0, x0, 0`.
pub const NOP: u32 = 0x13;

const MEPC: u32 = 0x341;
const SEPC: u32 = 0x141;
const WFI: u32 = 0x1050_0073;

/// The unit for a row of which a random instruction would not do.
pub fn unit(context: &mut Context<'_>, row: &'static Row) -> Option<Unit> {
    match row.name {
        // Without a reservation, PMP may see an SC in whole, in part or not at all.
        "lr.w" | "sc.w" | "lr.d" | "sc.d" if !context.unprotected => Some(Unit::one(NOP)),
        "lr.w" | "sc.w" => Some(reservation(context, 2)),
        "lr.d" | "sc.d" => Some(reservation(context, 3)),
        "mret" => Some(trap_return(context, row, MEPC)),
        "sret" => Some(trap_return(context, row, SEPC)),
        "wfi" if context.machine => Some(wait()),
        // In M-mode it would wait for ever; below, it is illegal.
        "wfi" if context.started_in_machine_mode() => Some(Unit::one(NOP)),
        // Where TW forbids to wait, it may be illegal or end at once.
        // PMP may see parts of any size.
        "cbo.zero" if !context.unprotected => Some(Unit::one(NOP)),
        "wrs.nto" if !context.machine => Some(Unit::one(NOP)),
        "jalr" => Some(indirect(context, row)),
        "c.jr" | "c.jalr" => Some(indirect_compressed(context, row)),
        _ => None,
    }
}

/// `auipc rd, 0`.
pub fn auipc(rd: u32) -> u32 {
    0x17 | rd << 7
}

/// `addi rd, rd, 0`.
pub fn addi(rd: u32) -> u32 {
    0x13 | rd << 7 | rd << 15
}

/// `csrrs`, `csrrc` with an immediate and without result.
pub fn csr_immediate(funct3: u32, csr: u32, value: u32) -> u32 {
    0x73 | funct3 << 12 | value << 15 | csr << 20
}

/// A register that is neither x0 nor a pointer; not to be one any more.
fn scratch(context: &mut Context<'_>) -> u32 {
    loop {
        let register = 1 + context.rng.below(31) as u32;
        if context.pointers >> register & 1 == 0 {
            return register;
        }
    }
}

/// Load-reserved and store-conditional, once more if the latter fails: it may
/// fail for no reason, but not for long.
fn reservation(context: &mut Context<'_>, funct3: u32) -> Unit {
    let base = aligned(&mut context.rng, context.pointers & context.aligned);
    let loaded = scratch(context);
    let failed = scratch(context);
    let ordering = context.rng.bits32() & 3 << 25;
    let mut source = context.rng.below(32) as u32;
    if source == failed {
        source = 0;
    }
    let common = 0x2f | funct3 << 12 | base << 15 | ordering;
    let lr = common | 2 << 27 | loaded << 7;
    let sc = common | 3 << 27 | source << 20 | failed << 7;
    if context.rng.chance(15) {
        // Without a reservation; the second would fail in any case.
        return Unit::of(vec![sc, sc]);
    }
    let beqz_over_two = Displacement::B.set(0x63 | failed << 15, 12);
    Unit::of(vec![lr, sc, beqz_over_two, lr, sc])
}

/// A return to the next instruction.
fn trap_return(context: &mut Context<'_>, row: &Row, csr: u32) -> Unit {
    let register = scratch(context);
    // It may go on in another mode.
    context.machine = false;
    let csrw = 0x73 | 1 << 12 | register << 15 | csr << 20;
    Unit {
        code: vec![auipc(register), addi(register), csrw, row.pattern.value],
        jump: Some(Jump {
            at: 1,
            from: 0,
            kind: Displacement::I,
            to: To::Over(0),
        }),
    }
}

/// A write to `mstatus` or `sstatus` that leaves FS Off or Dirty.
pub fn status_write(context: &mut Context<'_>) -> Unit {
    const FS: u32 = 3 << 13;
    let register = scratch(context);
    let mut upper = context.rng.bits32() & 0xffff_f000;
    if context.rng.chance(80) {
        upper |= FS;
    } else {
        upper &= !FS;
    }
    // Clearing both bits would turn floating point off.
    let funct3 = 1 + context.rng.below(3) as u32;
    if funct3 == 3 && context.rng.chance(80) {
        upper &= !FS;
    }
    let number = u32::from(*context.rng.pick(&csr::HAS_FS));
    let result = 20 + context.rng.below(6) as u32;
    context.pointers &= !(1 << result);
    let lower = context.rng.bits32() & 0x7ff;
    Unit::of(vec![
        0x37 | register << 7 | upper,
        addi(register) | lower << 20,
        0x73 | funct3 << 12 | result << 7 | register << 15 | number << 20,
    ])
}

/// WFI in M-mode with an interrupt pending that is enabled, but not globally.
pub fn wait() -> Unit {
    const SET: u32 = 6;
    const CLEAR: u32 = 7;
    const MSTATUS: u32 = 0x300;
    const MIE: u32 = 0x304;
    const MIP: u32 = 0x344;
    const MSTATUS_MIE: u32 = 8;
    const SOFTWARE: u32 = 2;
    Unit::of(vec![
        csr_immediate(CLEAR, MSTATUS, MSTATUS_MIE),
        csr_immediate(SET, MIP, SOFTWARE),
        csr_immediate(SET, MIE, SOFTWARE),
        WFI,
        csr_immediate(CLEAR, MIE, SOFTWARE),
        csr_immediate(CLEAR, MIP, SOFTWARE),
    ])
}

fn indirect(context: &mut Context<'_>, row: &Row) -> Unit {
    let register = scratch(context);
    let link = scratch(context);
    let link = if context.rng.chance(30) { 0 } else { link };
    Unit {
        code: vec![
            auipc(register),
            row.pattern.value | link << 7 | register << 15,
        ],
        jump: Some(Jump {
            at: 1,
            from: 0,
            kind: Displacement::I,
            to: To::Over(context.rng.below(6) as usize),
        }),
    }
}

fn indirect_compressed(context: &mut Context<'_>, row: &Row) -> Unit {
    let register = scratch(context);
    if row.name == "c.jalr" {
        context.pointers &= !(1 << 1);
    }
    Unit {
        code: vec![
            auipc(register),
            addi(register),
            row.pattern.value | register << 7,
        ],
        jump: Some(Jump {
            at: 1,
            from: 0,
            kind: Displacement::I,
            to: To::Over(context.rng.below(6) as usize),
        }),
    }
}

/// A jump to where there is nothing: at the ends of the address space, or in
/// the middle where addresses are not canonical. Ends the sequence.
pub fn wild_jump(rng: &mut Rng) -> Unit {
    const T0: u32 = 5;
    let lui = 0x37 | T0 << 7 | rng.bits32() & 0xffff_f000;
    let shift = *rng.pick(&[0, 0, 20, 28]);
    let slli = 0x13 | 1 << 12 | T0 << 7 | T0 << 15 | shift << 20;
    let jalr = 0x67 | T0 << 15 | rng.bits32() & 0xfff0_0000;
    Unit::of(vec![lui, slli, jalr])
}
