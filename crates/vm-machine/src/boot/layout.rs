//! Where the initial RAM file system and the device tree go, and whether
//! everything fits.

use vm_core::PAGE_SIZE;

use super::{BootError, Program, read::Source};
use crate::config::ByteSize;

/// Firmware may extend the device tree in place: this much is left behind it.
const DTB_SLACK: u64 = 64 << 10;
/// Firmware and early kernels reach this far: 3 GiB, in which QEMU puts the tree too.
const REACH: u64 = 0xc000_0000;

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

/// Finds places at the end of the RAM, behind the programs, whose addresses
/// are given.
///
/// # Errors
/// [`BootError`] if a program is outside of the RAM, or things overlap.
pub fn place(
    ram: RamRange,
    programs: &[(&'static str, &std::path::Path, &Program)],
    initrd: Option<u64>,
    dtb: u64,
) -> Result<Placement, BootError> {
    let mut claims = program_claims(ram, programs)?;
    let top = ram.end().min(REACH);
    let no_room = |what, len| BootError::NoRoom {
        what,
        len,
        memory: ByteSize(ram.len),
    };
    let below = |top: u64, len: u64| {
        let start = top.checked_sub(len)? & !(PAGE_SIZE - 1);
        (start >= ram.base).then_some(start)
    };
    let dtb_len = dtb.saturating_add(DTB_SLACK);
    let dtb = below(top, dtb_len).ok_or_else(|| no_room("the device tree", dtb_len))?;
    claims.push(claim("the device tree", dtb, dtb_len));
    let initrd = match initrd {
        None => None,
        Some(len) => {
            let start = below(dtb, len).ok_or_else(|| no_room("the initial RAM disk", len))?;
            claims.push(claim("the initial RAM disk", start, len));
            Some(start)
        }
    };
    check_overlaps(claims)?;
    Ok(Placement { initrd, dtb })
}

fn claim(who: &str, start: u64, len: u64) -> Claim {
    Claim {
        who: who.to_owned(),
        start,
        end: start.saturating_add(len),
    }
}

fn program_claims(
    ram: RamRange,
    programs: &[(&'static str, &std::path::Path, &Program)],
) -> Result<Vec<Claim>, BootError> {
    let mut claims = Vec::new();
    for &(option, path, program) in programs {
        let source = Source {
            option,
            path,
            memory: ByteSize(ram.len),
        };
        for segment in &program.segments {
            if segment.len > ram.len {
                return Err(source.too_large(segment.len));
            }
            if !ram.holds(segment.addr, segment.len) {
                return Err(outside(&source, segment.addr, segment.len, ram));
            }
        }
        claims.extend(hull(program).map(|(start, end)| Claim {
            who: format!("--{option} {}", path.display()),
            start,
            end,
        }));
    }
    Ok(claims)
}

fn outside(source: &Source<'_>, addr: u64, len: u64, ram: RamRange) -> BootError {
    if addr >= ram.base && addr < ram.end() {
        let needed = (addr - ram.base).saturating_add(len);
        return source.too_large(needed);
    }
    BootError::OutsideRam {
        option: source.option,
        path: source.path.to_owned(),
        addr,
        len,
        ram_start: ram.base,
        ram_end: ram.end(),
    }
}

/// From the first to the last byte of a program.
fn hull(program: &Program) -> Option<(u64, u64)> {
    let start = program.segments.iter().map(|segment| segment.addr).min()?;
    let ends = program.segments.iter();
    let end = ends
        .map(|segment| segment.addr.saturating_add(segment.len))
        .max()?;
    Some((start, end))
}

fn check_overlaps(mut claims: Vec<Claim>) -> Result<(), BootError> {
    claims.sort_by_key(|claim| (claim.start, claim.end));
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
mod tests {
    use std::path::Path;

    use super::*;
    use crate::boot::Content;

    const BASE: u64 = 0x8000_0000;

    fn ram(len: u64) -> RamRange {
        RamRange { base: BASE, len }
    }

    fn with_kernel(
        ram: RamRange,
        addr: u64,
        len: u64,
        initrd: Option<u64>,
    ) -> Result<Placement, BootError> {
        let kernel = Program::flat(addr, Content::Bytes(vec![0]), len);
        place(ram, &[("kernel", Path::new("k"), &kernel)], initrd, 9000)
    }

    #[test]
    fn everything_is_at_the_end_and_aligned() {
        let placed = with_kernel(ram(64 << 20), BASE + 0x20_0000, 32 << 20, Some(12345)).unwrap();
        let initrd = placed.initrd.unwrap();
        assert!(placed.dtb.is_multiple_of(PAGE_SIZE) && initrd.is_multiple_of(PAGE_SIZE));
        assert!(initrd + 12345 <= placed.dtb);
        assert!(placed.dtb + 9000 + DTB_SLACK <= BASE + (64 << 20));
    }

    #[test]
    fn large_machines_keep_the_tree_in_reach() {
        let placed = with_kernel(ram(8 << 30), BASE, 4096, Some(1 << 20)).unwrap();
        assert!(placed.dtb < REACH);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let messages = [
            (
                with_kernel(ram(4 << 20), BASE, 5 << 20, None),
                "--kernel k: needs",
            ),
            (
                with_kernel(ram(4 << 20), BASE + (2 << 20), 3 << 20, None),
                "needs 5242880",
            ),
            (with_kernel(ram(4 << 20), 0x1000, 100, None), "0x1000"),
            (
                with_kernel(ram(4 << 20), u64::MAX - 5, 100, None),
                "0xfffffffffffffffa",
            ),
            (
                with_kernel(ram(4 << 20), BASE, 4 << 20, None),
                "the device tree",
            ),
            (
                with_kernel(ram(4 << 20), BASE, 100, Some(4 << 20)),
                "RAM disk",
            ),
            (
                with_kernel(ram(4 << 20), BASE, 2 << 20, Some(2 << 20)),
                "overlap",
            ),
        ];
        for (result, part) in messages {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
            assert!(
                message.contains("--memory") || part == "0x1000",
                "{message}"
            );
        }
    }

    #[test]
    fn programs_must_not_overlap_each_other() {
        let firmware = Program::flat(BASE, Content::Bytes(vec![0]), 0x20_0001);
        let kernel = Program::flat(BASE + 0x20_0000, Content::Bytes(vec![0]), 4096);
        let programs = [
            ("bios", Path::new("fw"), &firmware),
            ("kernel", Path::new("k"), &kernel),
        ];
        let message = place(ram(64 << 20), &programs, None, 1)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("--bios fw") && message.contains("--kernel k"),
            "{message}"
        );
    }
}
