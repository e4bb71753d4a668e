//! Code behind a block's main line: what happens rarely.

use super::{
    asm::Patch,
    emitter::Emitter,
    encode::Cc,
    load_store::LookUp,
    regs::{Gpr, SCRATCH, STUB, TEMP, VALUE},
    runtime,
};
use crate::{
    host::{
        contract::{AccessSite, Runtime, Site},
        scratch::Spill,
    },
    ir::Extend,
};

/// What registers hold, to be loaded again after a call.
pub(super) type Held = [Spill<Gpr>; SCRATCH.len()];

/// A piece of code behind the main line.
#[derive(Debug)]
pub(super) enum Cold {
    /// The budget is used up at the block's start.
    Poll { patch: Patch, insns: u16 },
    /// A load that missed.
    Load {
        look_up: LookUp,
        resume: u32,
        register: Gpr,
        extend: Extend,
        site: (i32, Site),
        held: Held,
    },
    /// A store that missed, or that must be reported.
    Store {
        look_up: LookUp,
        watched: Option<Patch>,
        resume: u32,
        value: Gpr,
        site: (i32, Site),
        held: Held,
    },
    /// Leaves the block by an exit of its own.
    Exit {
        from: Patch,
        /// Instructions that the block did not get to.
        give_back: u16,
        target: i64,
    },
    /// The stub of an exit.
    Stub { from: Patch, exit: u32 },
    /// An indirect jump to elsewhere than its inline cache says.
    Indirect { from: Patch },
    /// An indirect jump that the table does not answer.
    Unknown { from: Patch },
}

impl Emitter<'_> {
    fn reload(&mut self, held: &Held) {
        for &(slot, register) in held.iter().flatten() {
            let memory = self.memory_of(slot);
            self.asm.load(register, memory);
        }
    }

    fn resume(&mut self, at: u32) {
        let patch = self.asm.jump();
        self.asm.bind_to(patch, at);
    }

    pub(super) fn emit_cold(&mut self, cold: &Cold) {
        match *cold {
            Cold::Poll { patch, insns } => {
                self.asm.bind(patch);
                self.change_budget(insns, false);
                self.asm.mov_ri(TEMP, self.request.code_pc.into());
                self.jump_runtime(Runtime::Poll);
            }
            Cold::Load {
                ref look_up,
                resume,
                register,
                extend,
                site,
                ref held,
            } => {
                self.refill(look_up, false);
                self.call_access(Runtime::Load(look_up.size), site);
                self.take_loaded(register, look_up, extend);
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
                    self.pass_address(look_up.operand);
                }
                self.asm.mov_rr(VALUE, value);
                self.call_access(Runtime::Store(look_up.size), site);
                self.reload(held);
                self.resume(resume);
            }
            Cold::Exit {
                from,
                give_back,
                target,
            } => {
                self.asm.bind(from);
                if give_back != 0 {
                    self.change_budget(give_back, false);
                }
                self.exit(target);
            }
            Cold::Stub { from, exit } => {
                self.asm.bind(from);
                self.stub(exit);
            }
            Cold::Indirect { from } => self.indirect_cold(from),
            Cold::Unknown { from } => {
                self.asm.bind(from);
                self.jump_runtime(Runtime::Indirect);
            }
        }
    }

    /// What follows a miss in an inline cache: the table has the page, and fills the
    /// cache, or the engine has to be asked, by what comes next.
    fn refill(&mut self, look_up: &LookUp, write: bool) {
        self.asm.bind(look_up.miss);
        self.pass_address(look_up.operand);
        self.asm.mov_ri(STUB[0], look_up.entry.into());
        self.call_runtime(runtime::refill(look_up.size, write));
        let found = self.asm.branch_if(Cc::Equal);
        self.asm.bind_to(found, look_up.hit);
    }

    /// Calls the engine for an access that missed.
    fn call_access(&mut self, target: Runtime, (pc, site): (i32, Site)) {
        self.call_runtime(target);
        let after = self.asm.here();
        self.code.accesses.push(AccessSite { after, pc, site });
    }

    /// Moves what the engine loaded, zero-extended in `TEMP`, to its place.
    fn take_loaded(&mut self, register: Gpr, look_up: &LookUp, extend: Extend) {
        match extend {
            Extend::Zero => self.asm.mov_rr(register, TEMP),
            Extend::Sign => {
                let last = 8 * look_up.size.bytes() as u8 - 1;
                self.asm.bitfield(true, true, (register, TEMP), 0, last);
            }
            Extend::Ones => {
                self.asm.mov_rr(register, TEMP);
                self.asm.set_upper(register, look_up.size);
            }
        }
    }
}
