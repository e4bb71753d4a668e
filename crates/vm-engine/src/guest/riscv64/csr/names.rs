//! CSRs by their names, as debuggers ask for them.

use super::{Access, GROUPS, Row, Update};
use crate::{
    guest::{
        RegisterError,
        riscv64::{Privilege, Riscv64},
    },
    vcpu::Core,
};

/// Numbers with both top bits set are read-only (Privileged 1.13 §2.1).
const fn is_read_only(number: u16) -> bool {
    number >> 10 & 3 == 3
}

impl Riscv64 {
    /// The value of the CSR of that name, as M-mode would read it.
    pub(in super::super) fn csr_by_name(&mut self, core: &Core, name: &str) -> Option<u64> {
        let Access { row, index } = self.find_csr_by_name(core, name)?;
        Some((row.read)(self, core, index))
    }

    /// Writes the CSR of that name, as M-mode would.
    ///
    /// # Errors
    /// [`RegisterError`] if there is none, or it is read-only.
    pub(in super::super) fn set_csr_by_name(
        &mut self,
        core: &mut Core,
        name: &str,
        value: u64,
    ) -> Result<(), RegisterError> {
        let found = self.find_csr_by_name(core, name);
        let Access { row, index } = found.ok_or_else(|| RegisterError::Unknown(name.to_owned()))?;
        if is_read_only(row.first) {
            return Err(RegisterError::ReadOnly(name.to_owned()));
        }
        let mask = u64::MAX;
        // As an instruction that has just retired: counters go on from what it wrote.
        core.retired = core.retired.wrapping_sub(1);
        (row.write)(self, core, index, Update { value, mask });
        core.retired = core.retired.wrapping_add(1);
        Ok(())
    }

    fn find_csr_by_name(&mut self, core: &Core, name: &str) -> Option<Access> {
        let mut rows = GROUPS.iter().copied().flatten();
        let (row, index) = rows.find_map(|row| Some((row, index_in(row, name)?)))?;
        let before = std::mem::replace(&mut self.privilege, Privilege::Machine);
        let accessible = (row.accessible)(self, core, index);
        self.privilege = before;
        accessible.then_some(Access { row, index })
    }
}

/// Which of the row's registers has that name.
fn index_in(row: &Row, name: &str) -> Option<u16> {
    let number = name.strip_prefix(row.name)?;
    match row.numbered_from {
        None => number.is_empty().then_some(0),
        Some(first) => {
            // No other spelling of the number.
            let index = number.parse::<u16>().ok()?.checked_sub(first)?;
            (index < row.count && number == (first + index).to_string()).then_some(index)
        }
    }
}
