//! The program's memory, behind page tables.

use anyhow::{Context as _, Result};
use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

use crate::arch::{self, PROGRAM, RAM};

/// First virtual address that is mapped.
pub const START: u64 = 0x1_0000;
/// End of the virtual addresses that are mapped.
pub const END: u64 = 64 << 20;

/// Bytes that are written at a time where memory changes.
const LINE: usize = 64;
/// RAM, and the mapping of the program's addresses to it.
#[derive(Clone)]
pub struct Memory {
    /// All of it.
    pub(crate) ram: GuestRam,
}

impl Memory {
    /// Empty memory and its page tables.
    ///
    /// # Errors
    /// If the host has not got so much.
    pub(crate) fn new() -> Result<Self> {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), PROGRAM + END - RAM)])?;
        arch::map(&ram)?;
        Ok(Self { ram })
    }

    /// The physical address of a program's memory.
    pub(crate) fn physical(&self, va: u64, bytes: u64) -> Option<GuestPhysAddr> {
        let mapped = va >= START && va.checked_add(bytes)? <= END;
        mapped.then(|| GuestPhysAddr(PROGRAM + va))
    }

    /// Copies to the program's memory.
    pub(crate) fn write(&self, va: u64, bytes: &[u8]) -> Result<()> {
        let to = self.physical(va, bytes.len() as u64);
        let to = to.with_context(|| format!("{va:#x} is not the program's memory"))?;
        Ok(self.ram.write(to, bytes)?)
    }

    /// A copy of the program's memory; `None` if it is not all there.
    pub fn read(&self, va: u64, bytes: u64) -> Option<Vec<u8>> {
        let from = self.physical(va, bytes)?;
        let mut copy = vec![0; usize::try_from(bytes).ok()?];
        self.ram.read(from, &mut copy).ok()?;
        Some(copy)
    }

    /// Makes the program's memory hold `parts`, by their addresses, and zeros
    /// elsewhere. What it holds already is not written: translated code of it stays.
    pub(crate) fn restore(&self, parts: &[(u64, &[u8])]) -> Result<()> {
        const CHUNK: usize = 64 << 10;
        let (mut wanted, mut found) = (vec![0; CHUNK], vec![0; CHUNK]);
        for start in (0..END).step_by(CHUNK) {
            wanted.fill(0);
            for &(va, bytes) in parts {
                overlay(&mut wanted, start, va, bytes);
            }
            self.ram.read(GuestPhysAddr(PROGRAM + start), &mut found)?;
            if wanted != found {
                self.write_changes(start, &wanted, &found)?;
            }
        }
        Ok(())
    }

    /// Writes those lines of `wanted`, which belong at `start`, that are not as `found`.
    fn write_changes(&self, start: u64, wanted: &[u8], found: &[u8]) -> Result<()> {
        let lines = wanted.chunks(LINE).zip(found.chunks(LINE)).enumerate();
        for (index, (wanted, _)) in lines.filter(|(_, (wanted, found))| wanted != found) {
            let at = PROGRAM + start + (index * LINE) as u64;
            self.ram.write(GuestPhysAddr(at), wanted)?;
        }
        Ok(())
    }
}

/// Copies what of `bytes`, which belong at `va`, lies in `chunk`, which is at `start`.
fn overlay(chunk: &mut [u8], start: u64, va: u64, bytes: &[u8]) {
    let from = va.max(start);
    let to = (va + bytes.len() as u64).min(start + chunk.len() as u64);
    if from < to {
        let within = |base: u64| (from - base) as usize..(to - base) as usize;
        chunk[within(start)].copy_from_slice(&bytes[within(va)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_restored_whole() {
        let memory = Memory::new().unwrap();
        let (low, high) = (START + 5, (START + (64 << 10)) - 3);
        let parts: [(u64, &[u8]); 2] = [(low, b"low"), (high, b"across two chunks")];
        for _ in 0..2 {
            memory.restore(&parts).unwrap();
            assert_eq!(memory.read(low - 1, 5).unwrap(), b"\0low\0");
            assert_eq!(memory.read(high - 1, 19).unwrap(), b"\0across two chunks\0");
            memory.write(high, &[7; 5000]).unwrap();
            memory.write(low - 1, &[7; 10]).unwrap();
        }
    }
}
