//! Guest memory as instructions see it: translation, RAM, devices, code pages.
#![allow(
    unsafe_code,
    reason = "the fast path dereferences host addresses from the TLB"
)]

use vm_core::{AccessKind, AccessSize, GuestPhysAddr, PAGE_SIZE};
use vm_cross_arch::{
    guest::Isa,
    host::{Backend, Native},
};
use vm_mem::tlb::TlbEntry;

use crate::{
    guest::{Exception, Fill, Guest},
    host,
    vcpu::{Core, MachineShared},
};

/// Whether an access of `size` at `va` touches two pages.
#[inline(always)]
fn crosses_page(va: u64, size: AccessSize) -> bool {
    va & (PAGE_SIZE - 1) > PAGE_SIZE - size.bytes()
}

/// Loads `size` bytes at virtual address `va`, zero-extended.
///
/// # Errors
/// The page or access fault it raises.
#[inline(always)]
pub fn load<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<u64, Exception> {
    let accept = core.accept[AccessKind::Read as usize];
    if !crosses_page(va, size)
        && let Some(entry) = core.tlb.lookup(va >> 12, core.data_space, accept)
        && entry.host != 0
    {
        let host = entry.host + (va & (PAGE_SIZE - 1)) as usize;
        // SAFETY: the TLB only holds addresses of mapped RAM pages, and the
        // access stays within the page.
        return Ok(unsafe { host::load(host, size) });
    }
    load_slow(core, guest, va, size)
}

/// A load that the short TLB did not answer: the same, and the short TLB
/// knows the translation then.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_for_jit<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<u64, Exception> {
    let value = load(core, guest, va, size)?;
    fill_short_tlb(core, va, AccessKind::Read);
    Ok(value)
}

/// The same for a store.
///
/// # Errors
/// As [`store`].
pub(crate) fn store_for_jit<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    value: u64,
) -> Result<(), Exception> {
    store(core, guest, va, size, value)?;
    fill_short_tlb(core, va, AccessKind::Write);
    Ok(())
}

/// Has the short TLB know the translation of `va`, which was just used, if the
/// TLB does.
pub(crate) fn fill_short_tlb(core: &mut Core, va: u64, kind: AccessKind) {
    let (space, accept) = (core.data_space, core.accept[kind as usize]);
    let write = kind == AccessKind::Write;
    let calls = &mut core.calls;
    *if write {
        &mut calls.stores
    } else {
        &mut calls.loads
    } += 1;
    if let Some(entry) = core.tlb.latest(va >> 12, space, accept) {
        core.short_tlbs.insert(va, space.asid(), &entry, write);
    }
}

#[cold]
fn load_slow<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<u64, Exception> {
    if crosses_page(va, size) {
        return load_crossing(core, guest, va, size);
    }
    let entry = translate(core, guest, va, size, AccessKind::Read)?;
    let gpa = physical(&entry, va);
    let value = match core.machine.ram.load(gpa, size) {
        Some(value) => Ok(value),
        None => Native::keeping_fp(|| core.machine.bus.read(gpa, size)),
    };
    value.map_err(|_| guest.access_fault(va, AccessKind::Read))
}

fn load_crossing<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
) -> Result<u64, Exception> {
    check_crossing(core, guest, va, size, AccessKind::Read)?;
    let mut value = 0;
    for i in 0..size.bytes() {
        let byte = load(core, guest, va.wrapping_add(i), AccessSize::Byte)?;
        value |= byte << (8 * i);
    }
    Ok(value)
}

/// Stores the low `size` bytes of `value` at virtual address `va`.
///
/// # Errors
/// The page or access fault it raises; nothing was stored then.
#[inline(always)]
pub fn store<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    value: u64,
) -> Result<(), Exception> {
    let accept = core.accept[AccessKind::Write as usize];
    if !crosses_page(va, size)
        && let Some(entry) = core.tlb.lookup(va >> 12, core.data_space, accept)
        && entry.host_write != 0
    {
        let offset = va & (PAGE_SIZE - 1);
        let host = entry.host_write + offset as usize;
        if core.machine.reservations.are_watched() {
            store_watched(core, host, entry.ppn << 12 | offset, size, value);
        } else {
            // SAFETY: as in `load`.
            unsafe { host::store(host, size, value) };
        }
        return Ok(());
    }
    store_slow(core, guest, va, size, value)
}

/// A direct store to `host`, which is where the TLB has the guest's `gpa`, while
/// somebody holds a reservation.
#[cold]
fn store_watched(core: &Core, host: usize, gpa: u64, size: AccessSize, value: u64) {
    // SAFETY: as in `load`.
    let store = || unsafe { host::store(host, size, value) };
    let reservations = &core.machine.reservations;
    reservations.with_lines(gpa, size.bytes(), store);
}

/// Size in bytes of what [`zero_block`] zeroes.
const ZERO_BLOCK: u64 = 64;

/// Zeroes the aligned block of 64 bytes that contains virtual address `va`.
///
/// # Errors
/// The page or access fault it raises, at `va`; nothing was stored then, unless
/// physical protection begins within the block.
pub fn zero_block<G: Guest>(core: &mut Core, guest: &mut G, va: u64) -> Result<(), Exception> {
    let start = va & !(ZERO_BLOCK - 1);
    for offset in (0..ZERO_BLOCK).step_by(8) {
        store(core, guest, start | offset, AccessSize::Double, 0).map_err(|denied| Exception {
            value: va,
            ..denied
        })?;
    }
    Ok(())
}

#[cold]
fn store_slow<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    value: u64,
) -> Result<(), Exception> {
    if crosses_page(va, size) {
        return store_crossing(core, guest, va, size, value);
    }
    let entry = translate(core, guest, va, size, AccessKind::Write)?;
    let gpa = physical(&entry, va);
    let stored = write_ram(core, gpa, size.bytes(), |machine| {
        let store = || store_ram(machine, gpa, size, value);
        if machine.reservations.are_watched() {
            machine.reservations.with_lines(gpa.0, size.bytes(), store)
        } else {
            store()
        }
    });
    if stored.is_some() {
        return Ok(());
    }
    let written = Native::keeping_fp(|| core.machine.bus.write(gpa, size, value));
    written.map_err(|_| guest.access_fault(va, AccessKind::Write))
}

fn store_crossing<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    value: u64,
) -> Result<(), Exception> {
    check_crossing(core, guest, va, size, AccessKind::Write)?;
    for i in 0..size.bytes() {
        let byte = value >> (8 * i);
        store(core, guest, va.wrapping_add(i), AccessSize::Byte, byte)?;
    }
    Ok(())
}

/// Checks an access to two pages before its first byte is moved. Every byte
/// must be RAM: devices could not be asked twice, nor a store be taken back.
fn check_crossing<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    kind: AccessKind,
) -> Result<(), Exception> {
    // Byte by byte: physical protection may end anywhere.
    for va in (0..size.bytes()).map(|i| va.wrapping_add(i)) {
        let entry = translate(core, guest, va, AccessSize::Byte, kind)?;
        if core.machine.ram.host_ptr(physical(&entry, va), 1).is_none() {
            return Err(guest.access_fault(va, kind));
        }
    }
    Ok(())
}

/// The physical address of `va` under the translation of its page.
#[inline]
pub fn physical(entry: &TlbEntry, va: u64) -> GuestPhysAddr {
    GuestPhysAddr(entry.ppn << 12 | (va & (PAGE_SIZE - 1)))
}

/// Translates an access that stays within one page: from the TLB, else by a walk.
///
/// # Errors
/// The page or access fault it raises.
pub fn translate<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    kind: AccessKind,
) -> Result<TlbEntry, Exception> {
    fill(core, guest, va, size, kind).map(|fill| fill.entry)
}

/// Translates the fetch of a parcel.
///
/// # Errors
/// The page or access fault it raises.
pub(crate) fn fetch_fill<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
) -> Result<Fill, Exception> {
    fill(core, guest, va, G::Isa::FETCH, AccessKind::Execute)
}

fn fill<G: Guest>(
    core: &mut Core,
    guest: &mut G,
    va: u64,
    size: AccessSize,
    kind: AccessKind,
) -> Result<Fill, Exception> {
    let space = if kind == AccessKind::Execute {
        core.fetch_space
    } else {
        core.data_space
    };
    let accept = core.accept[kind as usize];
    if let Some(entry) = core.tlb.lookup(va >> 12, space, accept) {
        // Without a host address for stores, ask again unless it still holds
        // code or is no RAM.
        let current = kind != AccessKind::Write
            || entry.host_write != 0
            || entry.host == 0
            || core.machine.blocks.is_code(entry.ppn);
        if current {
            let cacheable = true;
            return Ok(Fill { entry, cacheable });
        }
    }
    let mut fill = guest.fill(core, va, size, kind)?;
    if fill.entry.host_write != 0 && core.machine.blocks.is_code(fill.entry.ppn) {
        fill.entry.host_write = 0;
    }
    if fill.cacheable {
        core.tlb.insert(fill.entry);
    }
    Ok(fill)
}

/// Runs `write`, a vCPU's own write to the `bytes` bytes of RAM at `gpa`, which
/// lie in one page, and invalidates translations of them.
pub(crate) fn write_ram<R>(
    core: &mut Core,
    gpa: GuestPhysAddr,
    bytes: u64,
    write: impl FnOnce(&MachineShared) -> R,
) -> R {
    let (result, dropped) = {
        let machine = &core.machine;
        // Others must not fence between the write and their hearing of it. Where
        // the page becomes a code page only now, they compare its code with memory
        // until this vCPU has noticed.
        let seen = machine.reservations.is_shared() && machine.blocks.is_code(gpa.page());
        let _pending = seen.then(|| machine.ram.begin_write());
        let result = write(machine);
        (result, machine.stored_by(core.index, gpa, bytes))
    };
    if dropped {
        core.note_dropped(gpa.page());
    }
    result
}

/// A vCPU's own store within [`write_ram`]. `None` if that is not RAM.
pub(crate) fn store_ram(
    machine: &MachineShared,
    gpa: GuestPhysAddr,
    size: AccessSize,
    value: u64,
) -> Option<()> {
    let host = machine.ram.host_ptr(gpa, size.bytes())?;
    // SAFETY: mapped RAM, as just found.
    unsafe { host::store(host.as_ptr() as usize, size, value) };
    Some(())
}
