//! The processor's floating-point control and status: MXCSR.

/// All exceptions masked, none accrued, rounding to nearest.
pub(super) const CLEAR: u32 = 0x1f80;
/// The exceptions that have accrued.
const EXCEPTIONS: u32 = 0x3f;

/// The flags, as [`vm_core::float::flags`], that have accrued in a value of MXCSR.
pub(super) fn flags(control: u32) -> u64 {
    let accrued = control & EXCEPTIONS;
    // MXCSR: invalid 0, (denormal 1,) zero divide 2, overflow 3, underflow 4,
    // precision 5; the guest: the other way round from 4 to 0.
    let bit = |from: u32, to: u32| u64::from(accrued >> from & 1) << to;
    bit(0, 4) | bit(2, 3) | bit(3, 2) | bit(4, 1) | bit(5, 0)
}

/// Those in the register itself, which has none afterwards.
pub(super) fn take_flags() -> u64 {
    let control = register::get();
    if control & EXCEPTIONS != 0 {
        register::set(CLEAR);
    }
    flags(control)
}

/// Does some work, after which the register is what it was.
pub(super) fn keeping<R>(work: impl FnOnce() -> R) -> R {
    let control = register::get();
    let result = work();
    register::set(control);
    result
}

#[cfg(target_arch = "x86_64")]
mod register {
    #![allow(unsafe_code, reason = "the register has no safe access")]

    use std::arch::asm;

    pub(super) fn get() -> u32 {
        let mut control = 0u32;
        // SAFETY: stores the register to a variable.
        unsafe {
            asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags));
        }
        control
    }

    /// `control` is a value that [`get`] has returned or that masks all exceptions.
    pub(super) fn set(control: u32) {
        // SAFETY: loads a valid value; exceptions stay masked and rounding
        // stays to nearest, as compiled code expects. The flags of exceptions are
        // among what `preserves_flags` would promise to keep.
        unsafe {
            asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack, readonly));
        }
    }
}

/// On another host, nobody runs this one's code.
#[cfg(not(target_arch = "x86_64"))]
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
        for (mxcsr, guest) in [
            (0x01, 16),
            (0x04, 8),
            (0x08, 4),
            (0x10, 2),
            (0x20, 1),
            (2, 0),
        ] {
            assert_eq!(flags(CLEAR | mxcsr), guest);
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
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
