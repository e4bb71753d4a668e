//! The page tables of the program's memory: Sv39 with pages of 4 KiB.

use anyhow::Result;
use vm_core::{GuestPhysAddr, PAGE_SIZE};
use vm_mem::{GuestRam, riscv64::Pte};

use super::{PROGRAM, TABLES};
use crate::memory::{END, START};

/// Entries of a table.
const ENTRIES: u64 = 512;
/// `satp.MODE` of Sv39.
const SV39: u64 = 8 << 60;

/// The value of `satp` for the tables.
pub const SATP: u64 = SV39 | (TABLES / PAGE_SIZE);

/// Maps the program's addresses, which all lie in one table of the second level.
///
/// # Errors
/// If RAM ends before.
pub fn map(ram: &GuestRam) -> Result<()> {
    let (middle, leaves) = (TABLES + PAGE_SIZE, TABLES + 2 * PAGE_SIZE);
    set_entry(ram, TABLES, 0, middle, Pte::V)?;
    for table in 0..END / (ENTRIES * PAGE_SIZE) {
        set_entry(ram, middle, table, leaves + table * PAGE_SIZE, Pte::V)?;
    }
    let flags = Pte::V | Pte::R | Pte::W | Pte::X | Pte::U | Pte::A | Pte::D;
    for page in START / PAGE_SIZE..END / PAGE_SIZE {
        set_entry(ram, leaves, page, PROGRAM + page * PAGE_SIZE, flags)?;
    }
    Ok(())
}

fn set_entry(ram: &GuestRam, table: u64, index: u64, to: u64, flags: u64) -> Result<()> {
    let entry = ((to / PAGE_SIZE) << 10) | flags;
    ram.write(GuestPhysAddr(table + 8 * index), &entry.to_le_bytes())?;
    Ok(())
}
