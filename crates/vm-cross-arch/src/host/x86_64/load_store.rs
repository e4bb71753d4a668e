//! Loads and stores through the short TLB.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::{AccessSize, PAGE_SHIFT};

use super::{
    asm::{Alu, Asm, Cc, Patch, Shift},
    cold::{Cold, Loaded, Redone},
    emitter::Emitter,
    encode::Rm,
    regs::{Gpr, STATE, TLB, TLB_BIAS},
    vector::{Kind, TEMPS},
};
use crate::{
    host::contract::{Runtime, ShortTlb},
    ir::{Extend, Op, Operand, Ordering, Slot, fixed},
};

/// How much [`Op::ZeroBlock`] zeroes, in bytes.
const ZERO_BLOCK: i32 = 64;

/// A look-up in the entry of a site.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookUp {
    /// What is accessed: base and offset.
    pub(super) address: (Gpr, i32),
    pub(super) size: AccessSize,
    /// Where the entry is, from the TLB's register.
    entry: i32,
    /// Where what turns the address into that of the host goes.
    host: Gpr,
    miss: Patch,
    /// Where the main line goes on.
    hit: u32,
}

impl Asm {
    /// `index =` offset of the table entry of the page of `address`.
    pub(super) fn table_index(&mut self, index: Gpr, address: Gpr) {
        let mask = ((ShortTlb::ENTRIES - 1) << ShortTlb::ENTRY_SHIFT) as i32;
        let shift = (PAGE_SHIFT - ShortTlb::ENTRY_SHIFT) as u8;
        self.mov32_rr(index, address);
        self.shift(Shift::Right, false, index, shift);
        self.alu_ri(Alu::And, false, index, mask);
    }

    /// Compares a page with the tag of the entry at `index`.
    pub(super) fn compare_tag(&mut self, tag: Gpr, index: Gpr, table: i32) {
        self.alu_rx(Alu::Cmp, tag, Rm::Sum(TLB, index, table));
    }

    /// `dst =` what turns addresses of the page of the entry at `index` into
    /// those of the host.
    pub(super) fn load_addend(&mut self, dst: Gpr, index: Gpr, table: i32) {
        let addend = Rm::Sum(TLB, index, table + 8);
        self.load_sized(dst, addend, AccessSize::Double, false);
    }
}

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
        let entry = self.site_entry(base, false);
        let base = self.read(base);
        let look_up = self.look_up((base, offset), size, entry);
        let host = look_up.host;
        let memory = Rm::Sum(base, host, offset);
        let loaded = if extend == Extend::Ones && size >= AccessSize::Word {
            self.load_vector(dst, memory, size)
        } else {
            let register = self.global(dst).unwrap_or(host);
            self.load_register(register, memory, size, extend);
            Loaded::Register {
                register,
                size,
                extend,
            }
        };
        self.cold.push(Cold::Load {
            look_up,
            resume: self.asm.here(),
            loaded,
            site: self.site(),
            held: self.held(),
        });
        match loaded {
            Loaded::Register { register, .. } => self.write(dst, register),
            Loaded::Vector { register, kind } => self.write_vector(dst, register, kind),
        }
    }

    /// `register = host memory`, extended.
    fn load_register(&mut self, register: Gpr, memory: Rm, size: AccessSize, extend: Extend) {
        let signed = extend == Extend::Sign;
        self.asm.load_sized(register, memory, size, signed);
        if extend == Extend::Ones && size < AccessSize::Word {
            let ones = !(size.mask() as i64);
            self.asm.alu_ri(Alu::Or, true, register, ones as i32);
        }
    }

    fn load_vector(&mut self, dst: Slot, memory: Rm, size: AccessSize) -> Loaded {
        self.vectors.forget(dst);
        let register = self.vector_temp();
        let double = size == AccessSize::Double;
        self.asm.load_vector(register, memory, double);
        let kind = if double { Kind::F64 } else { Kind::Boxed };
        Loaded::Vector { register, kind }
    }

    /// `memory[base + offset] = src`.
    pub(super) fn store(&mut self, src: Operand, (base, offset): (Operand, i32), size: AccessSize) {
        // A miss finds all slots in memory.
        self.clean();
        let entry = self.site_entry(base, true);
        let base = self.read(base);
        let watched = self.watch_store();
        let look_up = self.look_up((base, offset), size, entry);
        self.store_value(src, Rm::Sum(base, look_up.host, offset), size);
        self.cold.push(Cold::Store {
            look_up,
            watched,
            resume: self.asm.here(),
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
        self.asm.alu32_mi(Alu::Cmp, (register, 0), 0);
        self.scratch.release(register);
        Some(self.asm.jcc(Cc::NotEqual))
    }

    fn store_value(&mut self, src: Operand, memory: Rm, size: AccessSize) {
        if let Operand::Imm(imm) = src
            && let Ok(imm) = i32::try_from(imm)
        {
            return self.asm.store_sized_imm(memory, imm, size);
        }
        if !self.store_vector_value(src, memory, size) {
            let value = self.read(src);
            self.asm.store_sized(memory, value, size);
        }
    }

    /// Stores from a vector register if that is where the value is.
    fn store_vector_value(&mut self, src: Operand, memory: Rm, size: AccessSize) -> bool {
        let entry = src.slot().and_then(|slot| self.vectors.find(slot));
        let Some(entry) = entry else {
            return false;
        };
        let double = match (size, entry.kind) {
            (AccessSize::Word, _) => false,
            (AccessSize::Double, Kind::F64) => true,
            _ => return false,
        };
        self.asm.store_vector(memory, entry.register, double);
        true
    }

    /// Where the entry is that the access shares with those of the block with
    /// the same value of `base`: an offset in the short TLB.
    fn site_entry(&self, base: Operand, write: bool) -> i32 {
        let key = match base {
            Operand::Slot(slot) => match self.backend.guest.steady_base(slot) {
                Some(number) => return ShortTlb::inline_cache(number, write),
                None => u32::from(slot.0) | u32::from(self.written_at(slot)) << 8,
            },
            Operand::Imm(_) => 0,
        };
        let key = key.wrapping_add((self.request.code_pc as u32) << 7);
        // Fibonacci hashing: its upper bits depend on all of the key.
        let hash = key.wrapping_mul(0x9e37_79b9) >> (32 - ShortTlb::INLINE_CACHE_BITS);
        let reserved = self.backend.guest.steady_bases.len() as u32;
        ShortTlb::inline_cache(hash.max(reserved), write)
    }

    /// Looks the page of an access up in the entry of its site. A misaligned
    /// access always misses.
    fn look_up(&mut self, address: (Gpr, i32), size: AccessSize, entry: i32) -> LookUp {
        let host = self.temp();
        let (base, offset) = address;
        self.asm.lea(host, base, offset);
        let kept = -4096 | (size.bytes() as i32 - 1);
        self.asm.alu_ri(Alu::And, true, host, kept);
        let entry = entry - TLB_BIAS;
        self.asm.alu_rm(Alu::Cmp, true, host, (TLB, entry));
        let miss = self.asm.jcc(Cc::NotEqual);
        self.asm.load(host, (TLB, entry + 8));
        LookUp {
            address,
            size,
            entry,
            host,
            miss,
            hit: self.asm.here(),
        }
    }

    /// What follows a miss in a site's entry: the table has the page, and fills
    /// the entry, or the engine has to be asked, by what comes next.
    pub(super) fn refill(&mut self, look_up: &LookUp, write: bool) {
        let LookUp {
            address: (base, offset),
            size,
            entry,
            host,
            miss,
            hit,
        } = *look_up;
        self.asm.bind(miss);
        self.asm.lea(host, base, offset);
        self.asm.push_imm(entry);
        self.call_runtime(Runtime::Refill {
            size,
            write,
            register: host.0,
        });
        let found = self.asm.jcc(Cc::Equal);
        self.asm.bind_to(found, hit);
    }

    /// Looks the page of an access up in the table. Returns the register with
    /// what turns its address into that of the host, and the jump for a miss,
    /// which a misaligned access always is.
    pub(super) fn look_up_aligned(
        &mut self,
        base: Gpr,
        size: AccessSize,
        table: i32,
    ) -> (Gpr, Patch) {
        let (index, tag) = (self.temp(), self.temp());
        self.asm.table_index(index, base);
        self.asm.mov_rr(tag, base);
        let kept = -4096 | (size.bytes() as i32 - 1);
        self.asm.alu_ri(Alu::And, true, tag, kept);
        let table = table - TLB_BIAS;
        self.asm.compare_tag(tag, index, table);
        let miss = self.asm.jcc(Cc::NotEqual);
        self.asm.load_addend(tag, index, table);
        self.scratch.release(index);
        (tag, miss)
    }

    /// Zeroes 64 bytes, which are in one page.
    pub(super) fn zero_block(&mut self, op: &Op, addr: Operand) {
        // A miss finds all slots in memory.
        self.clean();
        let (from, base) = (self.read(addr), self.temp());
        self.asm.mov_rr(base, from);
        self.asm.alu_ri(Alu::And, true, base, -ZERO_BLOCK);
        // The look-up needs two more.
        self.scratch.release(from);
        let watched = self.watch_store();
        let (host, miss) = self.look_up_aligned(base, AccessSize::Double, ShortTlb::WRITE);
        let zero = TEMPS[0].0;
        dynasm!(self.asm.out ; .arch x64 ; xorps Rx(zero), Rx(zero));
        for offset in (0..ZERO_BLOCK).step_by(16) {
            let (base, host) = (base.0, host.0);
            dynasm!(self.asm.out ; .arch x64 ; movups [Rq(base) + Rq(host) + offset], Rx(zero));
        }
        let misses = [Some(miss), watched].into_iter().flatten().collect();
        self.redo(misses, op, fixed::ZERO, Redone::Nothing);
    }

    /// Orders memory accesses: this host only ever lets loads pass earlier stores.
    pub(super) fn fence(&mut self, ordering: Ordering) {
        if ordering == Ordering::Sequential {
            dynasm!(self.asm.out ; .arch x64 ; lock or DWORD [rsp - 8], BYTE 0);
        }
    }
}
