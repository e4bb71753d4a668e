//! What generated code calls.
#![allow(
    unsafe_code,
    reason = "generated code passes the vCPU's state by address"
)]

use std::mem::{offset_of, transmute};

use vm_core::{AccessKind, AccessSize};
use vm_cross_arch::{
    host::{
        Backend, Callbacks, Native,
        contract::{AccessSite, Site},
    },
    host_call,
    ir::{HelperId, Op, Operand, Slot, fixed},
};

use crate::{
    guest::{Exception, Guest, HelperCall},
    interp::{self, Position},
    memory,
    vcpu::{Core, TranslatedVcpu},
};

/// Makes the functions that generated code calls of those that do the work.
macro_rules! called_by_code {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        host_call! {
            pub(super) fn $name<G: Guest>(slots: *mut u64 $(, $argument: $type)*) -> $result {
                // SAFETY: called by generated code with what `enter` passed.
                let vcpu = unsafe { vcpu::<G>(slots) };
                super::$name(vcpu $(, $argument)*)
            }
        }
    )*};
}

/// What is called, by address.
mod entry {
    use super::{Answer, Guest, host_call, vcpu};

    called_by_code! {
        load(va: u64, code: u32, caller: usize) -> Answer;
        store(va: u64, value: u64, code: u32, caller: usize) -> Answer;
        op() -> Answer;
        link(exit: u64) -> usize;
        indirect(va: u64) -> usize;
        helper() -> usize;
        poll(position: u64) -> usize;
        stale(position: u64) -> usize;
    }
}

host_call! { type Enter = fn(*mut u64, usize) }

/// A result, and where the guest goes on if not in the calling block (else 0).
#[repr(C)]
pub(crate) struct Answer {
    value: u64,
    elsewhere: usize,
}

/// The functions for a vCPU with guest `G`.
pub(crate) fn callbacks<G: Guest>() -> Callbacks {
    Callbacks {
        load: entry::load::<G> as *const () as usize,
        store: entry::store::<G> as *const () as usize,
        op: entry::op::<G> as *const () as usize,
        link: entry::link::<G> as *const () as usize,
        indirect: entry::indirect::<G> as *const () as usize,
        helper: entry::helper::<G> as *const () as usize,
        poll: entry::poll::<G> as *const () as usize,
        stale: entry::stale::<G> as *const () as usize,
    }
}

/// Runs generated code at `host` until it leaves; `enter` is the address of
/// the way in.
pub(crate) fn enter<G: Guest>(vcpu: &mut TranslatedVcpu<G>, enter: usize, host: usize) {
    let vcpu: *mut TranslatedVcpu<G> = vcpu;
    // SAFETY: `enter` is the address of a stub with this signature, made by
    // `runtime_code`; `host` is that of a block or stub in the same memory,
    // which only changes on this thread. The generated code and its callbacks
    // reach the vCPU through `vcpu` alone, which is not used meanwhile.
    unsafe {
        (*vcpu).core.jit.vcpu = vcpu as usize;
        let slots = vcpu
            .cast::<u8>()
            .add(offset_of!(TranslatedVcpu<G>, core) + offset_of!(Core, slots));
        transmute::<usize, Enter>(enter)(slots.cast(), host);
    }
}

/// The vCPU whose state generated code has passed.
///
/// # Safety
/// `slots` must be what [`enter`] was called with for a vCPU of guest `G`, and
/// the caller must have no other reference to the vCPU.
unsafe fn vcpu<'a, G: Guest>(slots: *mut u64) -> &'a mut TranslatedVcpu<G> {
    // SAFETY: the slots lie in a `Core`, in which `enter` has left the address
    // of the vCPU; it borrows the vCPU for as long as generated code runs.
    unsafe {
        let core = slots
            .cast::<u8>()
            .sub(offset_of!(Core, slots))
            .cast::<Core>();
        &mut *((*core).jit.vcpu as *mut TranslatedVcpu<G>)
    }
}

fn size(code: u32) -> AccessSize {
    AccessSize::from_bytes(1 << (code & 3)).unwrap_or(AccessSize::Double)
}

fn load<G: Guest>(vcpu: &mut TranslatedVcpu<G>, va: u64, code: u32, caller: usize) -> Answer {
    match memory::load_for_jit(&mut vcpu.core, &mut vcpu.guest, va, size(code)) {
        Ok(value) => Answer {
            value,
            elsewhere: 0,
        },
        Err(exception) => fault(vcpu, caller, exception),
    }
}

fn store<G: Guest>(
    vcpu: &mut TranslatedVcpu<G>,
    va: u64,
    value: u64,
    code: u32,
    caller: usize,
) -> Answer {
    match memory::store_for_jit(&mut vcpu.core, &mut vcpu.guest, va, size(code), value) {
        Ok(()) => {
            vcpu.drop_code();
            Answer {
                value: 0,
                elsewhere: 0,
            }
        }
        Err(exception) => fault(vcpu, caller, exception),
    }
}

/// Raises an exception of the access whose call returns to `caller`.
fn fault<G: Guest>(vcpu: &mut TranslatedVcpu<G>, caller: usize, exception: Exception) -> Answer {
    let access = vcpu.access_site(caller);
    debug_assert!(access.is_some(), "every access of a block is known");
    let Some(AccessSite { pc, site, .. }) = access else {
        return Answer {
            value: 0,
            elsewhere: 0,
        };
    };
    vcpu.count_instructions();
    vcpu.core.retired = vcpu.core.retired.wrapping_sub(site.unretired.into());
    vcpu.core.jit.give_back(site.unretired);
    vcpu.raise(virtual_address(vcpu, pc), exception);
    Answer {
        value: 0,
        elsewhere: vcpu.dispatch(),
    }
}

fn site<G: Guest>(vcpu: &TranslatedVcpu<G>) -> Site {
    Site::unpack(vcpu.core.jit.site)
}

/// Virtual address of the instruction that called.
fn site_pc<G: Guest>(vcpu: &TranslatedVcpu<G>) -> u64 {
    virtual_address(vcpu, vcpu.core.jit.site_pc)
}

fn virtual_address<G: Guest>(vcpu: &TranslatedVcpu<G>, position: i32) -> u64 {
    let bias = vcpu.core.jit.context.bias;
    bias.wrapping_add(i64::from(position) as u64)
}

fn op<G: Guest>(vcpu: &mut TranslatedVcpu<G>) -> Answer {
    vcpu.core.calls.ops += 1;
    let callee = vcpu.core.jit.callee;
    let Some(callee) = vcpu.host_op(callee) else {
        return Answer {
            value: 0,
            elsewhere: 0,
        };
    };
    let site = site(vcpu);
    let unretired = u64::from(site.unretired);
    let start = virtual_address(vcpu, callee.code_pc);
    let offset = site_pc(vcpu).wrapping_sub(start) as u16;
    vcpu.count_instructions();
    if let Op::Helper { .. } = callee.op {
        vcpu.accrue_fp_flags(Native::take_fp_flags());
    }
    vcpu.core.retired = vcpu.core.retired.wrapping_sub(unretired);
    vcpu.core.set(fixed::PC, start);
    let atomic = atomic_access(&callee.op, &vcpu.core);
    let position = || Position {
        number: 0,
        offset,
        len: site.len,
    };
    match interp::run_op(&mut vcpu.core, &mut vcpu.guest, &callee.op, position) {
        Ok(()) => {
            vcpu.core.retired = vcpu.core.retired.wrapping_add(unretired);
            if let Some((va, kind)) = atomic {
                memory::fill_short_tlb(&mut vcpu.core, va, kind);
            }
            vcpu.drop_code();
            Answer {
                value: 0,
                elsewhere: 0,
            }
        }
        Err(exception) => {
            vcpu.core.jit.give_back(site.unretired);
            vcpu.raise(site_pc(vcpu), exception);
            Answer {
                value: 0,
                elsewhere: vcpu.dispatch(),
            }
        }
    }
}

/// What an atomic or a zeroed block accesses: the short TLB may not know it yet.
fn atomic_access(op: &Op, core: &Core) -> Option<(u64, AccessKind)> {
    let (addr, kind) = match *op {
        Op::LoadReserved { addr, .. } => (addr, AccessKind::Read),
        Op::AtomicRmw { addr, .. }
        | Op::ZeroBlock { addr }
        | Op::CompareExchange { addr, .. }
        | Op::StoreConditional { addr, .. } => (addr, AccessKind::Write),
        _ => return None,
    };
    let va = match addr {
        Operand::Slot(slot) => core.get(slot),
        Operand::Imm(va) => va as u64,
    };
    Some((va, kind))
}

fn link<G: Guest>(vcpu: &mut TranslatedVcpu<G>, exit: u64) -> usize {
    vcpu.core.calls.jumps += 1;
    vcpu.link(exit as u32)
}

fn indirect<G: Guest>(vcpu: &mut TranslatedVcpu<G>, va: u64) -> usize {
    vcpu.core.calls.jumps += 1;
    vcpu.pc = va;
    vcpu.dispatch()
}

fn helper<G: Guest>(vcpu: &mut TranslatedVcpu<G>) -> usize {
    vcpu.core.calls.helpers += 1;
    let (pc, callee) = (site_pc(vcpu), vcpu.core.jit.callee);
    // The end of a page may be where code positions wrap; their distance is right.
    let distance = vcpu.core.jit.next.wrapping_sub(vcpu.core.jit.site_pc);
    let call = HelperCall {
        id: HelperId(callee as u16),
        args: vcpu.core.jit.args(),
        pc,
        next: pc.wrapping_add(i64::from(distance) as u64),
    };
    let dst = (callee >> 24 != 0).then_some(Slot((callee >> 16) as u8));
    vcpu.count_instructions();
    vcpu.accrue_fp_flags(Native::take_fp_flags());
    // `run_helper` counts the instruction itself.
    vcpu.core.retired = vcpu.core.retired.wrapping_sub(1);
    let before = vcpu.core.retired;
    let exit = vcpu.run_helper(&call, dst, 0);
    if vcpu.core.retired == before {
        vcpu.core.jit.give_back(1);
    }
    match exit {
        None => vcpu.dispatch(),
        Some(exit) => vcpu.leave_with(exit),
    }
}

fn poll<G: Guest>(vcpu: &mut TranslatedVcpu<G>, position: u64) -> usize {
    vcpu.core.calls.polls += 1;
    vcpu.pc = virtual_address(vcpu, position as i32);
    vcpu.poll()
}

fn stale<G: Guest>(vcpu: &mut TranslatedVcpu<G>, position: u64) -> usize {
    vcpu.core.calls.jumps += 1;
    vcpu.pc = virtual_address(vcpu, position as i32);
    vcpu.forget_host();
    vcpu.dispatch()
}
