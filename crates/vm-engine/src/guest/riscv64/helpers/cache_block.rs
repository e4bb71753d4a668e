//! Cache-block instructions (Unprivileged §"Cache Management Operations").
//!
//! Guest memory is coherent: management only checks that it would be allowed.

use vm_core::{AccessKind, AccessSize};

use crate::{
    guest::{
        Exception, Guest, Outcome,
        riscv64::{Riscv64, cause, csr::envcfg, trap::illegal},
    },
    memory,
    vcpu::Core,
};

/// The imm field of CBO.INVAL; CBO.CLEAN has 1, CBO.FLUSH 2.
const INVAL: u64 = 0;

impl Riscv64 {
    /// Whether CBO.ZERO is legal.
    pub(in super::super) fn may_zero_blocks(&self) -> bool {
        self.config.extensions.zicboz && self.granted_envcfg(envcfg::CBZE) != 0
    }

    /// CBO.ZERO of the block that contains `va`.
    pub(super) fn cbo_zero(
        &mut self,
        core: &mut Core,
        va: u64,
        bits: u64,
    ) -> Result<Outcome, Exception> {
        if !self.may_zero_blocks() {
            return Err(illegal(bits));
        }
        memory::zero_block(core, self, va)?;
        Ok(Outcome::Value(0))
    }

    /// CBO.CLEAN, CBO.FLUSH or CBO.INVAL of the block that contains `va`.
    /// Where CBIE turns CBO.INVAL into a flush, that makes no difference here.
    pub(super) fn cbo_manage(
        &mut self,
        core: &mut Core,
        va: u64,
        bits: u64,
    ) -> Result<Outcome, Exception> {
        let field = if bits >> 20 == INVAL {
            envcfg::CBIE
        } else {
            envcfg::CBCFE
        };
        if !self.config.extensions.zicbom || self.granted_envcfg(field) == 0 {
            return Err(illegal(bits));
        }
        // Allowed where a load is: no page and no PMP entry allows stores only.
        // Reported as a store.
        let byte = AccessSize::Byte;
        let entry = memory::translate(core, self, va, byte, AccessKind::Read).map_err(as_store)?;
        // Only RAM has cache blocks.
        if core
            .machine
            .ram
            .host_ptr(memory::physical(&entry, va), 1)
            .is_none()
        {
            return Err(self.access_fault(va, AccessKind::Write));
        }
        Ok(Outcome::Value(0))
    }
}

/// A load's page or access fault as that of a store.
fn as_store(denied: Exception) -> Exception {
    let page = denied.cause == cause::page_fault(AccessKind::Read);
    let kind = AccessKind::Write;
    let cause = if page {
        cause::page_fault(kind)
    } else {
        cause::access_fault(kind)
    };
    Exception { cause, ..denied }
}
