//! Accesses to guest memory by host address.
#![allow(
    unsafe_code,
    reason = "guest memory is shared with other threads and reached by address"
)]

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use portable_atomic::AtomicU128;
use vm_core::AccessSize;
use vm_cross_arch::ir::AtomicOp;

/// Two doublewords, the lower one first.
pub type Pair = [u64; 2];

/// Loads `size` bytes from the host address, zero-extended.
///
/// # Safety
/// All bytes must lie in mapped guest RAM, which is only accessed atomically
/// or by raw copies.
#[inline(always)]
pub unsafe fn load(addr: usize, size: AccessSize) -> u64 {
    if !addr.is_multiple_of(size.bytes() as usize) {
        // SAFETY: as the caller promises.
        return unsafe { load_bytes(addr, size) };
    }
    // SAFETY: mapped as the caller promises, and aligned as just checked.
    unsafe {
        match size {
            AccessSize::Byte => {
                u64::from(AtomicU8::from_ptr(addr as *mut u8).load(Ordering::Relaxed))
            }
            AccessSize::Half => u64::from(u16::from_le(
                AtomicU16::from_ptr(addr as *mut u16).load(Ordering::Relaxed),
            )),
            AccessSize::Word => u64::from(u32::from_le(
                AtomicU32::from_ptr(addr as *mut u32).load(Ordering::Relaxed),
            )),
            AccessSize::Double => {
                u64::from_le(AtomicU64::from_ptr(addr as *mut u64).load(Ordering::Relaxed))
            }
        }
    }
}

/// Stores the low `size` bytes of `value` at the host address.
///
/// # Safety
/// As for [`load`].
#[inline(always)]
pub unsafe fn store(addr: usize, size: AccessSize, value: u64) {
    if !addr.is_multiple_of(size.bytes() as usize) {
        // SAFETY: as the caller promises.
        return unsafe { store_bytes(addr, size, value) };
    }
    // SAFETY: mapped as the caller promises, and aligned as just checked.
    unsafe {
        match size {
            AccessSize::Byte => {
                AtomicU8::from_ptr(addr as *mut u8).store(value as u8, Ordering::Relaxed);
            }
            AccessSize::Half => AtomicU16::from_ptr(addr as *mut u16)
                .store((value as u16).to_le(), Ordering::Relaxed),
            AccessSize::Word => AtomicU32::from_ptr(addr as *mut u32)
                .store((value as u32).to_le(), Ordering::Relaxed),
            AccessSize::Double => {
                AtomicU64::from_ptr(addr as *mut u64).store(value.to_le(), Ordering::Relaxed);
            }
        }
    }
}

#[cold]
unsafe fn load_bytes(addr: usize, size: AccessSize) -> u64 {
    (0..size.bytes() as usize).rev().fold(0, |value, i| {
        // SAFETY: within the access, which the caller promises is mapped.
        let byte = unsafe { AtomicU8::from_ptr((addr + i) as *mut u8) };
        value << 8 | u64::from(byte.load(Ordering::Relaxed))
    })
}

#[cold]
unsafe fn store_bytes(addr: usize, size: AccessSize, value: u64) {
    for (i, byte) in value
        .to_le_bytes()
        .into_iter()
        .take(size.bytes() as usize)
        .enumerate()
    {
        // SAFETY: within the access, which the caller promises is mapped.
        let target = unsafe { AtomicU8::from_ptr((addr + i) as *mut u8) };
        target.store(byte, Ordering::Relaxed);
    }
}

/// Performs an atomic read-modify-write, returning the old value, sign-extended.
/// `size` is word or double.
///
/// # Safety
/// As for [`load`]; moreover `addr` must be aligned to `size`.
pub unsafe fn read_modify_write(addr: usize, size: AccessSize, op: AtomicOp, src: u64) -> u64 {
    if size == AccessSize::Word {
        // SAFETY: mapped and aligned as the caller promises.
        let cell = unsafe { AtomicU32::from_ptr(addr as *mut u32) };
        let old = cell.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |raw| {
            Some((combine32(op, u32::from_le(raw), src as u32)).to_le())
        });
        i64::from(u32::from_le(old.unwrap_or_else(|raw| raw)) as i32) as u64
    } else {
        // SAFETY: mapped and aligned as the caller promises.
        let cell = unsafe { AtomicU64::from_ptr(addr as *mut u64) };
        let old = cell.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |raw| {
            Some(combine64(op, u64::from_le(raw), src).to_le())
        });
        u64::from_le(old.unwrap_or_else(|raw| raw))
    }
}

/// Replaces `expected` by `new` (both of `size`); returns the old value, sign-extended.
///
/// # Safety
/// As for [`read_modify_write`].
pub unsafe fn compare_exchange(addr: usize, size: AccessSize, expected: u64, new: u64) -> u64 {
    if size == AccessSize::Word {
        // SAFETY: mapped and aligned as the caller promises.
        let cell = unsafe { AtomicU32::from_ptr(addr as *mut u32) };
        let (expected, new) = ((expected as u32).to_le(), (new as u32).to_le());
        let old = cell.compare_exchange(expected, new, Ordering::SeqCst, Ordering::SeqCst);
        i64::from(u32::from_le(old.unwrap_or_else(|raw| raw)) as i32) as u64
    } else {
        // SAFETY: mapped and aligned as the caller promises.
        let cell = unsafe { AtomicU64::from_ptr(addr as *mut u64) };
        let (expected, new) = (expected.to_le(), new.to_le());
        let old = cell.compare_exchange(expected, new, Ordering::SeqCst, Ordering::SeqCst);
        u64::from_le(old.unwrap_or_else(|raw| raw))
    }
}

/// Whether this host can [`compare_exchange_pair`]: all that Zacas needs.
pub fn has_pair_compare_exchange() -> bool {
    AtomicU128::is_lock_free()
}

/// Replaces 16 bytes, `expected`, by `new`, the lower doubleword first; returns the old
/// ones. Atomic beside accesses of any size, if [`has_pair_compare_exchange`].
///
/// # Safety
/// As for [`load`]; moreover `addr` must be aligned to 16.
pub unsafe fn compare_exchange_pair(addr: usize, expected: Pair, new: Pair) -> Pair {
    // SAFETY: mapped and aligned as the caller promises.
    let cell = unsafe { AtomicU128::from_ptr(addr as *mut u128) };
    let (expected, new) = (to_bytes(expected), to_bytes(new));
    let old = cell.compare_exchange(expected, new, Ordering::SeqCst, Ordering::SeqCst);
    from_bytes(old.unwrap_or_else(|raw| raw))
}

/// A pair as the host has it in memory.
fn to_bytes([low, high]: Pair) -> u128 {
    (u128::from(high) << 64 | u128::from(low)).to_le()
}

fn from_bytes(raw: u128) -> Pair {
    let raw = u128::from_le(raw);
    [raw as u64, (raw >> 64) as u64]
}

fn combine32(op: AtomicOp, old: u32, src: u32) -> u32 {
    match op {
        AtomicOp::Swap => src,
        AtomicOp::Add => old.wrapping_add(src),
        AtomicOp::Xor => old ^ src,
        AtomicOp::And => old & src,
        AtomicOp::Or => old | src,
        AtomicOp::MinS => (old as i32).min(src as i32) as u32,
        AtomicOp::MaxS => (old as i32).max(src as i32) as u32,
        AtomicOp::MinU => old.min(src),
        AtomicOp::MaxU => old.max(src),
    }
}

fn combine64(op: AtomicOp, old: u64, src: u64) -> u64 {
    match op {
        AtomicOp::Swap => src,
        AtomicOp::Add => old.wrapping_add(src),
        AtomicOp::Xor => old ^ src,
        AtomicOp::And => old & src,
        AtomicOp::Or => old | src,
        AtomicOp::MinS => (old as i64).min(src as i64) as u64,
        AtomicOp::MaxS => (old as i64).max(src as i64) as u64,
        AtomicOp::MinU => old.min(src),
        AtomicOp::MaxU => old.max(src),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misaligned_accesses_are_little_endian() {
        let mut memory = [0u64; 2];
        let base = memory.as_mut_ptr() as usize;
        for size in [
            AccessSize::Byte,
            AccessSize::Half,
            AccessSize::Word,
            AccessSize::Double,
        ] {
            for offset in 0..8 {
                // SAFETY: at most 8 bytes at an offset below 8, in 16 bytes.
                let back = unsafe {
                    store(base + offset, size, 0x8877_6655_4433_2211);
                    load(base + offset, size)
                };
                assert_eq!(back, 0x8877_6655_4433_2211 & size.mask());
            }
        }
    }

    #[test]
    fn word_atomics_sign_extend_and_keep_their_neighbour() {
        let mut memory = [0x1111_1111_8000_0000u64];
        let base = memory.as_mut_ptr() as usize;
        // SAFETY: an aligned word inside `memory`.
        let old = unsafe { read_modify_write(base, AccessSize::Word, AtomicOp::MaxS, 5) };
        assert_eq!(old, 0xffff_ffff_8000_0000);
        assert_eq!(memory[0], 0x1111_1111_0000_0005);
        let base = memory.as_mut_ptr() as usize;
        // SAFETY: an aligned word inside `memory`.
        let old = unsafe { compare_exchange(base, AccessSize::Word, 0xffff_ffff_0000_0005, 9) };
        assert_eq!((old, memory[0]), (5, 0x1111_1111_0000_0009));
    }

    #[test]
    fn double_atomics_combine() {
        for (op, want) in [
            (AtomicOp::Swap, 3),
            (AtomicOp::Add, 2),
            (AtomicOp::Xor, u64::MAX ^ 3),
            (AtomicOp::And, 3),
            (AtomicOp::Or, u64::MAX),
            (AtomicOp::MinS, u64::MAX),
            (AtomicOp::MaxS, 3),
            (AtomicOp::MinU, 3),
            (AtomicOp::MaxU, u64::MAX),
        ] {
            let mut memory = [u64::MAX];
            let base = memory.as_mut_ptr() as usize;
            // SAFETY: an aligned double inside `memory`.
            let old = unsafe { read_modify_write(base, AccessSize::Double, op, 3) };
            assert_eq!((old, memory[0]), (u64::MAX, want), "{op:?}");
        }
    }
}
