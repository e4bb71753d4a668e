//! Code memory, and the back-end that knows how code in it is changed.

use std::{io, ops::Range};

use rustc_hash::FxHashMap;
use vm_cross_arch::{
    host::{
        Backend, Callbacks, Native, RuntimeCode, Transfer,
        contract::{Exit, HostCode, Request, Runtime},
    },
    ir::Block,
};

use super::{code_memory::CodeMemory, region::Region};

/// The generated code of a vCPU as bytes: places in it are offsets.
///
/// A jump that does not reach its target leads to a *veneer* that does. Code has room
/// for one behind it for each of its jumps that might need one, but blocks of a region
/// that reach it share that on the way to a stub.
pub(super) struct CodeSpace {
    memory: CodeMemory,
    backend: Native,
    runtime: RuntimeCode,
    /// Where they are, found faster: a block asks for several.
    stubs: FxHashMap<Runtime, u32>,
    /// How far jumps may lead, whatever the back-end says.
    reach: u32,
    /// Whether every jump reaches all of the memory: then nobody asks.
    near: bool,
}

impl CodeSpace {
    /// `size` bytes, with the stubs at their start; jumps do not lead further than `reach`.
    pub(super) fn new(
        size: usize,
        backend: Native,
        callbacks: &Callbacks,
        reach: u32,
    ) -> io::Result<Self> {
        let runtime = backend.runtime_code(callbacks);
        let memory = CodeMemory::new(size)?;
        let mut space = Self {
            near: reach.min(Native::LEAST_REACH) as usize >= memory.size(),
            memory,
            backend,
            stubs: runtime.stubs.iter().copied().collect(),
            runtime,
            reach,
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

    /// Code that makes another mapping context the current one.
    pub(super) fn transfer(&self, bias: u64, number: u32) -> Transfer {
        self.backend.transfer(bias, number)
    }

    /// Bytes behind a block for veneers of its exits.
    pub(super) fn veneer_room(&self, code: &HostCode) -> usize {
        if self.near {
            return 0;
        }
        let exits = code.exits.iter();
        let far = exits.filter(|exit| self.may_need_veneer(code, exit));
        far.count() * Native::VENEER_BYTES
    }

    /// Whether the jump of an exit does not reach all of the memory.
    pub(super) fn may_need_veneer(&self, code: &HostCode, exit: &Exit) -> bool {
        !self.near && self.is_far(code.bytes.get(exit.jump as usize..).unwrap_or_default())
    }

    fn is_far(&self, jump: &[u8]) -> bool {
        (self.backend.reach(jump).min(self.reach) as usize) < self.memory.size()
    }

    /// Bytes that a transfer takes with its veneer, if it may need one.
    pub(super) fn transfer_size(&self, code: &Transfer) -> usize {
        let jump = code.bytes.get(code.jump as usize..).unwrap_or_default();
        let veneer = !self.near && self.is_far(jump);
        code.bytes.len() + if veneer { Native::VENEER_BYTES } else { 0 }
    }

    /// Puts a block's code, the latest of `region`, at `start`, and lets its references lead
    /// to stubs. `None` if there is no room for the veneers that takes.
    pub(super) fn install(
        &mut self,
        start: u32,
        code: &HostCode,
        region: &mut Region,
    ) -> Option<()> {
        self.memory.write(start, &code.bytes);
        for reference in &code.runtime {
            let jump = start + reference.at;
            if let Some(&stub) = self.stubs.get(&reference.target)
                && !self.set_jump(jump, stub)
            {
                let veneer = self.veneer_to_stub(jump, stub, region)?;
                self.set_jump(jump, veneer).then_some(())?;
            }
        }
        self.publish(start, region.used() - start as usize);
        Some(())
    }

    /// A veneer to a stub in reach of `jump`: one that the region has, or a new one.
    fn veneer_to_stub(&mut self, jump: u32, stub: u32, region: &mut Region) -> Option<u32> {
        if let Some(&known) = region.veneers.get(&stub)
            && self.reaches(jump, known)
        {
            return Some(known);
        }
        let at = region.extend(Native::VENEER_BYTES)?;
        self.set_veneer(at, stub);
        region.veneers.insert(stub, at);
        Some(at)
    }

    /// Whether the jump at an offset reaches `target`.
    fn reaches(&mut self, jump: u32, target: u32) -> bool {
        let distance = target.wrapping_sub(jump) as i32;
        let code = self.memory.bytes_mut(jump, Native::JUMP_BYTES);
        code.is_some_and(|code| distance.unsigned_abs() <= self.backend.reach(code).min(self.reach))
    }

    /// Lets a jump lead to `target`, if it reaches that.
    fn set_jump(&mut self, jump: u32, target: u32) -> bool {
        if !self.near && !self.reaches(jump, target) {
            return false;
        }
        let distance = target.wrapping_sub(jump) as i32;
        if let Some(code) = self.memory.bytes_mut(jump, Native::JUMP_BYTES) {
            self.backend.lead(code, distance);
        }
        true
    }

    fn set_veneer(&mut self, at: u32, target: u32) {
        let distance = target.wrapping_sub(at) as i32;
        if let Some(code) = self.memory.bytes_mut(at, Native::VENEER_BYTES) {
            self.backend.veneer(code, distance);
        }
    }

    /// Whether a veneer was ever put into the room for it at `at`.
    #[cfg(test)]
    pub(super) fn has_veneer(&self, at: u32) -> bool {
        let views = self.memory.views(at, Native::VENEER_BYTES);
        views.is_some_and(|(written, _)| written.iter().any(|&byte| byte != 0))
    }

    /// Lets a jump lead to `target`, through the veneer if it does not reach that. False if
    /// it reaches neither; then it leads to where it did before.
    pub(super) fn lead(&mut self, jump: u32, target: u32, veneer: Option<u32>) -> bool {
        if !self.set_jump(jump, target) {
            let Some(veneer) = veneer.filter(|&veneer| self.reaches(jump, veneer)) else {
                return false;
            };
            self.set_veneer(veneer, target);
            self.publish(veneer, Native::VENEER_BYTES);
            self.set_jump(jump, veneer);
        }
        self.publish(jump, Native::JUMP_BYTES);
        true
    }

    /// Puts a transfer, which is to lead to `entry`, at `at`, where there is room for its
    /// veneer, too.
    pub(super) fn put_transfer(&mut self, at: u32, code: &Transfer, entry: u32) -> bool {
        let len = code.bytes.len();
        self.memory.write(at, &code.bytes);
        self.publish(at, len);
        self.lead(at + code.jump, entry, Some(at + len as u32))
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

    fn publish(&self, at: u32, len: usize) {
        if let Some((written, executed)) = self.memory.views(at, len) {
            self.backend.publish(written, executed);
        }
    }
}
