//! Making what was written as data visible as instructions.

/// Has the processor fetch instructions as they were written (Arm Architecture
/// Reference Manual, B2.4.4 "Concurrent modification and execution of instructions"):
/// the data is cleaned to the point of unification by the address that it was written
/// by, then the instructions are invalidated by the one that they are fetched from. A
/// thread that did not call has an `ISB` of its own on its way into generated code.
#[cfg(target_arch = "aarch64")]
pub(super) fn publish(written: &[u8], executed: &[u8]) {
    #![allow(unsafe_code, reason = "caches are reached by instructions alone")]

    use std::arch::asm;

    let sizes: u64;
    // SAFETY: reads a register that programs may read; Linux sees to that where the
    // processor does not (`CTR_EL0`).
    unsafe { asm!("mrs {}, ctr_el0", out(reg) sizes, options(nomem, nostack, preserves_flags)) };
    for line in lines(written, sizes >> 16) {
        // SAFETY: the line has a byte of a slice; cleaning changes nothing that is read.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: orders the ones before and after.
    unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
    for line in lines(executed, sizes) {
        // SAFETY: the line has a byte of a slice; instructions are fetched once more.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: waits for all that, and has this thread fetch what comes next.
    unsafe { asm!("dsb ish", "isb", options(nostack, preserves_flags)) };
}

/// On another host, nobody runs this one's code.
#[cfg(not(target_arch = "aarch64"))]
pub(super) fn publish(_written: &[u8], _executed: &[u8]) {}

/// Addresses of the cache lines of some memory. The lowest four bits of `size` are the
/// binary logarithm of that of a line, in words of 4 bytes (D24.2.34 "CTR_EL0").
#[cfg(any(test, target_arch = "aarch64"))]
fn lines(memory: &[u8], size: u64) -> impl Iterator<Item = usize> {
    let size = 4 << (size & 0xf);
    let start = memory.as_ptr() as usize;
    (start & !(size - 1)..start + memory.len()).step_by(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_memory_is_met_once() {
        let memory = [0u8; 1024];
        // 64 bytes, 16 words.
        let start = memory.as_ptr() as usize;
        let offset = start.next_multiple_of(64) - start;
        for (from, to, count) in [(0, 64, 1), (0, 65, 2), (63, 65, 2), (60, 64, 1), (0, 0, 0)] {
            let part = &memory[offset + from..offset + to];
            let met: Vec<usize> = lines(part, 4).collect();
            assert_eq!(met.len(), count, "{from}..{to}");
            assert!(met.iter().all(|line| line % 64 == 0));
            assert!(part.is_empty() || met[0] <= part.as_ptr() as usize);
        }
    }
}
