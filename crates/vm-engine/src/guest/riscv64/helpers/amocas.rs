//! AMOCAS.Q (Unprivileged §"Zacas"): compare-and-swap of 16 bytes, by the host's own,
//! since neither plain stores nor the atomics of compiled code take the line's lock.
#![allow(unsafe_code, reason = "swaps at the host address of guest memory")]

use vm_core::{AccessKind, AccessSize, GuestPhysAddr};
use vm_cross_arch::guest::riscv64::regs;

use crate::{
    guest::{
        Exception, Guest, Outcome,
        riscv64::{Riscv64, trap::illegal},
    },
    host::{self, Pair},
    memory,
    vcpu::{Core, MachineShared},
};

const BYTES: u64 = 16;

impl Riscv64 {
    /// Compares the 16 bytes at `va` with the pair rd and replaces them by the
    /// pair rs2 if equal; rd gets the old value.
    pub(super) fn amocas_q(
        &mut self,
        core: &mut Core,
        va: u64,
        bits: u64,
    ) -> Result<Outcome, Exception> {
        let rd = (bits >> 7 & 0x1f) as u8;
        let rs2 = (bits >> 20 & 0x1f) as u8;
        let exists = self.config.extensions.zacas;
        if !exists || !rd.is_multiple_of(2) || !rs2.is_multiple_of(2) {
            return Err(illegal(bits));
        }
        let gpa = self.quadword(core, va)?;
        let (expected, new) = (read_pair(core, rd), read_pair(core, rs2));
        let swap = |machine: &MachineShared| compare_exchange(machine, gpa, expected, new);
        let old = memory::write_ram(core, gpa, BYTES, swap)
            .ok_or_else(|| self.access_fault(va, AccessKind::Write))?;
        write_pair(core, rd, old);
        Ok(Outcome::Value(0))
    }

    /// The physical address of a writable, aligned quadword.
    fn quadword(&mut self, core: &mut Core, va: u64) -> Result<GuestPhysAddr, Exception> {
        let kind = AccessKind::Write;
        if !va.is_multiple_of(BYTES) {
            return Err(self.misaligned(va, kind));
        }
        let entry = memory::translate(core, self, va, AccessSize::Double, kind)?;
        let gpa = memory::physical(&entry, va);
        // One PMP entry must match all bytes (Privileged 1.13 §3.7.1.3).
        if !self.mmu(&core.machine.ram).allows(gpa, BYTES, kind) {
            return Err(self.access_fault(va, kind));
        }
        Ok(gpa)
    }
}

/// `None` if `gpa` is not RAM: devices do not take atomics.
fn compare_exchange(
    machine: &MachineShared,
    gpa: GuestPhysAddr,
    expected: Pair,
    new: Pair,
) -> Option<Pair> {
    let host = machine.ram.host_ptr(gpa, BYTES)?.as_ptr() as usize;
    // SAFETY: `host_ptr` found 16 bytes of RAM; their address is aligned, as `quadword`
    // has checked of the guest's, which has the same offset in its page.
    let swap = || unsafe { host::compare_exchange_pair(host, expected, new) };
    Some(machine.reservations.with_line(gpa.0, swap))
}

/// The pair that starts at even register `n`; that of x0 is 0.
fn read_pair(core: &Core, n: u8) -> Pair {
    if n == 0 {
        [0; 2]
    } else {
        [core.get(regs::x(n)), core.get(regs::x(n + 1))]
    }
}

fn write_pair(core: &mut Core, n: u8, [low, high]: Pair) {
    if n != 0 {
        core.set(regs::x(n), low);
        core.set(regs::x(n + 1), high);
    }
}
