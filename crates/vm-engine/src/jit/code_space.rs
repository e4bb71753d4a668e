//! Code memory, and the back-end that knows how code in it is changed.

use std::{io, ops::Range};

use vm_cross_arch::{
    host::{
        Backend, Callbacks, Native, RuntimeCode,
        contract::{HostCode, Request, Runtime},
    },
    ir::Block,
};

use super::code_memory::CodeMemory;

/// The generated code of a vCPU as bytes: places in it are offsets.
pub(super) struct CodeSpace {
    memory: CodeMemory,
    backend: Native,
    runtime: RuntimeCode,
}

impl CodeSpace {
    /// `size` bytes, with the stubs at their start.
    pub(super) fn new(size: usize, backend: Native, callbacks: &Callbacks) -> io::Result<Self> {
        let runtime = backend.runtime_code(callbacks);
        let mut space = Self {
            memory: CodeMemory::new(size)?,
            backend,
            runtime,
        };
        space.memory.write(0, &space.runtime.bytes);
        space.publish(0, space.runtime.bytes.len());
        Ok(space)
    }

    /// The part that blocks can have.
    pub(super) fn free(&self) -> Range<usize> {
        self.runtime.bytes.len()..self.memory.size()
    }

    /// The stubs.
    pub(super) fn runtime(&self) -> &RuntimeCode {
        &self.runtime
    }

    /// Address at which the code at an offset is executed.
    pub(super) fn address(&self, offset: u32) -> usize {
        self.memory.address(offset)
    }

    /// Offset of an address, if it is in here.
    pub(super) fn offset(&self, address: usize) -> Option<u32> {
        self.memory.offset(address)
    }

    /// Translates a block.
    pub(super) fn emit(&self, block: &Block, request: &Request) -> HostCode {
        self.backend.emit(block, request)
    }

    /// Puts a block's code at `start`, with its references to stubs.
    pub(super) fn install(&mut self, start: u32, code: &HostCode) {
        self.memory.write(start, &code.bytes);
        for reference in &code.runtime {
            self.lead_to_stub(start + reference.at, reference.target);
        }
        self.publish(start, code.bytes.len());
    }

    fn lead_to_stub(&mut self, jump: u32, stub: Runtime) {
        if let Some(stub) = self.runtime.stub(stub) {
            self.patch_jump(jump, stub);
        }
    }

    fn patch_jump(&mut self, jump: u32, target: u32) {
        let distance = target.wrapping_sub(jump) as i32;
        if let Some(code) = self.memory.bytes_mut(jump, Native::JUMP_BYTES) {
            self.backend.lead(code, distance);
        }
    }

    /// Lets a jump lead to `target`.
    pub(super) fn lead(&mut self, jump: u32, target: u32) {
        self.patch_jump(jump, target);
        self.publish(jump, Native::JUMP_BYTES);
    }

    /// Sets the number of the mapping that a guarded jump compares with.
    pub(super) fn set_guard(&mut self, guard: u32, number: u32) {
        if let Some(code) = self.memory.bytes_mut(guard, Native::GUARD_BYTES) {
            self.backend.set_guard(code, number);
        }
        self.publish(guard, Native::GUARD_BYTES);
    }

    /// Lets who enters a block go to its way to the engine.
    pub(super) fn kill(&mut self, entry: u32, stale: u32) {
        let distance = stale.wrapping_sub(entry) as i32;
        if let Some(code) = self.memory.bytes_mut(entry, Native::KILL_BYTES) {
            self.backend.kill(code, distance);
        }
        self.publish(entry, Native::KILL_BYTES);
    }

    /// How much code [`put_transfer`](Self::put_transfer) takes.
    pub(super) fn transfer(&self, bias: u64, number: u32) -> vm_cross_arch::host::Transfer {
        self.backend.transfer(bias, number)
    }

    /// Puts code that changes the mapping context at `at`, on the way to `entry`.
    pub(super) fn put_transfer(
        &mut self,
        at: u32,
        code: &vm_cross_arch::host::Transfer,
        entry: u32,
    ) {
        self.memory.write(at, &code.bytes);
        self.patch_jump(at + code.jump, entry);
        self.publish(at, code.bytes.len());
    }

    fn publish(&self, at: u32, len: usize) {
        if let Some((written, executed)) = self.memory.views(at, len) {
            self.backend.publish(written, executed);
        }
    }
}
