//! The machine's memory: what the program sees, behind page tables.

use anyhow::{Context as _, Result};
use vm_core::{GuestPhysAddr, PAGE_SIZE};
use vm_mem::{GuestRam, riscv64::Pte};

/// Where RAM starts: the code that runs in M-mode, then page tables.
pub const RAM: u64 = 0x8000_0000;
/// Where the tables start, the root first.
const TABLES: u64 = RAM + 0x1_0000;
/// Where the program's memory starts.
const PROGRAM: u64 = RAM + 0x20_0000;

/// First virtual address that is mapped.
pub const START: u64 = 0x1_0000;
/// End of the virtual addresses that are mapped; all lie in one table of the
/// second level.
pub const END: u64 = 64 << 20;

/// Entries of a table.
const ENTRIES: u64 = 512;
/// `satp.MODE` of Sv39.
const SV39: u64 = 8 << 60;

/// RAM, and the mapping of the program's addresses to it.
#[derive(Clone)]
pub struct Memory {
    /// All of it.
    pub ram: GuestRam,
}

impl Memory {
    /// Empty memory and its page tables.
    pub fn new() -> Result<Self> {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), PROGRAM + END - RAM)])?;
        let memory = Self { ram };
        let (middle, leaves) = (TABLES + PAGE_SIZE, TABLES + 2 * PAGE_SIZE);
        memory.set_entry(TABLES, 0, middle, Pte::V)?;
        for table in 0..END / (ENTRIES * PAGE_SIZE) {
            memory.set_entry(middle, table, leaves + table * PAGE_SIZE, Pte::V)?;
        }
        let flags = Pte::V | Pte::R | Pte::W | Pte::X | Pte::U | Pte::A | Pte::D;
        for page in START / PAGE_SIZE..END / PAGE_SIZE {
            memory.set_entry(leaves, page, PROGRAM + page * PAGE_SIZE, flags)?;
        }
        Ok(memory)
    }

    fn set_entry(&self, table: u64, index: u64, to: u64, flags: u64) -> Result<()> {
        let entry = ((to / PAGE_SIZE) << 10) | flags;
        self.ram
            .write(GuestPhysAddr(table + 8 * index), &entry.to_le_bytes())?;
        Ok(())
    }

    /// The value of `satp` for the tables.
    pub fn satp(&self) -> u64 {
        SV39 | (TABLES / PAGE_SIZE)
    }

    /// The physical address of a program's memory.
    pub fn physical(&self, va: u64, bytes: u64) -> Option<GuestPhysAddr> {
        let mapped = va >= START && va.checked_add(bytes)? <= END;
        mapped.then(|| GuestPhysAddr(PROGRAM + va))
    }

    /// Copies to the program's memory.
    pub fn write(&self, va: u64, bytes: &[u8]) -> Result<()> {
        let to = self.physical(va, bytes.len() as u64);
        let to = to.with_context(|| format!("{va:#x} is not the program's memory"))?;
        Ok(self.ram.write(to, bytes)?)
    }

    /// Copies from the program's memory.
    pub fn read(&self, va: u64, bytes: u64) -> Option<Vec<u8>> {
        let from = self.physical(va, bytes)?;
        let mut copy = vec![0; usize::try_from(bytes).ok()?];
        self.ram.read(from, &mut copy).ok()?;
        Some(copy)
    }

    /// Zeroes the program's memory that is not zero already.
    pub fn clear(&self) -> Result<()> {
        const CHUNK: usize = 64 << 10;
        let zeros = [0; CHUNK];
        let mut chunk = vec![0; CHUNK];
        for at in (PROGRAM..PROGRAM + END).step_by(CHUNK) {
            self.ram.read(GuestPhysAddr(at), &mut chunk)?;
            if chunk != zeros {
                self.ram.write(GuestPhysAddr(at), &zeros)?;
            }
        }
        Ok(())
    }
}
