//! Remote fences (§8).

use vm_core::{PAGE_SHIFT, PAGE_SIZE};
use vm_engine::{guest::riscv64::SbiCall, vcpu::VcpuRequest};

use super::{Sbi, SbiError, SbiResult};

impl Sbi {
    pub(super) fn remote_fence(&self, call: &mut SbiCall<'_>, function: u64) -> SbiResult {
        let [mask, base, start, size, asid, ..] = call.args;
        let request = match function {
            0 => VcpuRequest::SyncInstructions,
            1 => flush(start, size, None),
            2 => flush(start, size, Some(asid as u16)),
            // Functions 3 to 6 are for hypervisors: the harts have no H extension.
            _ => return Err(SbiError::NotSupported),
        };
        let harts = self.harts.select(mask, base)?;
        call.run_on(harts.into_iter(), &[request]);
        Ok(0)
    }
}

/// The translations of `size` bytes from `start`; everything if both are 0, or
/// `size` is the largest number there is (§8).
pub(super) fn flush(start: u64, size: u64, asid: Option<u16>) -> VcpuRequest {
    let everything = (start == 0 && size == 0) || size == u64::MAX;
    let pages = if everything {
        u64::MAX
    } else {
        let bytes = u128::from(start & (PAGE_SIZE - 1)) + u128::from(size);
        // At most 2^52 + 1.
        bytes.div_ceil(u128::from(PAGE_SIZE)) as u64
    };
    VcpuRequest::FlushTlb {
        va: start >> PAGE_SHIFT << PAGE_SHIFT,
        pages,
        asid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages_of(start: u64, size: u64) -> (u64, u64) {
        match flush(start, size, None) {
            VcpuRequest::FlushTlb { va, pages, .. } => (va, pages),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ranges_cover_every_page_they_touch() {
        assert_eq!(pages_of(0x1000, 0x1000), (0x1000, 1));
        assert_eq!(pages_of(0x1fff, 2), (0x1000, 2));
        assert_eq!(pages_of(0x1234, 0), (0x1000, 1));
        assert_eq!(pages_of(0, 0).1, u64::MAX);
        assert_eq!(pages_of(0x5000, u64::MAX).1, u64::MAX);
        assert_eq!(
            pages_of(u64::MAX, u64::MAX - 1),
            (u64::MAX - 0xfff, (1 << 52) + 1)
        );
    }
}
