//! Lookups in the engine's TLB.

use anyhow::Result;
use vm_mem::{
    Perms, Space, Tlb, TlbEntry,
    tlb::{Level, Lru, TlbLevel},
};

use super::Work;
use crate::{code::GuestCode, pages};

/// The address space of all lookups.
pub const SPACE: Space = Space::new(1, 0, 42);
/// Lookups in one sequence.
const LOOKUPS: usize = 50_000;
/// How often it is run.
const ROUNDS: usize = 20;

/// The TLB as the engine has it.
type EngineTlb = Tlb<TlbLevel<64, 4, Lru>, TlbLevel<512, 8, Lru>>;

struct Lookups {
    tlb: EngineTlb,
    pages: Vec<u64>,
}

/// The pages that a program touches, again and again.
pub fn tlb(code: &GuestCode) -> Result<Box<dyn Work>> {
    let pages = pages::of_sort(code, LOOKUPS)?;
    let tlb = EngineTlb::new();
    Ok(Box::new(Lookups { tlb, pages }))
}

impl Work for Lookups {
    fn prepare(&mut self) -> Result<()> {
        self.tlb = EngineTlb::new();
        Ok(())
    }

    fn run(&mut self) -> Result<u64> {
        let rounds = (0..ROUNDS).map(|_| look_up(&mut self.tlb, &self.pages));
        Ok(rounds.fold(0, u64::wrapping_add))
    }
}

/// An entry for a page that is anywhere.
fn entry(vpn: u64) -> TlbEntry {
    TlbEntry {
        vpn,
        space: SPACE,
        ppn: vpn,
        host: (vpn << 12) as usize,
        host_write: (vpn << 12) as usize,
        page_shift: 12,
        global: false,
        perms: Perms::ALL,
    }
}

/// Looks up every page; one that is not there is inserted, as a page walk would, at
/// no further cost. Returns a sum of what was found.
pub fn look_up<L1: Level, L2: Level>(tlb: &mut Tlb<L1, L2>, pages: &[u64]) -> u64 {
    let mut sum = 0u64;
    for &vpn in pages {
        match tlb.lookup(vpn, SPACE, Perms::SUPERVISOR_READ) {
            Some(found) => sum = sum.wrapping_add(found.host as u64),
            None => tlb.insert(entry(vpn)),
        }
    }
    sum
}
