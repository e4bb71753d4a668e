//! The guest's own trap handlers.
//!
//! Each logs what it finds, and then
//! - lowers the lines of an interrupt;
//! - repairs the page of a page fault, once, and has the access tried again;
//! - changes a page-table entry, or the address space, for a system call;
//! - starts the program again after a breakpoint or a fetch that cannot be done;
//! - leaves behind any other instruction.

use super::{
    asm::{reg::*, *},
    labels::Code,
    layout::{ACKNOWLEDGE, GOOD, PAGE, RAM_BYTES, TABLES, VIRTUAL},
};

/// Offsets in a handler's context, to which its scratch register points.
pub mod context {
    /// Registers of the program.
    pub const SAVED: i32 = 0;
    /// Hash of everything logged.
    pub const HASH: i32 = 0x28;
    /// Traps.
    pub const COUNT: i32 = 0x30;
    /// State of the random numbers, and their factor.
    pub const RANDOM: i32 = 0x38;
    /// The factor of hash and random numbers.
    pub const FACTOR: i32 = 0x40;
    /// Where the program starts again.
    pub const RESTART: i32 = 0x48;
    /// The bits of the status register that are cleared then.
    pub const CLEAR: i32 = 0x50;
    /// The bits that are set.
    pub const SET: i32 = 0x58;
    /// The stack pointer then.
    pub const STACK: i32 = 0x60;
    /// Physical address of the first last-level table.
    pub const TABLE: i32 = 0x68;
    /// Physical address of RAM.
    pub const RAM_START: i32 = 0x70;
    /// How the `satp` of the two address spaces differ.
    pub const TOGGLE: i32 = 0x78;
    /// Eight changes of a page-table entry.
    pub const MASKS: i32 = 0x80;
    /// The last 32 traps: cause, address, value, status.
    pub const LOG: i32 = 0x100;
}

/// Registers that the handlers use, and save.
const SAVED: [u32; 5] = [T0, T1, T2, T3, T4];

/// The CSRs of the handler of one mode.
pub struct Registers {
    scratch: u32,
    cause: u32,
    epc: u32,
    value: u32,
    status: u32,
    pending: u32,
    counter: Option<u32>,
    trap_return: u32,
}

/// Those of M-mode.
pub const MACHINE: Registers = Registers {
    scratch: 0x340,
    cause: 0x342,
    epc: 0x341,
    value: 0x343,
    status: 0x300,
    pending: 0x344,
    counter: Some(0xb02),
    trap_return: MRET,
};

/// Those of S-mode.
pub const SUPERVISOR: Registers = Registers {
    scratch: 0x140,
    cause: 0x142,
    epc: 0x141,
    value: 0x143,
    status: 0x100,
    pending: 0x144,
    counter: None,
    trap_return: SRET,
};

const SATP: u32 = 0x180;
/// Branches' funct3.
const EQ: u32 = 0;
const NE: u32 = 1;
const LT: u32 = 4;
/// Pages from a table to its copy.
const TO_COPY: u32 = ((GOOD[0] - TABLES[0]) * PAGE) as u32;

fn read(rd: u32, csr: u32) -> u32 {
    csrrs(rd, csr, ZERO)
}

fn write(csr: u32, rs: u32) -> u32 {
    csrrw(ZERO, csr, rs)
}

/// What a handler fences after it has changed the entry of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fence {
    /// All of it.
    All,
    /// The page in all address spaces.
    Page,
    /// The page in the running one.
    PageHere,
    /// The running address space.
    Here,
}

impl Fence {
    /// Each of them.
    pub const EACH: [Self; 4] = [Self::All, Self::Page, Self::PageHere, Self::Here];

    /// The code, if a register holds an address in the page. T4 is changed.
    fn code(self, va: u32) -> Vec<u32> {
        let space = [read(T4, SATP), slli(T4, T4, 4), srli(T4, T4, 48)];
        match self {
            Self::All => vec![SFENCE_ALL],
            Self::Page => vec![sfence_vma(va, ZERO)],
            Self::PageHere => [&space[..], &[sfence_vma(va, T4)]].concat(),
            Self::Here => [&space[..], &[sfence_vma(ZERO, T4)]].concat(),
        }
    }
}

/// How the program's address spaces are changed.
#[derive(Clone, Copy, Debug)]
pub struct Spaces {
    /// Both have the same number.
    pub alike: bool,
    /// What is fenced when an entry has changed.
    pub fence: Fence,
}

/// The handler of one mode. `spaces`: of a program that is translated.
pub fn handler(r: &Registers, spaces: Option<Spaces>) -> Vec<u32> {
    let translated = spaces.is_some();
    let mut code = Code::default();
    enter(&mut code, r);
    dispatch(&mut code);
    skip(&mut code, r, translated);
    page_fault(&mut code, r, spaces);
    service(&mut code, r, spaces);
    restart(&mut code, r);
    code.label("interrupt");
    code.put([lui(T2, ACKNOWLEDGE as u32), sw(ZERO, T2, 0)]);
    code.put([write(r.pending, ZERO)]);
    code.label("leave");
    code.put(saved(ld));
    code.put([csrrw(SP, r.scratch, SP), r.trap_return]);
    code.words()
}

fn saved(access: impl Fn(u32, u32, i32) -> u32) -> impl Iterator<Item = u32> {
    let at = |index: usize| context::SAVED + 8 * index as i32;
    let registers = SAVED.into_iter().enumerate();
    registers.map(move |(index, register)| access(register, SP, at(index)))
}

/// Mixes a register into the hash in T4; T3 is the factor.
fn mix(register: u32) -> [u32; 2] {
    [xor(T4, T4, register), mul(T4, T4, T3)]
}

/// Saves registers and logs the trap. T0 is its cause then, T1 its address.
fn enter(code: &mut Code, r: &Registers) {
    code.put([csrrw(SP, r.scratch, SP)]).put(saved(sd));
    code.put([
        read(T0, r.cause),
        read(T1, r.epc),
        ld(T3, SP, context::COUNT),
    ]);
    code.put([addi(T4, T3, 1), sd(T4, SP, context::COUNT)]);
    code.put([andi(T3, T3, 31), slli(T3, T3, 5), add(T2, T3, SP)]);
    code.put([ld(T3, SP, context::FACTOR), ld(T4, SP, context::HASH)]);
    code.put([sd(T0, T2, context::LOG), sd(T1, T2, context::LOG + 8)]);
    code.put(mix(T0)).put(mix(T1));
    code.put([read(T1, r.value), sd(T1, T2, context::LOG + 16)]);
    code.put(mix(T1));
    code.put([read(T1, r.status), sd(T1, T2, context::LOG + 24)]);
    code.put(mix(T1));
    if let Some(counter) = r.counter {
        code.put([read(T1, counter)]).put(mix(T1));
    }
    code.put([sd(T4, SP, context::HASH), read(T1, r.epc)]);
}

/// Distinguishes causes (Privileged 1.13 table 14).
fn dispatch(code: &mut Code) {
    code.branch(LT, T0, ZERO, "interrupt");
    let mut range = |first: i32, count: i32, to| {
        code.put([addi(T2, T0, -first), sltiu(T2, T2, count)]);
        code.branch(NE, T2, ZERO, to);
    };
    range(0, 2, "restart");
    range(3, 1, "restart");
    range(8, 4, "service");
    range(12, 4, "page_fault");
}

/// Leads to `elsewhere` unless the address in `va` is in the program's part of
/// its address space; T3 becomes the address of the page's entry.
fn find_entry(code: &mut Code, va: u32, elsewhere: &'static str) {
    code.put([lui(T3, VIRTUAL as u32), sub(T3, va, T3), srli(T4, T3, 21)]);
    code.branch(NE, T4, ZERO, elsewhere);
    code.put([srli(T3, T3, 12), slli(T3, T3, 3)]);
    code.put([read(T4, SATP), andi(T4, T4, 1), slli(T4, T4, 12)]);
    code.put([add(T3, T3, T4), ld(T4, SP, context::TABLE), add(T3, T3, T4)]);
}

/// Goes on behind the instruction at T1, which may be of two bytes or four.
fn skip(code: &mut Code, r: &Registers, translated: bool) {
    code.label("skip");
    if translated {
        find_entry(code, T1, "physical");
        code.put([ld(T4, T3, 0)]).branch(EQ, T4, ZERO, "restart");
        code.put([srli(T4, T4, 10), slli(T4, T4, 12)]);
        code.put([slli(T3, T1, 52), srli(T3, T3, 52), add(T3, T3, T4)]);
        code.jump("measure");
    }
    code.label("physical");
    code.put([
        ld(T3, SP, context::RAM_START),
        sub(T3, T1, T3),
        srli(T3, T3, 12),
    ]);
    code.put([sltiu(T3, T3, (RAM_BYTES / PAGE) as i32)]);
    code.branch(EQ, T3, ZERO, "restart").put([addi(T3, T1, 0)]);
    code.label("measure");
    code.put([lhu(T3, T3, 0), andi(T3, T3, 3), addi(T3, T3, -3)]);
    code.put([sltiu(T3, T3, 1), slli(T3, T3, 1), addi(T3, T3, 2)]);
    code.put([add(T1, T1, T3), write(r.epc, T1)]);
    code.jump("leave");
}

fn page_fault(code: &mut Code, r: &Registers, spaces: Option<Spaces>) {
    code.label("page_fault");
    if let Some(spaces) = spaces {
        code.put([read(T2, r.value)]);
        find_entry(code, T2, "hopeless");
        code.put([
            lui(T4, TO_COPY),
            add(T4, T4, T3),
            ld(T4, T4, 0),
            ld(T2, T3, 0),
        ]);
        code.branch(EQ, T2, T4, "hopeless");
        code.put([sd(T4, T3, 0), read(T2, r.value)]);
        code.put(spaces.fence.code(T2)).jump("leave");
    }
    code.label("hopeless");
    code.put([addi(T2, T0, -12)]).branch(NE, T2, ZERO, "skip");
    code.jump("restart");
}

/// Does something to the address space that the random number says.
fn service(code: &mut Code, r: &Registers, spaces: Option<Spaces>) {
    code.label("service");
    code.put([addi(T1, T1, 4), write(r.epc, T1)]);
    if let Some(spaces) = spaces {
        code.put([ld(T2, SP, context::RANDOM), ld(T3, SP, context::FACTOR)]);
        code.put([
            mul(T2, T2, T3),
            addi(T2, T2, 0x4d5),
            sd(T2, SP, context::RANDOM),
        ]);
        code.put([srli(T3, T2, 60), sltiu(T4, T3, 4)]);
        code.branch(NE, T4, ZERO, "toggle");
        code.put([sltiu(T4, T3, 6)]).branch(NE, T4, ZERO, "leave");
        // One of the pages 8 to 23.
        code.put([
            srli(T3, T2, 40),
            andi(T3, T3, 15),
            addi(T3, T3, 8),
            slli(T3, T3, 12),
        ]);
        code.put([lui(T1, VIRTUAL as u32), add(T1, T1, T3)]);
        find_entry(code, T1, "leave");
        code.put([
            srli(T4, T2, 50),
            andi(T4, T4, 7),
            slli(T4, T4, 3),
            add(T4, T4, SP),
        ]);
        code.put([ld(T4, T4, context::MASKS), ld(T2, T3, 0), xor(T2, T2, T4)]);
        code.put([sd(T2, T3, 0)]);
        code.put(spaces.fence.code(T1)).jump("leave");
        code.label("toggle");
        code.put([read(T3, SATP), ld(T4, SP, context::TOGGLE), xor(T3, T3, T4)]);
        code.put([write(SATP, T3)]);
        if spaces.alike {
            code.put([SFENCE_ALL]);
        }
    }
    code.jump("leave");
}

fn restart(code: &mut Code, r: &Registers) {
    code.label("restart");
    code.put([ld(T1, SP, context::RESTART), write(r.epc, T1)]);
    // Both at once: in between, MPRV would have the handler's loads translated.
    code.put([ld(T1, SP, context::CLEAR), ld(T2, SP, context::SET)]);
    code.put([csrrc(ZERO, r.status, T1), csrrs(ZERO, r.status, T2)]);
    code.put([ld(T1, SP, context::STACK), write(r.scratch, T1)]);
    code.jump("leave");
}
