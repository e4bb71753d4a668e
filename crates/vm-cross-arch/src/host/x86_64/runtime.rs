//! The stubs between generated code and the engine.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::AccessSize;

use super::{
    X86_64,
    asm::{Alu, Asm, Cc, Patch},
    regs::{Gpr, RAX, RCX, SCRATCH, STATE, STATE_BIAS, TLB, TLB_BIAS},
    vector::TEMPS,
};
use crate::host::{
    Callbacks, RuntimeCode, Transfer,
    contract::{Runtime, ShortTlb},
};

/// Assembles the stubs.
pub(super) fn runtime_code(backend: &X86_64, callbacks: &Callbacks) -> RuntimeCode {
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
        for (register, write) in SCRATCH.iter().flat_map(|r| [(r, false), (r, true)]) {
            let refill = Runtime::Refill {
                size,
                write,
                register: register.0,
            };
            all.push((refill, stubs.refill(size, write, *register)));
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

/// Code that changes the mapping context and jumps on.
pub(super) fn transfer(backend: &X86_64, bias: u64, mapping: u32) -> Transfer {
    let (mut asm, layout) = (Asm::with_capacity(64), &backend.layout);
    let (number, cell) = (mapping as i32, layout.mapping);
    dynasm!(asm.out ; .arch x64
        ; mov DWORD [Rq(STATE.0) + cell], DWORD number
        ; mov rax, QWORD bias as i64
    );
    asm.store((STATE, layout.bias), RAX);
    let jump = asm.jmp().offset();
    Transfer {
        bytes: asm.out.finish(),
        jump,
    }
}

/// `rbx`, `rbp` and `r12` to `r15`, which functions must preserve.
const SAVED: [Gpr; 6] = [Gpr(3), Gpr(5), Gpr(12), Gpr(13), Gpr(14), Gpr(15)];

struct Stubs<'a> {
    asm: Asm,
    backend: &'a X86_64,
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

    fn store_globals(&mut self) {
        for (register, memory) in self.globals() {
            self.asm.store(memory, register);
        }
    }

    fn load_globals(&mut self) {
        for (register, memory) in self.globals() {
            self.asm.load(register, memory);
        }
    }

    /// Guest registers to memory; the engine runs next.
    fn suspend(&mut self) {
        self.store_globals();
        dynasm!(self.asm.out ; .arch x64 ; lea rdi, [Rq(STATE.0) + -STATE_BIAS]);
    }

    /// The reverse.
    fn resume(&mut self) {
        self.load_globals();
    }

    fn call(&mut self, callback: usize) {
        dynasm!(self.asm.out ; .arch x64 ; mov rax, QWORD callback as i64 ; call rax);
    }

    /// Goes on at the host code in `rax`.
    fn go_on(&mut self) {
        self.asm.load(TLB, (STATE, self.backend.layout.tlb));
        dynasm!(self.asm.out ; .arch x64 ; jmp rax);
    }

    fn enter(&mut self) -> u32 {
        let at = self.asm.here();
        for register in SAVED {
            dynasm!(self.asm.out ; .arch x64 ; push Rq(register.0));
        }
        let layout = &self.backend.layout;
        let (host, guest) = (layout.host_fp_control, layout.fp_control);
        dynasm!(self.asm.out ; .arch x64
            ; sub rsp, 8 // calls find the stack aligned to 16 bytes
            ; lea Rq(STATE.0), [rdi + STATE_BIAS]
            ; stmxcsr [Rq(STATE.0) + host]
            ; ldmxcsr [Rq(STATE.0) + guest]
            ; mov rax, rsi
        );
        self.resume();
        self.go_on();
        at
    }

    fn leave(&mut self) -> u32 {
        let at = self.asm.here();
        self.suspend();
        let layout = &self.backend.layout;
        let (host, guest) = (layout.host_fp_control, layout.fp_control);
        dynasm!(self.asm.out ; .arch x64
            ; stmxcsr [Rq(STATE.0) + guest]
            ; ldmxcsr [Rq(STATE.0) + host]
            ; add rsp, 8
        );
        for register in SAVED.iter().rev() {
            dynasm!(self.asm.out ; .arch x64 ; pop Rq(register.0));
        }
        dynasm!(self.asm.out ; .arch x64 ; ret);
        at
    }

    /// Looks an address up in the table; on the stack is the offset of the entry
    /// of the site. Returns "equal" and what turns the address into that of the
    /// host, which the entry has then, too, or "not equal" and nothing.
    ///
    /// The tag is compared with the page of the last byte, the entry is that of
    /// the first: an access to two pages is never found.
    fn refill(&mut self, size: AccessSize, write: bool, register: Gpr) -> u32 {
        let at = self.asm.here();
        let index = if register == RAX { RCX } else { RAX };
        let table = if write {
            ShortTlb::WRITE
        } else {
            ShortTlb::READ
        } - TLB_BIAS;
        let (i, entry) = (index.0, TEMPS[0].0);
        dynasm!(self.asm.out ; .arch x64 ; push Rq(i));
        self.asm.table_index(index, register);
        self.asm
            .alu_ri(Alu::Add, true, register, size.bytes() as i32 - 1);
        self.asm.alu_ri(Alu::And, true, register, -4096);
        self.asm.compare_tag(register, index, table);
        let miss = self.asm.jcc(Cc::NotEqual);
        dynasm!(self.asm.out ; .arch x64 ; movups Rx(entry), [Rq(TLB.0) + Rq(i) + table]);
        self.asm.load_addend(register, index, table);
        // Beside the register saved above there is the return address.
        dynasm!(self.asm.out ; .arch x64
            ; mov Rq(i), [rsp + 16]
            ; movups [Rq(TLB.0) + Rq(i)], Rx(entry)
        );
        self.asm.bind(miss);
        dynasm!(self.asm.out ; .arch x64 ; pop Rq(i) ; ret 8);
        at
    }

    fn load(&mut self, size: AccessSize, callback: usize) -> u32 {
        let at = self.asm.here();
        dynasm!(self.asm.out ; .arch x64 ; sub rsp, 8);
        self.suspend();
        dynasm!(self.asm.out ; .arch x64
            ; mov rsi, rax ; mov edx, DWORD size as i32 ; mov rcx, [rsp + 8]);
        self.call(callback);
        self.come_back();
        at
    }

    fn store(&mut self, size: AccessSize, callback: usize) -> u32 {
        let at = self.asm.here();
        dynasm!(self.asm.out ; .arch x64 ; sub rsp, 8);
        self.suspend();
        dynasm!(self.asm.out ; .arch x64
            ; mov rsi, rax ; mov rdx, rcx ; mov ecx, DWORD size as i32 ; mov r8, [rsp + 8]);
        self.call(callback);
        self.come_back();
        at
    }

    fn op(&mut self, callback: usize) -> u32 {
        let at = self.asm.here();
        dynasm!(self.asm.out ; .arch x64 ; sub rsp, 8);
        self.suspend();
        self.call(callback);
        self.come_back();
        at
    }

    /// Returns to the block, unless the guest goes on elsewhere.
    fn come_back(&mut self) {
        dynasm!(self.asm.out ; .arch x64 ; add rsp, 8 ; test rdx, rdx);
        let elsewhere = self.asm.jcc(Cc::NotEqual);
        self.resume();
        dynasm!(self.asm.out ; .arch x64 ; ret);
        self.elsewhere(elsewhere);
    }

    fn elsewhere(&mut self, from: Patch) {
        self.asm.bind(from);
        // The block's own return address goes, too.
        dynasm!(self.asm.out ; .arch x64 ; add rsp, 8);
        self.asm.mov_rr(RAX, super::regs::RDX);
        self.resume();
        self.go_on();
    }

    /// Leaves a block for wherever the callback says; its argument is in `rax`.
    fn depart(&mut self, callback: usize) -> u32 {
        let at = self.asm.here();
        self.suspend();
        dynasm!(self.asm.out ; .arch x64 ; mov rsi, rax);
        self.call(callback);
        self.resume();
        self.go_on();
        at
    }
}
