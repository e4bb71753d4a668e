//! The stubs between generated code and the engine.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::{AccessSize, PAGE_SHIFT, PAGE_SIZE};

use super::{
    Aarch64,
    asm::{Asm, Patch},
    encode::{Alu, Cc},
    float_control::FPSR,
    regs::{ADDEND, Gpr, LINK, STATE, STUB, TEMP, TLB, VALUE},
};
use crate::host::{
    Callbacks, RuntimeCode, Transfer,
    contract::{Runtime, ShortTlb},
};

/// Assembles the stubs. They are called with an address or another argument in `TEMP`.
pub(super) fn runtime_code(backend: &Aarch64, callbacks: &Callbacks) -> RuntimeCode {
    let mut stubs = Stubs {
        asm: Asm::with_capacity(4096),
        backend,
    };
    let enter = stubs.enter();
    let leave = stubs.leave();
    let mut all = Vec::new();
    for size in [
        AccessSize::Byte,
        AccessSize::Half,
        AccessSize::Word,
        AccessSize::Double,
    ] {
        all.push((Runtime::Load(size), stubs.load(size, callbacks.load)));
        all.push((Runtime::Store(size), stubs.store(size, callbacks.store)));
        for write in [false, true] {
            all.push((refill(size, write), stubs.refill(size, write)));
        }
    }
    all.push((Runtime::Op, stubs.op(callbacks.op)));
    for (runtime, callback) in [
        (Runtime::Link, callbacks.link),
        (Runtime::Indirect, callbacks.indirect),
        (Runtime::Helper, callbacks.helper),
        (Runtime::Poll, callbacks.poll),
        (Runtime::Stale, callbacks.stale),
    ] {
        all.push((runtime, stubs.depart(callback)));
    }
    RuntimeCode {
        bytes: stubs.asm.out.finish(),
        enter,
        leave,
        stubs: all,
    }
}

/// The stub that fills an inline cache: the address is always in the same register.
pub(super) const fn refill(size: AccessSize, write: bool) -> Runtime {
    Runtime::Refill {
        size,
        write,
        register: TEMP.0,
    }
}

/// Code that changes the mapping context and jumps on.
pub(super) fn transfer(backend: &Aarch64, bias: u64, mapping: u32) -> Transfer {
    let (mut asm, layout) = (Asm::with_capacity(64), &backend.layout);
    asm.mov_word(TEMP, mapping);
    asm.store32((STATE, layout.mapping), TEMP);
    // However many instructions that could be: the length is always the same.
    for part in 0..4 {
        let bits = (bias >> (16 * part)) as u16;
        match part {
            0 => asm.movz(true, TEMP, bits, part),
            _ => asm.movk(true, TEMP, bits, part),
        }
    }
    asm.store((STATE, layout.bias), TEMP);
    let jump = asm.jump().offset();
    Transfer {
        bytes: asm.out.finish(),
        jump,
    }
}

/// Where an argument and a result of a function are (Procedure Call Standard for the
/// Arm 64-bit Architecture, 6.8.2).
const ARGUMENTS: [Gpr; 5] = [Gpr(0), Gpr(1), Gpr(2), Gpr(3), Gpr(4)];

struct Stubs<'a> {
    asm: Asm,
    backend: &'a Aarch64,
}

impl Stubs<'_> {
    fn globals(&self) -> Vec<(Gpr, (Gpr, i32))> {
        let slots = self.backend.layout.slots;
        let memory = |slot: u8| (STATE, slots + 8 * i32::from(slot));
        let globals = self.backend.globals.iter();
        globals
            .map(|(slot, register)| (register, memory(slot.0)))
            .collect()
    }

    /// Guest registers to memory; the engine runs next.
    fn suspend(&mut self) {
        for (register, memory) in self.globals() {
            self.asm.store(memory, register);
        }
        self.asm.mov_rr(ARGUMENTS[0], STATE);
    }

    /// The reverse.
    fn resume(&mut self) {
        for (register, memory) in self.globals() {
            self.asm.load(register, memory);
        }
    }

    fn call(&mut self, callback: usize) {
        self.asm.mov_ri(TEMP, callback as i64);
        dynasm!(self.asm.out ; .arch aarch64 ; blr X(TEMP.0));
    }

    /// Goes on at the host code in a register.
    fn go_on(&mut self, target: Gpr) {
        self.asm.load(TLB, (STATE, self.backend.layout.tlb));
        self.asm.jump_register(target);
    }

    fn enter(&mut self) -> u32 {
        let at = self.asm.here();
        let layout = &self.backend.layout;
        dynasm!(self.asm.out ; .arch aarch64
            ; stp x29, x30, [sp, -96]!
            ; mov x29, sp
            ; stp x19, x20, [sp, 16]
            ; stp x21, x22, [sp, 32]
            ; stp x23, x24, [sp, 48]
            ; stp x25, x26, [sp, 64]
            ; stp x27, x28, [sp, 80]
        );
        self.asm.mov_rr(STATE, ARGUMENTS[0]);
        self.asm.mov_rr(TEMP, ARGUMENTS[1]);
        self.exchange_status(layout.host_fp_control, layout.fp_control);
        self.resume();
        // Another thread may have made the code: this one has to fetch it as it is now.
        dynasm!(self.asm.out ; .arch aarch64 ; isb);
        self.go_on(TEMP);
        at
    }

    fn leave(&mut self) -> u32 {
        let at = self.asm.here();
        let layout = &self.backend.layout;
        self.suspend();
        self.exchange_status(layout.fp_control, layout.host_fp_control);
        dynasm!(self.asm.out ; .arch aarch64
            ; ldp x19, x20, [sp, 16]
            ; ldp x21, x22, [sp, 32]
            ; ldp x23, x24, [sp, 48]
            ; ldp x25, x26, [sp, 64]
            ; ldp x27, x28, [sp, 80]
            ; ldp x29, x30, [sp], 96
            ; ret
        );
        at
    }

    /// Keeps the floating-point status in a cell, and takes that of another.
    fn exchange_status(&mut self, keep: i32, take: i32) {
        let status = VALUE.0;
        dynasm!(self.asm.out ; .arch aarch64 ; mrs X(status), FPSR);
        self.asm.store32((STATE, keep), VALUE);
        self.asm.load32(VALUE, (STATE, take));
        dynasm!(self.asm.out ; .arch aarch64 ; msr FPSR, X(status));
    }

    /// Looks the address in `TEMP` up in the table; `STUB[0]` is the offset of the inline
    /// cache. Returns "equal" and in `ADDEND` what turns the address into that of the
    /// host, which the inline cache has then, too, or "not equal" and nothing.
    ///
    /// The tag is compared with the page of the last byte, the entry is that of
    /// the first: an access to two pages is never found.
    fn refill(&mut self, size: AccessSize, write: bool) -> u32 {
        let at = self.asm.here();
        let table = if write {
            ShortTlb::WRITE
        } else {
            ShortTlb::READ
        };
        let (entry, page, cache) = (VALUE, STUB[1], STUB[0]);
        let last = (PAGE_SHIFT + ShortTlb::INDEX_BITS - 1) as u8;
        self.asm
            .bitfield(false, true, (entry, TEMP), PAGE_SHIFT as u8, last);
        let sum = (entry, TLB, entry);
        self.asm
            .alu_shifted(Alu::Add, true, sum, ShortTlb::ENTRY_SHIFT as u8);
        self.asm.add_ri(true, entry, entry, table.into(), ADDEND);
        let span = size.bytes() as i64 - 1;
        self.asm.add_ri(true, page, TEMP, span, ADDEND);
        self.asm.mask(page, page, !(PAGE_SIZE - 1));
        self.asm.load(ADDEND, (entry, 0));
        self.asm.cmp(true, ADDEND, page);
        let miss = self.asm.branch_if(Cc::NotEqual);
        self.asm.load(ADDEND, (entry, 8));
        self.asm.alu(Alu::Add, true, cache, TLB, cache);
        dynasm!(self.asm.out ; .arch aarch64 ; stp X(page.0), X(ADDEND.0), [X(cache.0)]);
        self.asm.bind(miss);
        dynasm!(self.asm.out ; .arch aarch64 ; ret);
        at
    }

    /// A stub that is called, and returns unless the guest goes on elsewhere; what comes of
    /// it is in `TEMP` then.
    fn called(&mut self, callback: usize, pass: impl FnOnce(&mut Asm)) -> u32 {
        let at = self.asm.here();
        dynasm!(self.asm.out ; .arch aarch64 ; str x30, [sp, -16]!);
        self.suspend();
        pass(&mut self.asm);
        self.call(callback);
        dynasm!(self.asm.out ; .arch aarch64 ; ldr x30, [sp], 16);
        let [value, elsewhere, ..] = ARGUMENTS;
        let leaves = self.asm.branch_zero(true, elsewhere, false);
        self.asm.mov_rr(TEMP, value);
        self.resume();
        dynasm!(self.asm.out ; .arch aarch64 ; ret);
        self.elsewhere(leaves, elsewhere);
        at
    }

    fn elsewhere(&mut self, from: Patch, target: Gpr) {
        self.asm.bind(from);
        self.asm.mov_rr(TEMP, target);
        self.resume();
        self.go_on(TEMP);
    }

    fn load(&mut self, size: AccessSize, callback: usize) -> u32 {
        self.called(callback, |asm| {
            let [_, address, code, caller, _] = ARGUMENTS;
            asm.mov_rr(address, TEMP);
            asm.mov_ri(code, size as i64);
            asm.mov_rr(caller, LINK);
        })
    }

    /// The value is in `VALUE`.
    fn store(&mut self, size: AccessSize, callback: usize) -> u32 {
        self.called(callback, |asm| {
            let [_, address, value, code, caller] = ARGUMENTS;
            asm.mov_rr(address, TEMP);
            asm.mov_rr(value, VALUE);
            asm.mov_ri(code, size as i64);
            asm.mov_rr(caller, LINK);
        })
    }

    fn op(&mut self, callback: usize) -> u32 {
        self.called(callback, |_| {})
    }

    /// Leaves a block for wherever the callback says; its argument is in `TEMP`.
    fn depart(&mut self, callback: usize) -> u32 {
        let at = self.asm.here();
        self.suspend();
        self.asm.mov_rr(ARGUMENTS[1], TEMP);
        self.call(callback);
        self.asm.mov_rr(TEMP, ARGUMENTS[0]);
        self.resume();
        self.go_on(TEMP);
        at
    }
}
