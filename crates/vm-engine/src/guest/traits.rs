//! The contract between the engine and a guest architecture.

use vm_core::{AccessKind, AccessSize};
use vm_cross_arch::{
    guest::GuestShape,
    ir::{Block, GuestInfo, HelperId},
};
use vm_mem::tlb::Fill;

use crate::vcpu::{Core, VcpuExit, VcpuRequest};

/// A synchronous exception, in the guest's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The architecture's cause code.
    pub cause: u64,
    /// What the architecture reports with it, such as the faulting address.
    pub value: u64,
}

/// A helper that lifted code calls.
#[derive(Debug, Clone, Copy)]
pub struct HelperCall {
    /// Which.
    pub id: HelperId,
    /// Its arguments.
    pub args: [u64; 3],
    /// Virtual address of the calling instruction.
    pub pc: u64,
    /// Virtual address of the instruction after it.
    pub next: u64,
}

/// How a helper ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With a result; the guest goes on at the next instruction.
    Value(u64),
    /// With a jump to this virtual address. From terminators only.
    Jump(u64),
    /// Goes on at the next instruction, or where [`Guest::woken`] says, after the vCPU
    /// has slept until [`Guest::wake_pending`]. From terminators only.
    Halt,
    /// Not at all: the vCPU is to stop, and executes the instruction when it
    /// runs again. From terminators only.
    Again,
    /// Leaves the vCPU's loop; the guest would go on at the next instruction.
    /// From terminators only.
    Exit(VcpuExit),
}

/// A guest architecture: the system state of one vCPU and what it does.
///
/// General registers live in [`Core::slots`]; everything else of the
/// architecture's state lives in the implementation.
pub trait Guest: Send + 'static {
    /// What its blocks may name, and what its helpers do.
    const INFO: &'static GuestInfo;

    /// Lifts the block at the start of `code`, which ends with the physical
    /// page at the latest. `None` if its first instruction is not all there.
    fn lift(&self, code: &[u8], max_insns: u16) -> Option<Block>;

    /// Everything but the code bytes that [`lift`](Self::lift) depends on, and
    /// the privilege that fetching depends on, packed. Equal values make
    /// translations interchangeable.
    fn context(&self) -> u32;

    /// What code for this guest depends on, beside the IR.
    const SHAPE: &'static GuestShape;

    /// The longest instruction, in bytes.
    const MAX_INSN_BYTES: usize;

    /// Walks the page tables for an access of `size` at `va` that lies within
    /// one page, and checks physical protection for just that access.
    ///
    /// # Errors
    /// The page or access fault it raises.
    fn fill(
        &mut self,
        core: &mut Core,
        va: u64,
        size: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception>;

    /// The exception for an access at `va` that the physical bus refused.
    fn access_fault(&self, va: u64, kind: AccessKind) -> Exception;

    /// The exception for a misaligned atomic at `va`.
    fn misaligned(&self, va: u64, kind: AccessKind) -> Exception;

    /// Runs a helper.
    ///
    /// # Errors
    /// The exception it raises, at `call.pc`.
    fn helper(&mut self, core: &mut Core, call: &HelperCall) -> Result<Outcome, Exception>;

    /// Enters the handler of `exception`, raised by the instruction at `pc`.
    /// Returns the handler's virtual address.
    fn raise(&mut self, core: &mut Core, pc: u64, exception: Exception) -> u64;

    /// Takes the most urgent interrupt that is pending and enabled, if any,
    /// before the instruction at `pc`. Returns the handler's virtual address.
    fn take_interrupt(&mut self, core: &mut Core, pc: u64) -> Option<u64>;

    /// Whether a waiting vCPU must go on: an interrupt is pending, be it
    /// globally enabled or not.
    fn wake_pending(&self, core: &Core) -> bool;

    /// The vCPU has slept as [`Outcome::Halt`] asks for, though perhaps, for a pause or
    /// the machine's end, not until [`wake_pending`](Self::wake_pending). Returns the
    /// virtual address to go on at if that is not the next instruction.
    fn woken(&mut self, _core: &mut Core) -> Option<u64> {
        None
    }

    /// Puts a vCPU that awaits its start into the state in which `request`
    /// ([`VcpuRequest::Start`]) begins. Returns the virtual address of the first
    /// instruction, or `None` for any other request.
    fn start(&mut self, core: &mut Core, request: &VcpuRequest) -> Option<u64>;

    /// Name of the privilege mode, for people.
    fn mode(&self) -> &'static str {
        "-"
    }

    /// The text of the instruction `code` at virtual address `pc`, for people.
    fn disassemble(code: &[u8], _pc: u64) -> String {
        format!("{code:02x?}")
    }

    /// Carries out a [`VcpuRequest::FlushTlb`] from another thread.
    fn request(&mut self, core: &mut Core, request: VcpuRequest);
}
