//! Atomics: the host's own, on the host's address.

use dynasmrt::dynasm;
use vm_core::AccessSize;

use super::{
    asm::{Alu, Cc, Patch},
    cold::Redone,
    emitter::{Emitter, Source},
    encode::Rm,
    regs::{Gpr, RAX, RCX, RDX, STATE},
};
use crate::{
    host::contract::ShortTlb,
    ir::{AtomicOp, Op, Operand, Slot},
};

/// How an atomic changes memory.
enum Change {
    Swap,
    Combine(Alu),
    /// To its operand, if the comparison of the two says so.
    Extreme(Cc),
}

impl Change {
    const fn of(op: AtomicOp) -> Self {
        match op {
            AtomicOp::Swap => Self::Swap,
            AtomicOp::Add => Self::Combine(Alu::Add),
            AtomicOp::And => Self::Combine(Alu::And),
            AtomicOp::Or => Self::Combine(Alu::Or),
            AtomicOp::Xor => Self::Combine(Alu::Xor),
            AtomicOp::MinS => Self::Extreme(Cc::Greater),
            AtomicOp::MaxS => Self::Extreme(Cc::Less),
            AtomicOp::MinU => Self::Extreme(Cc::Above),
            AtomicOp::MaxU => Self::Extreme(Cc::Below),
        }
    }
}

impl Emitter<'_> {
    /// Emits an atomic; false if there is no native form.
    pub(super) fn atomic(&mut self, op: &Op) -> bool {
        match *op {
            Op::AtomicRmw {
                op: operation,
                size,
                dst,
                addr,
                src,
                ..
            } => {
                let change = Change::of(operation);
                let Some(source) = self.atomic_source(&change, src) else {
                    return false;
                };
                let misses = self.atomic_address(addr, size, ShortTlb::WRITE);
                self.read_modify_write(&change, size == AccessSize::Double, source);
                self.end_atomic(op, misses, size, dst);
            }
            Op::CompareExchange {
                size,
                dst,
                addr,
                expected,
                new,
                ..
            } => {
                let misses = self.atomic_address(addr, size, ShortTlb::WRITE);
                self.copy_settled(RAX, expected);
                self.copy_settled(RCX, new);
                self.compare_exchange(size == AccessSize::Double);
                self.end_atomic(op, misses, size, dst);
            }
            Op::LoadReserved {
                size, dst, addr, ..
            } => return self.load_reserved(op, dst, addr, size),
            Op::StoreConditional {
                size,
                dst,
                addr,
                src,
                ..
            } => return self.store_conditional(op, dst, (addr, src), size),
            _ => return false,
        }
        true
    }

    /// `LR`, where the vCPU is alone or the `SC` follows in the block: no other
    /// vCPU has to see the reservation then.
    fn load_reserved(&mut self, op: &Op, dst: Slot, addr: Operand, size: AccessSize) -> bool {
        let (alone, paired) = (self.is_alone(), self.is_paired());
        if !(alone || paired) {
            return false;
        }
        let cells = self.backend.reservation;
        let mut misses = self.atomic_address(addr, size, ShortTlb::READ);
        if !alone {
            let refused = (STATE, cells.refused);
            self.asm.alu32_mi(Alu::Cmp, refused, 0);
            misses.push(self.asm.jcc(Cc::NotEqual));
            self.asm.store32_imm((STATE, cells.proven), 0);
        }
        let asm = &mut self.asm.out;
        if size == AccessSize::Double {
            dynasm!(asm ; .arch x64 ; mov rax, [rdx]);
        } else {
            dynasm!(asm ; .arch x64 ; movsxd rax, DWORD [rdx]);
        }
        self.asm.store((STATE, cells.host), RDX);
        self.asm.store((STATE, cells.value), RAX);
        self.redo(misses, op, dst, Redone::Register(RAX));
        self.write(dst, RAX);
        true
    }

    /// `SC`, where the vCPU is alone or the `LR` comes before in the block. One
    /// that cannot succeed is left to the engine.
    fn store_conditional(
        &mut self,
        op: &Op,
        dst: Slot,
        (addr, src): (Operand, Operand),
        size: AccessSize,
    ) -> bool {
        let (alone, paired) = (self.is_alone(), self.is_paired());
        if !(alone || paired) {
            return false;
        }
        let cells = self.backend.reservation;
        if !alone {
            self.asm.store32_imm((STATE, cells.proven), 1);
        }
        let mut misses = self.atomic_address(addr, size, ShortTlb::WRITE);
        self.asm.alu_rm(Alu::Cmp, true, RDX, (STATE, cells.host));
        misses.push(self.asm.jcc(Cc::NotEqual));
        self.asm.load(RAX, (STATE, cells.value));
        self.copy_settled(RCX, src);
        self.asm.store_imm((STATE, cells.host), 0);
        self.compare_exchange(size == AccessSize::Double);
        self.asm.set_cc(RAX, Cc::NotEqual);
        self.redo(misses, op, dst, Redone::Register(RAX));
        self.write(dst, RAX);
        true
    }

    /// Whether the `LR` or `SC` being emitted is one of a pair.
    fn is_paired(&mut self) -> bool {
        self.pairs.next().unwrap_or(false)
    }

    /// An operand that an atomic finds in place: global, in memory or small.
    fn atomic_source(&mut self, change: &Change, src: Operand) -> Option<Source> {
        let compares = matches!(change, Change::Extreme(_));
        match src {
            Operand::Slot(slot) => Some(match self.global(slot) {
                Some(register) => Source::Register(register),
                None => Source::Memory(self.memory_of(slot).1),
            }),
            Operand::Imm(_) if compares => None,
            Operand::Imm(imm) => i32::try_from(imm).ok().map(Source::Immediate),
        }
    }

    /// `rdx =` host address of an atomic, aligned; all else in scratch registers
    /// is gone. Returns the jumps to the engine: the address is not in the
    /// short TLB or misaligned, or it is stored to and stores are watched.
    fn atomic_address(&mut self, addr: Operand, size: AccessSize, table: i32) -> Vec<Patch> {
        self.clean();
        let base = self.read(addr);
        let stores = table == ShortTlb::WRITE;
        let watched = stores.then(|| self.watch_store()).flatten();
        let (host, miss) = self.look_up_aligned(base, size, table);
        self.asm.lea_sum(RDX, base, host);
        self.scratch.clear();
        [Some(miss), watched].into_iter().flatten().collect()
    }

    /// Copies an operand that is global, a constant or in memory.
    fn copy_settled(&mut self, register: Gpr, operand: Operand) {
        match operand {
            Operand::Imm(imm) => self.asm.set_ri(register, imm),
            Operand::Slot(slot) => match self.global(slot) {
                Some(global) => self.asm.mov_rr(register, global),
                None => {
                    let memory = self.memory_of(slot);
                    self.asm.load(register, memory);
                }
            },
        }
    }

    fn copy_source(&mut self, register: Gpr, source: Source) {
        match source {
            Source::Register(from) => self.asm.mov_rr(register, from),
            Source::Memory(disp) => self.asm.load(register, (STATE, disp)),
            Source::Immediate(imm) => self.asm.set_ri(register, imm.into()),
        }
    }

    /// `rax =` what memory at `rdx` held; memory is changed.
    fn read_modify_write(&mut self, change: &Change, wide: bool, source: Source) {
        if self.is_alone() {
            return self.read_modify_write_alone(change, wide, source);
        }
        match *change {
            Change::Combine(Alu::Add) => {
                self.copy_source(RAX, source);
                let asm = &mut self.asm.out;
                if wide {
                    dynasm!(asm ; .arch x64 ; lock xadd [rdx], rax);
                } else {
                    dynasm!(asm ; .arch x64 ; lock xadd [rdx], eax);
                }
            }
            Change::Swap => {
                self.copy_source(RAX, source);
                let asm = &mut self.asm.out;
                if wide {
                    dynasm!(asm ; .arch x64 ; xchg [rdx], rax);
                } else {
                    dynasm!(asm ; .arch x64 ; xchg [rdx], eax);
                }
            }
            Change::Combine(_) | Change::Extreme(_) => self.retry_change(change, wide, source),
        }
    }

    /// Changes memory as nothing of the host does at once.
    fn retry_change(&mut self, change: &Change, wide: bool, source: Source) {
        self.load_old(wide);
        let retry = self.asm.here();
        self.change(change, wide, source);
        self.compare_exchange(wide);
        let again = self.asm.jcc(Cc::NotEqual);
        self.asm.bind_to(again, retry);
    }

    /// Whether no other vCPU accesses memory: then nothing needs the host's
    /// bus lock, since devices do not change what the guest changes atomically.
    fn is_alone(&self) -> bool {
        self.backend.watched_stores.is_none()
    }

    fn read_modify_write_alone(&mut self, change: &Change, wide: bool, source: Source) {
        self.load_old(wide);
        self.change(change, wide, source);
        let asm = &mut self.asm.out;
        if wide {
            dynasm!(asm ; .arch x64 ; mov [rdx], rcx);
        } else {
            dynasm!(asm ; .arch x64 ; mov [rdx], ecx);
        }
    }

    /// `rax =` what memory at `rdx` holds.
    fn load_old(&mut self, wide: bool) {
        let asm = &mut self.asm.out;
        if wide {
            dynasm!(asm ; .arch x64 ; mov rax, [rdx]);
        } else {
            dynasm!(asm ; .arch x64 ; mov eax, [rdx]);
        }
    }

    /// `rcx =` what `rax` becomes.
    fn change(&mut self, change: &Change, wide: bool, source: Source) {
        match *change {
            Change::Swap => self.copy_source(RCX, source),
            Change::Combine(alu) => {
                self.asm.mov_rr(RCX, RAX);
                self.alu(alu, wide, RCX, source);
            }
            Change::Extreme(cc) => {
                self.asm.mov_rr(RCX, RAX);
                self.select_extreme(cc, wide, source);
            }
        }
    }

    /// `rcx =` the source if `cc` holds for the two.
    fn select_extreme(&mut self, cc: Cc, wide: bool, source: Source) {
        self.alu(Alu::Cmp, wide, RCX, source);
        let source = match source {
            Source::Register(from) => Rm::Reg(from.0),
            Source::Memory(disp) => Rm::Mem(STATE, disp),
            Source::Immediate(_) => return,
        };
        self.asm.cmov(cc, wide, RCX, source);
    }

    /// Replaces `rax` in memory at `rdx` by `rcx`; `rax =` what it held.
    fn compare_exchange(&mut self, wide: bool) {
        let alone = self.is_alone();
        let asm = &mut self.asm.out;
        match (wide, alone) {
            (true, false) => dynasm!(asm ; .arch x64 ; lock cmpxchg [rdx], rcx),
            (false, false) => dynasm!(asm ; .arch x64 ; lock cmpxchg [rdx], ecx),
            (true, true) => dynasm!(asm ; .arch x64 ; cmpxchg [rdx], rcx),
            (false, true) => dynasm!(asm ; .arch x64 ; cmpxchg [rdx], ecx),
        }
    }

    /// Completes an atomic whose result is in `rax`.
    fn end_atomic(&mut self, op: &Op, misses: Vec<Patch>, size: AccessSize, dst: Slot) {
        if size == AccessSize::Word {
            self.asm.movsxd_rr(RAX, RAX);
        }
        self.redo(misses, op, dst, Redone::Register(RAX));
        self.write(dst, RAX);
    }
}
