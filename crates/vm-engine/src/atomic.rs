//! Atomic accesses to guest memory.
//!
//! All of them run under the lock of their line (see [`crate::reservation`])
//! and are sequentially consistent, which satisfies any ordering asked for. Those of
//! compiled code take no lock while nobody holds a reservation; since both are atomics
//! of the host, they are atomic beside each other all the same.
#![allow(unsafe_code, reason = "atomics work on host addresses of guest memory")]

use std::sync::atomic::{Ordering, fence};

use vm_core::{AccessKind, AccessSize, GuestPhysAddr};
use vm_cross_arch::ir::AtomicOp;

use crate::{
    guest::{Exception, Guest},
    host,
    jit::LoneReservation,
    memory,
    vcpu::{Core, MachineShared},
};

/// An aligned cell of RAM that an atomic works on.
struct Cell {
    /// Guest-physical address.
    gpa: GuestPhysAddr,
    /// Host address.
    host: usize,
}

fn cell<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    kind: AccessKind,
) -> Result<Cell, Exception> {
    if !va.is_multiple_of(size.bytes()) {
        return Err(guest.misaligned(va, kind));
    }
    let entry = memory::translate(core, guest, va, size, kind)?;
    let gpa = memory::physical(&entry, va);
    match core.machine.ram.host_ptr(gpa, size.bytes()) {
        Some(host) => Ok(Cell {
            gpa,
            host: host.as_ptr() as usize,
        }),
        // Devices do not take atomics.
        None => Err(guest.access_fault(va, kind)),
    }
}

/// Replaces the value at `va` by its combination with `src`; returns the old
/// value, sign-extended. `size` is word or double.
///
/// # Errors
/// The fault it raises; nothing was stored then.
pub fn read_modify_write<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    op: AtomicOp,
    src: u64,
) -> Result<u64, Exception> {
    let cell = cell(core, guest, va, size, AccessKind::Write)?;
    // SAFETY: `cell` found mapped RAM of this size and alignment.
    let atomic = || unsafe { host::read_modify_write(cell.host, size, op, src) };
    Ok(memory::write_ram(core, cell.gpa, size.bytes(), |machine| {
        machine.reservations.with_line(cell.gpa.0, atomic)
    }))
}

/// Stores `new` at `va` if memory holds `expected`; returns the old value,
/// sign-extended. `size` is word or double.
///
/// # Errors
/// The fault it raises; nothing was stored then.
pub fn compare_exchange<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    expected: u64,
    new: u64,
) -> Result<u64, Exception> {
    let cell = cell(core, guest, va, size, AccessKind::Write)?;
    // SAFETY: `cell` found mapped RAM of this size and alignment.
    let atomic = || unsafe { host::compare_exchange(cell.host, size, expected, new) };
    Ok(memory::write_ram(core, cell.gpa, size.bytes(), |machine| {
        machine.reservations.with_line(cell.gpa.0, atomic)
    }))
}

/// Loads from `va`, sign-extended, and reserves it.
///
/// # Errors
/// The fault it raises; an earlier reservation is kept then.
pub fn load_reserved<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<u64, Exception> {
    reserve(core, guest, va, size, false)
}

/// The same of a [pair](vm_cross_arch::ir::pairs): nobody need know of it, unless the last
/// attempt was in vain.
///
/// # Errors
/// As for [`load_reserved`].
pub fn load_reserved_of_pair<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<u64, Exception> {
    let private = core.jit.lone.refused == 0;
    reserve(core, guest, va, size, private)
}

fn reserve<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    private: bool,
) -> Result<u64, Exception> {
    let cell = cell(core, guest, va, size, AccessKind::Read)?;
    core.clear_reservation();
    let load = || {
        // SAFETY: `cell` found mapped RAM of this size and alignment.
        let value = unsafe { host::load(cell.host, size) };
        if size == AccessSize::Word {
            i64::from(value as i32) as u64
        } else {
            value
        }
    };
    if private || !core.machine.reservations.is_shared() {
        let value = load();
        core.jit.lone = LoneReservation {
            host: cell.host as u64,
            value,
            ..LoneReservation::default()
        };
        return Ok(value);
    }
    let reservation = core.machine.reservations.reserve(cell.gpa.0, load);
    let value = reservation.value;
    core.reservation = Some(reservation);
    core.jit.lone.refused = 1;
    fence(Ordering::SeqCst);
    Ok(value)
}

/// Whether the reservation is that of an access at `va`. One that is not may
/// but need not be treated as a store (Unprivileged §"Zalrsc"): only its first
/// byte is checked, as Spike does.
fn holds_reservation<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<bool, Exception> {
    let kind = AccessKind::Write;
    if !va.is_multiple_of(size.bytes()) {
        return Err(guest.misaligned(va, kind));
    }
    let entry = memory::translate(core, guest, va, AccessSize::Byte, kind)?;
    let gpa = memory::physical(&entry, va);
    let Some(host) = core.machine.ram.host_ptr(gpa, size.bytes()) else {
        return Err(guest.access_fault(va, kind));
    };
    let lone = &core.jit.lone;
    let is_lone = lone.host == host.as_ptr() as u64;
    if !core.machine.reservations.is_shared() {
        return Ok(is_lone);
    }
    if is_lone {
        return Ok(lone.proven != 0);
    }
    Ok(core
        .reservation
        .as_ref()
        .is_some_and(|reservation| reservation.addr == gpa.0))
}

/// The same of a [pair](vm_cross_arch::ir::pairs), of which the first has just run.
///
/// # Errors
/// As for [`store_conditional`].
pub fn store_conditional_of_pair<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    src: u64,
) -> Result<bool, Exception> {
    core.jit.lone.proven = 1;
    store_conditional(core, guest, va, size, src)
}

/// Stores `src` at `va` if the reservation of [`load_reserved`] still holds;
/// tells whether it did. The reservation is gone afterwards.
///
/// # Errors
/// The fault it raises; nothing was stored then.
pub fn store_conditional<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    src: u64,
) -> Result<bool, Exception> {
    if !holds_reservation(core, guest, va, size)? {
        // A conditional that is not known to come right after its load needs a
        // reservation that others know of: next time.
        let refused = core.jit.lone.host != 0;
        core.clear_reservation();
        core.jit.lone.refused = refused.into();
        return Ok(false);
    }
    let cell = cell(core, guest, va, size, AccessKind::Write)?;
    let reservation = core.reservation.take();
    let lone = std::mem::take(&mut core.jit.lone);
    let reserved = reservation.as_ref().map_or(lone.value, |held| held.value);
    let store = || {
        // SAFETY: `cell` found mapped RAM of this size and alignment.
        let old = unsafe { host::compare_exchange(cell.host, size, reserved, src) };
        let unused = 64 - 8 * size.bytes() as u32;
        old << unused == reserved << unused
    };
    let commit = |machine: &MachineShared| match reservation {
        Some(reservation) => machine.reservations.commit(reservation, store),
        // It does not matter who has come between.
        None => machine.reservations.with_line(cell.gpa.0, store),
    };
    Ok(memory::write_ram(core, cell.gpa, size.bytes(), commit))
}
