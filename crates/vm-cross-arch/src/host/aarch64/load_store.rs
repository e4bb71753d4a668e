//! Loads and stores through the short TLB.

use dynasmrt::dynasm;
use vm_core::{AccessSize, PAGE_SHIFT, PAGE_SIZE};

use super::{
    asm::{Asm, Patch},
    cold::Cold,
    emitter::Emitter,
    encode::{Cc, Logic},
    regs::{ADDEND, Gpr, STATE, TEMP, TLB, VALUE, ZERO},
};
use crate::{
    host::contract::ShortTlb,
    ir::{Extend, Operand, Ordering, Slot},
};

/// A look-up in an inline cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookUp {
    /// The register with the address that is accessed.
    pub(super) address: Gpr,
    /// How to have it there once more: base and offset.
    pub(super) operand: (Gpr, i32),
    pub(super) size: AccessSize,
    /// Where the entry is, from the TLB's register.
    pub(super) entry: i32,
    pub(super) miss: Patch,
    /// Where the main line goes on.
    pub(super) hit: u32,
}

/// The bits of an address that are compared: those of the page, and those that are 0
/// if it is aligned.
const fn tag_mask(size: AccessSize) -> u64 {
    !(PAGE_SIZE - 1) | (size.bytes() - 1)
}

impl Asm {
    /// `dst = src` and the low bits of `mask`, which is one that can be encoded.
    pub(super) fn mask(&mut self, dst: Gpr, src: Gpr, mask: u64) {
        let encoded = self.logic(Logic::And, true, dst, src, mask);
        debug_assert!(encoded, "a run of ones");
    }

    /// `register |=` ones above the low `size` bytes.
    pub(super) fn set_upper(&mut self, register: Gpr, size: AccessSize) {
        let ones = !size.mask();
        if ones != 0 {
            let encoded = self.logic(Logic::Orr, true, register, register, ones);
            debug_assert!(encoded, "a run of ones");
        }
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
        let entry = self.cache_entry(base, false);
        let base = self.read(base);
        let look_up = self.look_up((base, offset), size, entry);
        let register = self.target(dst);
        let signed = extend == Extend::Sign;
        let memory = (look_up.address, ADDEND);
        self.asm.load_sum(register, memory, size, signed);
        if extend == Extend::Ones {
            self.asm.set_upper(register, size);
        }
        self.cold.push(Cold::Load {
            look_up,
            resume: self.asm.here(),
            register,
            extend,
            site: self.site(),
            held: self.scratch.contents(),
        });
        self.write(dst, register);
    }

    /// `memory[base + offset] = src`.
    pub(super) fn store(&mut self, src: Operand, (base, offset): (Operand, i32), size: AccessSize) {
        // A miss finds all slots in memory.
        self.clean();
        let entry = self.cache_entry(base, true);
        let base = self.read(base);
        let value = self.read(src);
        let watched = self.watch_store();
        let look_up = self.look_up((base, offset), size, entry);
        let memory = (look_up.address, ADDEND);
        self.asm.store_sum(memory, value, size);
        self.cold.push(Cold::Store {
            look_up,
            watched,
            resume: self.asm.here(),
            value,
            site: self.site(),
            held: self.scratch.contents(),
        });
    }

    /// The inline cache of an access: that of the base register, or one for all accesses by
    /// the same value of `base`: an offset in the short TLB.
    fn cache_entry(&self, base: Operand, write: bool) -> i32 {
        let key = match base {
            Operand::Slot(slot) => match self.backend.guest.steady_base(slot) {
                Some(number) => return ShortTlb::inline_cache(number, write),
                None => u32::from(slot.0) | u32::from(self.written_at(slot)) << 8,
            },
            Operand::Imm(address) => (address as u32) >> PAGE_SHIFT,
        };
        let key = key.wrapping_add((self.request.code_pc as u32) << 7);
        // Fibonacci hashing: its upper bits depend on all of the key.
        let hash = key.wrapping_mul(0x9e37_79b9) >> (32 - ShortTlb::INLINE_CACHE_BITS);
        let reserved = self.backend.guest.steady_bases.len() as u32;
        ShortTlb::inline_cache(hash.max(reserved), write)
    }

    /// Leaves for the engine while stores must be reported.
    fn watch_store(&mut self) -> Option<Patch> {
        let pointer = self.backend.watched_stores?;
        self.asm.load(TEMP, (STATE, pointer));
        self.asm.load32(TEMP, (TEMP, 0));
        Some(self.asm.branch_zero(false, TEMP, false))
    }

    /// Looks the page of an access up in its inline cache. A misaligned access always
    /// misses.
    fn look_up(&mut self, operand: (Gpr, i32), size: AccessSize, entry: i32) -> LookUp {
        let address = self.address(operand);
        self.asm.mask(VALUE, address, tag_mask(size));
        self.asm.load(ADDEND, (TLB, entry));
        self.asm.cmp(true, VALUE, ADDEND);
        let miss = self.asm.branch_if(Cc::NotEqual);
        self.asm.load(ADDEND, (TLB, entry + 8));
        LookUp {
            address,
            operand,
            size,
            entry,
            miss,
            hit: self.asm.here(),
        }
    }

    /// The register with an access's address. As a base, register 31 would be the
    /// stack pointer.
    fn address(&mut self, (base, offset): (Gpr, i32)) -> Gpr {
        if offset == 0 && base != ZERO {
            return base;
        }
        self.pass_address((base, offset));
        TEMP
    }

    /// The address of an access as the argument of a stub.
    pub(super) fn pass_address(&mut self, (base, offset): (Gpr, i32)) {
        match base {
            ZERO => self.asm.mov_ri(TEMP, offset.into()),
            _ if offset == 0 => self.asm.mov_rr(TEMP, base),
            _ => self.asm.add_ri(true, TEMP, base, offset.into(), VALUE),
        }
    }

    /// Orders memory accesses.
    pub(super) fn fence(&mut self, ordering: Ordering) {
        let asm = &mut self.asm.out;
        match ordering {
            Ordering::Relaxed => {}
            // Loads before are ordered with all that follows.
            Ordering::Acquire => dynasm!(asm ; .arch aarch64 ; dmb ishld),
            Ordering::Release | Ordering::AcquireRelease | Ordering::Sequential => {
                dynasm!(asm ; .arch aarch64 ; dmb ish);
            }
        }
    }
}
