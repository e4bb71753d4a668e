//! Where the initial RAM file system and the device tree go, and whether
//! everything fits.

use std::path::Path;

use vm_core::PAGE_SIZE;

use super::{BootError, Program, Segment};
use crate::config::{ByteSize, Setting};

/// Firmware may extend the device tree in place: this much is left behind it.
const DTB_SLACK: u64 = 64 << 10;
/// The machine's RAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RamRange {
    /// The first address.
    pub base: u64,
    /// The length in bytes.
    pub len: u64,
}

impl RamRange {
    /// The first address behind the RAM.
    pub const fn end(&self) -> u64 {
        self.base.saturating_add(self.len)
    }

    fn holds(&self, addr: u64, len: u64) -> bool {
        addr >= self.base && addr.checked_add(len).is_some_and(|end| end <= self.end())
    }
}

/// A program that has its place.
pub type Placed<'a> = (Setting, &'a Path, &'a Program);

/// Where things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// First address of the initial RAM file system.
    pub initrd: Option<u64>,
    /// First address of the device tree.
    pub dtb: u64,
}

/// A range of memory and who wants it.
struct Claim {
    who: String,
    start: u64,
    end: u64,
}

/// What is to be placed.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The file and length of the initial RAM file system.
    pub initrd: Option<(&'a Path, u64)>,
    /// The length of the device tree.
    pub dtb: u64,
    /// The device tree must end below this address.
    pub dtb_limit: u64,
}

/// Finds places above the programs, whose addresses are given.
///
/// # Errors
/// [`BootError`] if a program is outside of the RAM, programs overlap, or
/// something does not fit above them.
pub fn place(
    ram: RamRange,
    programs: &[Placed<'_>],
    wanted: Wanted<'_>,
) -> Result<Placement, BootError> {
    let claims = program_claims(ram, programs)?;
    check_overlaps(&claims)?;
    let room = Room {
        ram,
        floor: claims.last().map_or(ram.base, |claim| claim.end),
        dtb: wanted.dtb.saturating_add(DTB_SLACK),
        dtb_limit: wanted.dtb_limit,
    };
    let dtb = room
        .dtb_below(ram.end())
        .ok_or_else(|| room.no_dtb(&claims))?;
    let Some((path, len)) = wanted.initrd else {
        return Ok(Placement { initrd: None, dtb });
    };
    room.initrd_below_dtb(dtb, len)
        .or_else(|| room.initrd_above_dtb(len))
        .ok_or_else(|| room.no_initrd(path, len, &claims))
}

/// The RAM above the programs. Nothing goes between or below them: bare-metal
/// programs use that, and older kernels have no mapping of it.
#[derive(Debug, Clone, Copy)]
struct Room {
    ram: RamRange,
    /// The first address behind the programs.
    floor: u64,
    /// The length of the device tree and its slack.
    dtb: u64,
    /// It must end below this address.
    dtb_limit: u64,
}

impl Room {
    fn below(&self, top: u64, len: u64) -> Option<u64> {
        let start = top.checked_sub(len)? & !(PAGE_SIZE - 1);
        (start >= self.floor).then_some(start)
    }

    fn dtb_below(&self, top: u64) -> Option<u64> {
        self.below(top.min(self.dtb_limit), self.dtb)
    }

    fn initrd_below_dtb(&self, dtb: u64, len: u64) -> Option<Placement> {
        let initrd = Some(self.below(dtb, len)?);
        Some(Placement { initrd, dtb })
    }

    fn initrd_above_dtb(&self, len: u64) -> Option<Placement> {
        let initrd = self.below(self.ram.end(), len)?;
        let dtb = self.dtb_below(initrd)?;
        let initrd = Some(initrd);
        Some(Placement { initrd, dtb })
    }

    fn no_dtb(&self, claims: &[Claim]) -> BootError {
        let end = self.floor.saturating_add(self.dtb);
        let remedy = match end <= self.dtb_limit {
            true => self.more_memory(0),
            false => format!(
                "it must end below {:#x}: use smaller programs",
                self.dtb_limit
            ),
        };
        BootError::NoRoom {
            what: "the device tree".to_owned(),
            needed: self.dtb,
            free: self
                .ram
                .end()
                .min(self.dtb_limit)
                .saturating_sub(self.floor),
            memory: ByteSize(self.ram.len),
            taken: taken(claims),
            remedy,
        }
    }

    fn no_initrd(&self, path: &Path, len: u64, claims: &[Claim]) -> BootError {
        let dtb = format!("the device tree takes {} bytes", self.dtb);
        let taken = match claims {
            [] => dtb,
            claims => format!("{}, {dtb}", taken(claims)),
        };
        let free = self.ram.end().saturating_sub(self.floor);
        BootError::NoRoom {
            what: format!("{} {}", Setting::Initrd, path.display()),
            needed: len,
            free: free.saturating_sub(self.dtb),
            memory: ByteSize(self.ram.len),
            taken,
            remedy: self.more_memory(len),
        }
    }

    /// The least RAM in which the device tree and `len` bytes more fit.
    fn more_memory(&self, len: u64) -> String {
        let programs = self.floor.saturating_sub(self.ram.base);
        let parts = [programs, self.dtb, len, 2 * PAGE_SIZE];
        let bytes = parts.into_iter().fold(0, u64::saturating_add);
        let enough = ByteSize::mib(bytes.div_ceil(1 << 20));
        format!(
            "give the machine more, at least `{} {enough}`",
            Setting::Memory
        )
    }
}

fn taken(claims: &[Claim]) -> String {
    let claims = claims
        .iter()
        .map(|claim| format!("{} takes {:#x} to {:#x}", claim.who, claim.start, claim.end));
    claims.collect::<Vec<_>>().join(", ")
}

/// What the programs take, lowest first.
fn program_claims(ram: RamRange, programs: &[Placed<'_>]) -> Result<Vec<Claim>, BootError> {
    let mut claims = Vec::new();
    for &(setting, path, program) in programs {
        for segment in &program.segments {
            if !ram.holds(segment.addr, segment.len) {
                return Err(outside(setting, path, segment, ram));
            }
        }
        claims.extend(hull(program).map(|(start, end)| Claim {
            who: format!("{setting} {}", path.display()),
            start,
            end,
        }));
    }
    claims.sort_by_key(|claim| (claim.start, claim.end));
    Ok(claims)
}

fn outside(setting: Setting, path: &Path, segment: &Segment, ram: RamRange) -> BootError {
    let (path, memory) = (path.to_owned(), ByteSize(ram.len));
    let Segment { addr, len, .. } = *segment;
    if addr >= ram.base && addr < ram.end() {
        return BootError::TooLarge {
            setting,
            path,
            needed: (addr - ram.base).saturating_add(len),
            memory,
        };
    }
    BootError::OutsideRam {
        setting,
        path,
        addr,
        len,
        ram_start: ram.base,
        ram_end: ram.end(),
        memory,
    }
}

/// From the first to the last byte of a program.
fn hull(program: &Program) -> Option<(u64, u64)> {
    let start = program.segments.iter().map(|segment| segment.addr).min()?;
    let end = program.end()?;
    Some((start, end))
}

/// Checks `claims`, lowest first.
fn check_overlaps(claims: &[Claim]) -> Result<(), BootError> {
    for pair in claims.windows(2) {
        if let [first, second] = pair
            && first.end > second.start
        {
            return Err(BootError::Overlap {
                first: first.who.clone(),
                first_start: first.start,
                first_end: first.end,
                second: second.who.clone(),
                second_start: second.start,
                second_end: second.end,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
