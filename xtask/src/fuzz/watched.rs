//! A hart whose lifting is watched.

use vm_core::{AccessKind, AccessSize};
use vm_cross_arch::{
    guest::GuestShape,
    ir::{Block, GuestInfo},
};
use vm_engine::{
    guest::{Exception, Fill, Guest, HelperCall, Outcome, riscv64::Riscv64},
    vcpu::{Core, VcpuRequest},
};

use crate::bare::Hart;

/// What is told of the code of each block that is lifted, and the block.
pub trait Listener: Send + 'static {
    /// A block was lifted from `code`.
    fn lifted(&self, code: &[u8], block: &Block);
}

/// A hart that tells of the blocks it lifts.
pub struct Watched<L> {
    /// The hart.
    pub hart: Riscv64,
    /// Who is told.
    pub listener: L,
}

impl<L: Listener> Hart for Watched<L> {
    fn riscv64(&mut self) -> &mut Riscv64 {
        &mut self.hart
    }
}

impl<L: Listener> Guest for Watched<L> {
    const SHAPE: &'static GuestShape = Riscv64::SHAPE;

    const INFO: &'static GuestInfo = Riscv64::INFO;

    const MAX_INSN_BYTES: usize = Riscv64::MAX_INSN_BYTES;

    fn lift(&self, code: &[u8], max_insns: u16) -> Option<Block> {
        let block = self.hart.lift(code, max_insns)?;
        self.listener.lifted(&code[..block.bytes.into()], &block);
        Some(block)
    }

    fn context(&self) -> u32 {
        self.hart.context()
    }

    fn fill(
        &mut self,
        core: &mut Core,
        va: u64,
        size: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        self.hart.fill(core, va, size, kind)
    }

    fn access_fault(&self, va: u64, kind: AccessKind) -> Exception {
        self.hart.access_fault(va, kind)
    }

    fn misaligned(&self, va: u64, kind: AccessKind) -> Exception {
        self.hart.misaligned(va, kind)
    }

    fn helper(&mut self, core: &mut Core, call: &HelperCall) -> Result<Outcome, Exception> {
        self.hart.helper(core, call)
    }

    fn raise(&mut self, core: &mut Core, pc: u64, exception: Exception) -> u64 {
        self.hart.raise(core, pc, exception)
    }

    fn take_interrupt(&mut self, core: &mut Core, pc: u64) -> Option<u64> {
        self.hart.take_interrupt(core, pc)
    }

    fn wake_pending(&self, core: &Core) -> bool {
        self.hart.wake_pending(core)
    }

    fn start(&mut self, core: &mut Core, request: &VcpuRequest) -> Option<u64> {
        self.hart.start(core, request)
    }

    fn request(&mut self, core: &mut Core, request: VcpuRequest) {
        self.hart.request(core, request);
    }
}
