//! Control and status registers: the table of them, and access to one.
//!
//! One row per register, or per numbered array of registers, in the module of
//! its group. A row's functions never see an access that privilege forbids.

mod counters;
pub mod envcfg;
mod float;
mod identity;
mod interrupts;
mod names;
mod protection;
mod row;
mod satp;
mod status;
mod timer;
mod traps;

#[cfg(test)]
pub(super) mod tests;

use row::{Access, Row};

use super::{Riscv64, trap::illegal};
use crate::{guest::Exception, vcpu::Core};

/// Every row, by group.
const GROUPS: [&[Row]; 10] = [
    float::ROWS,
    counters::ROWS,
    identity::ROWS,
    status::ROWS,
    traps::ROWS,
    interrupts::ROWS,
    envcfg::ROWS,
    timer::ROWS,
    satp::ROWS,
    protection::ROWS,
];

/// CSR numbers have 12 bits.
const NUMBERS: usize = 1 << 12;

/// The row of each number; a number given twice does not compile.
static TABLE: [Option<&'static Row>; NUMBERS] = {
    let mut table: [Option<&'static Row>; NUMBERS] = [None; NUMBERS];
    let mut group = 0;
    while group < GROUPS.len() {
        let rows = GROUPS[group];
        let mut row = 0;
        while row < rows.len() {
            let mut number = rows[row].first as usize;
            while number < rows[row].first as usize + rows[row].count as usize {
                assert!(table[number].is_none(), "two rows have the same CSR number");
                table[number] = Some(&rows[row]);
                number += 1;
            }
            row += 1;
        }
        group += 1;
    }
    table
};

/// How a CSR instruction changes the register (Unprivileged §"Zicsr").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// CSRRW: the operand replaces the value.
    Write,
    /// CSRRS: the operand's bits are set.
    Set,
    /// CSRRC: the operand's bits are cleared.
    Clear,
}

impl Operation {
    /// From an instruction's bits; funct3 is at 14:12.
    pub(super) const fn of(bits: u64) -> Option<Self> {
        match bits >> 12 & 3 {
            1 => Some(Self::Write),
            2 => Some(Self::Set),
            3 => Some(Self::Clear),
            _ => None,
        }
    }
}

/// A write as a register's row sees it.
#[derive(Debug, Clone, Copy)]
struct Update {
    /// The whole new value.
    value: u64,
    /// The bits that the instruction writes; the others of `value` are as read.
    /// Registers that change under the reader's hands must leave them alone.
    mask: u64,
}

impl Riscv64 {
    /// Reads CSR `number` for an instruction with these bits that writes nothing.
    ///
    /// # Errors
    /// Illegal instruction if there is no such register or it is out of reach.
    pub(super) fn read_csr(&self, core: &Core, number: u64, bits: u64) -> Result<u64, Exception> {
        let access = self.find_csr(core, number).ok_or(illegal(bits))?;
        Ok((access.row.read)(self, core, access.index))
    }

    /// Applies `operation` with `operand`; returns the old value.
    ///
    /// # Errors
    /// As for [`read_csr`](Self::read_csr), also if the register is read-only.
    pub(super) fn write_csr(
        &mut self,
        core: &mut Core,
        number: u64,
        operation: Operation,
        operand: u64,
        bits: u64,
    ) -> Result<u64, Exception> {
        // Numbers with both top bits set are read-only (Privileged 1.13 §2.1).
        let Access { row, index } = self
            .find_csr(core, number)
            .filter(|_| number >> 10 & 3 != 3)
            .ok_or(illegal(bits))?;
        let old = (row.read)(self, core, index);
        let update = match operation {
            Operation::Write => Update {
                value: operand,
                mask: u64::MAX,
            },
            Operation::Set => Update {
                value: old | operand,
                mask: operand,
            },
            Operation::Clear => Update {
                value: old & !operand,
                mask: operand,
            },
        };
        (row.write)(self, core, index, update);
        Ok(old)
    }

    /// The row of a register that the hart may access now.
    fn find_csr(&self, core: &Core, number: u64) -> Option<Access> {
        let row = TABLE
            .get(usize::try_from(number).ok()?)
            .copied()
            .flatten()?;
        // Bits 9:8 are the least privilege (Privileged 1.13 §2.1).
        let reachable = number >> 8 & 3 <= self.privilege.bits();
        let index = (number as u16).checked_sub(row.first)?;
        (reachable && (row.accessible)(self, core, index)).then_some(Access { row, index })
    }
}
