//! The contract between the engine and a guest architecture.

use vm_core::{AccessKind, AccessSize};
use vm_cross_arch::{guest::Isa, ir::HelperId};
use vm_mem::tlb::Fill;

use crate::vcpu::{Core, VcpuExit};

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
///
/// A new architecture provides, in `guest/<arch>/` with the same file names as the
/// others:
///
/// 1. its instruction set, [`Isa`](Self::Isa), in `vm-cross-arch`, which sees no vCPU;
/// 2. the state of its vCPU, from which it computes what translations depend on
///    ([`context`](Self::context));
/// 3. address translation ([`fill`](Self::fill), [`flush`](Self::flush)): it numbers
///    its translation regimes as it likes, and whenever privilege, address space or
///    permissions change, it sets [`Core::data_space`], [`Core::fetch_space`] and
///    [`Core::accept`];
/// 4. exceptions and interrupts ([`raise`](Self::raise),
///    [`take_interrupt`](Self::take_interrupt), [`wake_pending`](Self::wake_pending)):
///    the numbers of interrupt lines are its own;
/// 5. what its instructions cannot say in IR ([`helper`](Self::helper)).
///
/// The crate `vm-toy` is a complete one, small enough to be read.
pub trait Guest: Send + 'static {
    /// The instruction set.
    type Isa: Isa;

    /// What translations depend on now. Asked for after every trap and every helper
    /// that ends a block.
    fn context(&self) -> <Self::Isa as Isa>::Context;

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

    /// Puts a vCPU that waits to be started into the state in which it begins.
    /// `entry` and `argument` are those of [`VcpuRequest::Start`](crate::vcpu::VcpuRequest::Start).
    /// Returns the virtual address of the first instruction.
    fn start(&mut self, core: &mut Core, entry: u64, argument: u64) -> u64;

    /// Name of the privilege mode, for people.
    fn mode(&self) -> &'static str {
        "-"
    }

    /// Forgets translations of `pages` pages from `va` on (all for `u64::MAX`), of one
    /// address space or of all, because another vCPU asks for it. To forget more is
    /// allowed.
    fn flush(&mut self, core: &mut Core, va: u64, pages: u64, asid: Option<u16>);
}
