//! Loads and stores through the short TLB.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::{AccessSize, PAGE_SHIFT};

use super::{
    asm::{Alu, Cc, Patch, reg_mem},
    cold::{Cold, Loaded},
    emitter::Emitter,
    regs::{Gpr, STATE, TLB},
    vector::Kind,
};
use crate::{
    host::contract::ShortTlb,
    ir::{Extend, Operand, Ordering, Slot},
};

impl Emitter<'_> {
    /// `dst = memory[base + offset]`.
    pub(super) fn load(
        &mut self,
        dst: Slot,
        (base, offset): (Operand, i32),
        size: AccessSize,
        extend: Extend,
    ) {
        // A miss finds all slots in memory.
        self.clean();
        let base = self.read(base);
        let (host, miss) = self.look_up(base, offset, size, ShortTlb::READ);
        let loaded = if extend == Extend::Ones && size >= AccessSize::Word {
            self.load_vector(dst, (base, host, offset), size)
        } else {
            let register = self.pinned(dst).unwrap_or(host);
            self.load_register(register, (base, host, offset), size, extend);
            Loaded::Register {
                register,
                size,
                extend,
            }
        };
        self.cold.push(Cold::Load {
            miss,
            resume: self.asm.here(),
            address: (base, offset),
            size,
            loaded,
            site: self.site(),
            held: self.held(),
        });
        match loaded {
            Loaded::Register { register, .. } => self.write(dst, register),
            Loaded::Vector { register, kind } => self.write_vector(dst, register, kind),
        }
    }

    /// `register = host memory at base + host + offset`, extended.
    fn load_register(
        &mut self,
        register: Gpr,
        (base, host, offset): (Gpr, Gpr, i32),
        size: AccessSize,
        extend: Extend,
    ) {
        let (r, b, h, d) = (register.0, base.0, host.0, offset);
        let asm = &mut self.asm.out;
        match (size, extend) {
            (AccessSize::Byte, Extend::Sign) => {
                dynasm!(asm ; .arch x64 ; movsx Rq(r), BYTE [Rq(b) + Rq(h) + d]);
            }
            (AccessSize::Byte, _) => {
                dynasm!(asm ; .arch x64 ; movzx Rd(r), BYTE [Rq(b) + Rq(h) + d]);
            }
            (AccessSize::Half, Extend::Sign) => {
                dynasm!(asm ; .arch x64 ; movsx Rq(r), WORD [Rq(b) + Rq(h) + d]);
            }
            (AccessSize::Half, _) => {
                dynasm!(asm ; .arch x64 ; movzx Rd(r), WORD [Rq(b) + Rq(h) + d]);
            }
            (AccessSize::Word, Extend::Sign) => {
                dynasm!(asm ; .arch x64 ; movsxd Rq(r), DWORD [Rq(b) + Rq(h) + d]);
            }
            (AccessSize::Word, _) => {
                dynasm!(asm ; .arch x64 ; mov Rd(r), [Rq(b) + Rq(h) + d]);
            }
            (AccessSize::Double, _) => {
                dynasm!(asm ; .arch x64 ; mov Rq(r), [Rq(b) + Rq(h) + d]);
            }
        }
        if extend == Extend::Ones && size < AccessSize::Word {
            let ones = !(size.mask() as i64);
            self.asm.alu_ri(Alu::Or, true, register, ones as i32);
        }
    }

    fn load_vector(
        &mut self,
        dst: Slot,
        (base, host, offset): (Gpr, Gpr, i32),
        size: AccessSize,
    ) -> Loaded {
        self.vectors.forget(dst);
        let register = self.vector_temp();
        let (r, b, h, d) = (register.0, base.0, host.0, offset);
        let asm = &mut self.asm.out;
        let kind = if size == AccessSize::Double {
            dynasm!(asm ; .arch x64 ; movsd Rx(r), [Rq(b) + Rq(h) + d]);
            Kind::F64
        } else {
            dynasm!(asm ; .arch x64 ; movss Rx(r), [Rq(b) + Rq(h) + d]);
            Kind::Boxed
        };
        Loaded::Vector { register, kind }
    }

    /// `memory[base + offset] = src`.
    pub(super) fn store(&mut self, src: Operand, (base, offset): (Operand, i32), size: AccessSize) {
        // A miss finds all slots in memory.
        self.clean();
        let base = self.read(base);
        let watched = self.watch_store();
        let (host, miss) = self.look_up(base, offset, size, ShortTlb::WRITE);
        self.store_value(src, (base, host, offset), size);
        self.cold.push(Cold::Store {
            miss,
            watched,
            resume: self.asm.here(),
            address: (base, offset),
            size,
            value: src,
            site: self.site(),
            held: self.held(),
        });
    }

    /// Leaves for the engine while stores must be reported.
    pub(super) fn watch_store(&mut self) -> Option<Patch> {
        let pointer = self.backend.watched_stores?;
        let register = self.temp();
        self.asm.load(register, (STATE, pointer));
        dynasm!(self.asm.out ; .arch x64 ; cmp DWORD [Rq(register.0)], BYTE 0);
        self.scratch.release(register);
        Some(self.asm.jcc(Cc::NotEqual))
    }

    fn store_value(
        &mut self,
        src: Operand,
        (base, host, offset): (Gpr, Gpr, i32),
        size: AccessSize,
    ) {
        let (b, h, d) = (base.0, host.0, offset);
        if let Operand::Imm(imm) = src
            && let Ok(imm) = i32::try_from(imm)
        {
            let asm = &mut self.asm.out;
            match size {
                AccessSize::Byte => {
                    dynasm!(asm ; .arch x64 ; mov BYTE [Rq(b) + Rq(h) + d], BYTE imm as i8);
                }
                AccessSize::Half => {
                    dynasm!(asm ; .arch x64 ; mov WORD [Rq(b) + Rq(h) + d], WORD imm as i16);
                }
                AccessSize::Word => {
                    dynasm!(asm ; .arch x64 ; mov DWORD [Rq(b) + Rq(h) + d], DWORD imm);
                }
                AccessSize::Double => {
                    dynasm!(asm ; .arch x64 ; mov QWORD [Rq(b) + Rq(h) + d], DWORD imm);
                }
            }
            return;
        }
        if self.store_vector_value(src, (base, host, offset), size) {
            return;
        }
        let v = self.read(src).0;
        let asm = &mut self.asm.out;
        match size {
            AccessSize::Byte => dynasm!(asm ; .arch x64 ; mov [Rq(b) + Rq(h) + d], Rb(v)),
            AccessSize::Half => dynasm!(asm ; .arch x64 ; mov [Rq(b) + Rq(h) + d], Rw(v)),
            AccessSize::Word => dynasm!(asm ; .arch x64 ; mov [Rq(b) + Rq(h) + d], Rd(v)),
            AccessSize::Double => dynasm!(asm ; .arch x64 ; mov [Rq(b) + Rq(h) + d], Rq(v)),
        }
    }

    /// Stores from a vector register if that is where the value is.
    fn store_vector_value(
        &mut self,
        src: Operand,
        (base, host, offset): (Gpr, Gpr, i32),
        size: AccessSize,
    ) -> bool {
        let entry = src.slot().and_then(|slot| self.vectors.find(slot));
        let Some(entry) = entry else {
            return false;
        };
        let (b, h, d, x) = (base.0, host.0, offset, entry.register.0);
        let asm = &mut self.asm.out;
        match (size, entry.kind) {
            (AccessSize::Word, _) => {
                dynasm!(asm ; .arch x64 ; movss [Rq(b) + Rq(h) + d], Rx(x));
            }
            (AccessSize::Double, Kind::F64) => {
                dynasm!(asm ; .arch x64 ; movsd [Rq(b) + Rq(h) + d], Rx(x));
            }
            _ => return false,
        }
        true
    }

    /// Looks the page of an access up. Returns the register with what turns
    /// its address into that of the host, and the jump for a miss.
    ///
    /// The tag is compared with the page of the last byte, the entry is that
    /// of the first: an access to two pages always misses.
    fn look_up(&mut self, base: Gpr, offset: i32, size: AccessSize, table: i32) -> (Gpr, Patch) {
        let (index, tag) = (self.temp(), self.temp());
        let last = size.bytes() as i32 - 1;
        if offset == 0 {
            self.asm.mov32_rr(index, base);
        } else {
            reg_mem!(self.asm.out, lea Rd(index), [base, offset]);
        }
        match offset.checked_add(last) {
            Some(last) => self.asm.lea(tag, base, last),
            None => {
                self.asm.lea(tag, base, offset);
                self.asm.alu_ri(Alu::Add, true, tag, last);
            }
        }
        self.compare_tag(index, tag, -4096, table)
    }

    /// The same for an access that must be aligned: a misaligned one misses.
    pub(super) fn look_up_aligned(
        &mut self,
        base: Gpr,
        size: AccessSize,
        table: i32,
    ) -> (Gpr, Patch) {
        let (index, tag) = (self.temp(), self.temp());
        self.asm.mov32_rr(index, base);
        self.asm.mov_rr(tag, base);
        let kept = -4096 | (size.bytes() as i32 - 1);
        self.compare_tag(index, tag, kept, table)
    }

    fn compare_tag(&mut self, index: Gpr, tag: Gpr, kept: i32, table: i32) -> (Gpr, Patch) {
        let (i, t) = (index.0, tag.0);
        let mask = ((ShortTlb::ENTRIES - 1) << ShortTlb::ENTRY_SHIFT) as i32;
        let shift = (PAGE_SHIFT - ShortTlb::ENTRY_SHIFT) as i8;
        dynasm!(self.asm.out ; .arch x64
            ; shr Rd(i), shift
            ; and Rd(i), DWORD mask
            ; and Rq(t), DWORD kept
            ; cmp Rq(t), [Rq(TLB.0) + Rq(i) + table]
        );
        let miss = self.asm.jcc(Cc::NotEqual);
        dynasm!(self.asm.out ; .arch x64 ; mov Rq(t), [Rq(TLB.0) + Rq(i) + table + 8]);
        self.scratch.release(index);
        (tag, miss)
    }

    /// Orders memory accesses: this host only ever lets loads pass earlier stores.
    pub(super) fn fence(&mut self, ordering: Ordering) {
        if ordering == Ordering::Sequential {
            dynasm!(self.asm.out ; .arch x64 ; lock or DWORD [rsp - 8], BYTE 0);
        }
    }
}
