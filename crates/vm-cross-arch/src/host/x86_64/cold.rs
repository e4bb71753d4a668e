//! Code behind a block's main line: what happens rarely.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::AccessSize;

use super::{
    asm::{Alu, Patch},
    emitter::Emitter,
    encode::Rm,
    load_store::LookUp,
    regs::{Gpr, RAX, RCX, RDX, STATE, Xmm},
    vector::{Entry, Kind},
};
use crate::{
    host::{
        contract::{AccessSite, Runtime, Site},
        scratch::Spill,
    },
    ir::{Extend, Op, Operand, Slot},
};

/// Where a load's result goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loaded {
    Register {
        register: Gpr,
        size: AccessSize,
        extend: Extend,
    },
    Vector {
        register: Xmm,
        kind: Kind,
    },
}

/// What registers hold, to be loaded again after a call.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) scratch: [Spill<Gpr>; 3],
    pub(super) vectors: Vec<Entry>,
}

/// A piece of code behind the main line.
#[derive(Debug)]
pub(super) enum Cold {
    /// The budget is used up at the block's start.
    Poll { patch: Patch, insns: i32 },
    /// A load that missed.
    Load {
        look_up: LookUp,
        resume: u32,
        loaded: Loaded,
        site: (i32, Site),
        held: Held,
    },
    /// A store that missed, or that must be reported.
    Store {
        look_up: LookUp,
        watched: Option<Patch>,
        resume: u32,
        value: Operand,
        site: (i32, Site),
        held: Held,
    },
    /// A divisor that the processor traps on, or might.
    Divide {
        by_zero: Patch,
        by_minus_one: Option<Patch>,
        resume: u32,
        quotient: bool,
    },
    /// Leaves the block by its exit with this number.
    Exit {
        from: Patch,
        /// Instructions that the block did not get to.
        give_back: u16,
        target: i64,
    },
    /// An indirect jump to elsewhere than the entry of its site says.
    Indirect { from: Patch, site: i32 },
    /// The stub of an exit.
    Stub { from: Patch, exit: u32 },
    /// A single that is not in its box.
    Unboxed {
        from: Patch,
        register: Xmm,
        resume: u32,
    },
    /// A result that is not a number.
    Nan {
        from: Patch,
        register: Xmm,
        double: bool,
        resume: u32,
    },
    /// An op in a case that has no native form; its result is a slot's.
    Redo {
        from: Vec<Patch>,
        op: Op,
        dst: Slot,
        result: Redone,
        resume: u32,
        site: (i32, Site),
        held: Held,
    },
}

/// Where the main line wants the result of an op that was redone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Redone {
    Register(Gpr),
    Vector(Xmm),
    /// There is none.
    Nothing,
}

impl Emitter<'_> {
    /// What registers hold now.
    pub(super) fn held(&self) -> Held {
        Held {
            scratch: self.scratch.contents(),
            vectors: self.vectors.contents(),
        }
    }

    fn reload(&mut self, held: &Held) {
        for &(slot, register) in held.scratch.iter().flatten() {
            let memory = self.memory_of(slot);
            self.asm.load(register, memory);
        }
        for entry in &held.vectors {
            self.load_vector_slot(entry.register, entry.slot, entry.kind);
        }
    }

    pub(super) fn load_vector_slot(&mut self, register: Xmm, slot: Slot, kind: Kind) {
        let (base, disp) = self.memory_of(slot);
        let double = kind == Kind::F64;
        self.asm.load_vector(register, Rm::Mem(base, disp), double);
    }

    fn resume(&mut self, at: u32) {
        let patch = self.asm.jmp();
        self.asm.bind_to(patch, at);
    }

    pub(super) fn emit_cold(&mut self, cold: &Cold) {
        match *cold {
            Cold::Poll { patch, insns } => {
                self.asm.bind(patch);
                let budget = (STATE, self.backend.layout.budget);
                self.asm.alu32_mi(Alu::Add, budget, insns);
                let position = self.request.code_pc;
                self.asm.mov_ri(RAX, position.into());
                self.jump_runtime(Runtime::Poll);
            }
            Cold::Load {
                ref look_up,
                resume,
                loaded,
                site,
                ref held,
            } => {
                self.refill(look_up, false);
                let (base, offset) = look_up.address;
                self.asm.lea(RAX, base, offset);
                self.call_access(Runtime::Load(look_up.size), site);
                self.take_loaded(loaded);
                self.reload(held);
                self.resume(resume);
            }
            Cold::Store {
                ref look_up,
                watched,
                resume,
                value,
                site,
                ref held,
            } => {
                self.refill(look_up, true);
                if let Some(watched) = watched {
                    self.asm.bind(watched);
                }
                let (base, offset) = look_up.address;
                self.asm.lea(RAX, base, offset);
                self.pass(RCX, value);
                self.call_access(Runtime::Store(look_up.size), site);
                self.reload(held);
                self.resume(resume);
            }
            Cold::Divide {
                by_zero,
                by_minus_one,
                resume,
                quotient,
            } => self.divide_cold(by_zero, by_minus_one, resume, quotient),
            Cold::Exit {
                from,
                give_back,
                target,
            } => {
                self.asm.bind(from);
                self.give_back(give_back);
                self.exit(target);
            }
            Cold::Indirect { from, site } => self.indirect_cold(from, site),
            Cold::Stub { from, exit } => self.stub(from, exit),
            Cold::Unboxed {
                from,
                register,
                resume,
            } => {
                self.asm.bind(from);
                self.canonical_nan(register, false);
                self.resume(resume);
            }
            Cold::Nan {
                from,
                register,
                double,
                resume,
            } => {
                self.asm.bind(from);
                self.canonical_nan(register, double);
                self.resume(resume);
            }
            Cold::Redo {
                ref from,
                ref op,
                dst,
                result,
                resume,
                site,
                ref held,
            } => {
                from.iter().for_each(|&from| self.asm.bind(from));
                self.call_op_at(op, site);
                let (base, disp) = self.memory_of(dst);
                match result {
                    Redone::Register(register) => match self.global(dst) {
                        Some(global) => self.asm.mov_rr(register, global),
                        None => self.asm.load(register, (base, disp)),
                    },
                    Redone::Vector(register) => {
                        self.asm.load_vector(register, Rm::Mem(base, disp), true);
                    }
                    Redone::Nothing => {}
                }
                self.reload(held);
                self.resume(resume);
            }
        }
    }

    /// Calls the engine for an access that missed.
    fn call_access(&mut self, target: Runtime, (pc, site): (i32, Site)) {
        self.call_runtime(target);
        let after = self.asm.here();
        self.code.accesses.push(AccessSite { after, pc, site });
    }

    /// Passes a value to the engine; nothing is in scratch registers only.
    fn pass(&mut self, register: Gpr, value: Operand) {
        match value {
            Operand::Imm(imm) => self.asm.set_ri(register, imm),
            Operand::Slot(slot) => match self.global(slot) {
                Some(global) => self.asm.mov_rr(register, global),
                None if slot == crate::ir::fixed::PC => self.load_pc(register, 0),
                None => {
                    let memory = self.memory_of(slot);
                    self.asm.load(register, memory);
                }
            },
        }
    }

    /// Moves what the engine loaded, zero-extended in `rax`, to its place.
    fn take_loaded(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::Register {
                register,
                size,
                extend,
            } => {
                self.extend_result(size, extend);
                self.asm.mov_rr(register, RAX);
            }
            Loaded::Vector { register, .. } => {
                dynasm!(self.asm.out ; .arch x64 ; movq Rx(register.0), rax);
            }
        }
    }

    fn extend_result(&mut self, size: AccessSize, extend: Extend) {
        let asm = &mut self.asm.out;
        match (extend, size) {
            (Extend::Zero, _) | (_, AccessSize::Double) => {}
            (Extend::Sign, AccessSize::Byte) => dynasm!(asm ; .arch x64 ; movsx rax, al),
            (Extend::Sign, AccessSize::Half) => dynasm!(asm ; .arch x64 ; movsx rax, ax),
            (Extend::Sign, AccessSize::Word) => dynasm!(asm ; .arch x64 ; movsxd rax, eax),
            (Extend::Ones, _) => {
                let ones = !(size.mask() as i64);
                self.asm.mov_ri(RDX, ones);
                self.asm.alu_rr(Alu::Or, true, RAX, RDX);
            }
        }
    }

    fn divide_cold(
        &mut self,
        by_zero: Patch,
        by_minus_one: Option<Patch>,
        resume: u32,
        quotient: bool,
    ) {
        self.asm.bind(by_zero);
        if quotient {
            self.asm.mov_ri(RAX, -1);
        } else {
            self.asm.mov_rr(RDX, RAX);
        }
        self.resume(resume);
        if let Some(by_minus_one) = by_minus_one {
            self.asm.bind(by_minus_one);
            if quotient {
                dynasm!(self.asm.out ; .arch x64 ; neg rax);
            } else {
                self.asm.set_ri(RDX, 0);
            }
            self.resume(resume);
        }
    }

    /// `register =` the canonical quiet NaN.
    fn canonical_nan(&mut self, register: Xmm, double: bool) {
        let (r, asm) = (register.0, &mut self.asm.out);
        if double {
            dynasm!(asm ; .arch x64
                ; pcmpeqd Rx(r), Rx(r) ; psllq Rx(r), 52 ; psrlq Rx(r), 1);
        } else {
            dynasm!(asm ; .arch x64
                ; pcmpeqd Rx(r), Rx(r) ; pslld Rx(r), 23 ; psrld Rx(r), 1);
        }
    }

    /// Writes a vector register back to its slot.
    pub(super) fn store_vector(&mut self, entry: Entry) {
        let (base, disp) = self.memory_of(entry.slot);
        let (memory, upper) = (Rm::Mem(base, disp), (base, disp + 4));
        let double = entry.kind == Kind::F64;
        self.asm.store_vector(memory, entry.register, double);
        match entry.kind {
            Kind::F64 => {}
            Kind::F32 => self.asm.store32_imm(upper, 0),
            Kind::Boxed => self.asm.store32_imm(upper, -1),
        }
    }
}
