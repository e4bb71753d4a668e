//! The processor's floating-point status: `FPSR`. Its control register, `FPCR`, is what
//! the system has given the thread: rounding to nearest, no exception trapped. Guests
//! will have one of their own once floating-point ops have a native form.

/// No exception has accrued.
pub(super) const CLEAR: u32 = 0;
/// The exceptions that have accrued: invalid operation, division by zero, overflow,
/// underflow, inexact (C5.2.11).
const EXCEPTIONS: u32 = 0x1f;

/// `FPSR` by its number in encodings: `op0` without its upper bit, `op1`, `CRn`, `CRm`
/// and `op2`.
pub(super) const FPSR: u32 = 1 << 14 | 3 << 11 | 4 << 7 | 4 << 3 | 1;

/// The flags, as [`vm_core::float::flags`], that have accrued in a value of the register.
pub(super) fn flags(status: u32) -> u64 {
    // FPSR has the same ones the other way round.
    u64::from((status & EXCEPTIONS).reverse_bits() >> 27)
}

/// Those in the register itself, which has none afterwards.
pub(super) fn take_flags() -> u64 {
    let status = register::get();
    if status & EXCEPTIONS != 0 {
        register::set(CLEAR);
    }
    flags(status)
}

/// Does some work, after which the register is what it was.
pub(super) fn keeping<R>(work: impl FnOnce() -> R) -> R {
    let status = register::get();
    let result = work();
    register::set(status);
    result
}

#[cfg(target_arch = "aarch64")]
mod register {
    #![allow(unsafe_code, reason = "the register has no safe access")]

    use std::arch::asm;

    pub(super) fn get() -> u32 {
        let status: u64;
        // SAFETY: reads the register. It is no memory, but what is computed before must
        // have been computed: it is not to be moved.
        unsafe { asm!("mrs {}, fpsr", out(reg) status, options(nostack, preserves_flags)) };
        status as u32
    }

    pub(super) fn set(status: u32) {
        // SAFETY: the register tells what has happened, and changes nothing that will.
        // Its flags are among what `preserves_flags` would promise to keep.
        unsafe { asm!("msr fpsr, {}", in(reg) u64::from(status), options(nostack)) };
    }
}

/// On another host, nobody runs this one's code.
#[cfg(not(target_arch = "aarch64"))]
mod register {
    pub(super) fn get() -> u32 {
        super::CLEAR
    }

    pub(super) fn set(_: u32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_those_of_the_guest() {
        for (status, guest) in [
            (0x01, 16),
            (0x02, 8),
            (0x04, 4),
            (0x08, 2),
            (0x10, 1),
            (0x80, 0),
        ] {
            assert_eq!(flags(CLEAR | status), guest);
        }
    }

    #[test]
    #[cfg(target_arch = "aarch64")]
    fn flags_are_taken_once_and_the_work_of_others_leaves_none() {
        let accrue = || std::hint::black_box(1.0f64) / std::hint::black_box(0.0);
        take_flags();
        assert!(accrue().is_infinite());
        assert_eq!(keeping(accrue), f64::INFINITY);
        assert_eq!((take_flags(), take_flags()), (8, 0));
        keeping(accrue);
        assert_eq!(take_flags(), 0);
    }
}
