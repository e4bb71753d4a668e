//! What a machine takes of the host's memory.

use std::{fs, ops::Range};

use vm_mem::GuestRam;

/// What a machine takes of the host's memory when it ends, in bytes; 0 where
/// the host does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// Guest RAM that has been touched, by the guest or by devices.
    pub guest_ram: u64,
    /// Generated code, as the host counts it: in both of its mappings.
    pub code: u64,
}

impl MemoryStats {
    /// What is in use now, of a machine with this RAM.
    pub(super) fn now(ram: &GuestRam) -> Self {
        let regions: Vec<Range<u64>> = ram.host_ranges().collect();
        // Linux; elsewhere there is nothing to read.
        let maps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        Self::of_maps(&maps, &regions)
    }

    /// What is in use of `regions` according to `maps`, as proc_pid_smaps(5) has it.
    fn of_maps(maps: &str, regions: &[Range<u64>]) -> Self {
        let mut sum = Self::default();
        let (mut shared, mut is_code) = (0, false);
        for line in maps.lines() {
            if let Some(range) = mapping(line) {
                let overlap = |region: &Range<u64>| {
                    let end = range.end.min(region.end);
                    end.saturating_sub(range.start.max(region.start))
                };
                shared = regions.iter().map(overlap).sum();
                // What shared anonymous memory is called: nothing else here has any.
                is_code = line.ends_with("/dev/zero (deleted)");
            } else if let Some(bytes) = resident(line) {
                // A mapping may hold more than RAM if they happen to be neighbours.
                sum.guest_ram += bytes.min(shared);
                sum.code += if is_code { bytes } else { 0 };
            }
        }
        sum
    }
}

/// The addresses in a mapping's heading.
fn mapping(line: &str) -> Option<Range<u64>> {
    let (start, end) = line.split(' ').next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(number(start)?..number(end)?)
}

/// The resident bytes in a mapping's line on them.
fn resident(line: &str) -> Option<u64> {
    let kib = line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?;
    Some(kib.parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use vm_core::GuestPhysAddr;

    use super::*;

    const MAPS: &str = "\
10000-20000 rw-p 00000000 00:00 0
Size:                 64 kB
Rss:                  60 kB
Pss:                  60 kB
20000-30000 rw-s 00000000 00:01 1077                       /dev/zero (deleted)
Rss:                   8 kB
30000-40000 r-xs 00000000 00:01 1077                       /dev/zero (deleted)
Rss:                   4 kB
40000-50000 r-xp 00000000 08:01 1077                       /usr/bin/trine
Rss:                  64 kB
";

    #[test]
    fn mappings_are_told_apart() {
        let regions = [0x1000..0x2000, 0x18000..0x20000];
        let sum = MemoryStats::of_maps(MAPS, &regions);
        assert_eq!((sum.guest_ram, sum.code), (32 << 10, 12 << 10));
        assert_eq!(MemoryStats::of_maps("", &[]), MemoryStats::default());
    }

    #[test]
    fn only_what_is_touched_is_resident() {
        if !cfg!(target_os = "linux") {
            return;
        }
        let ram = GuestRam::new(&[(GuestPhysAddr(0), 64 << 20)]).unwrap();
        let before = MemoryStats::now(&ram).guest_ram;
        ram.write(GuestPhysAddr(0), &vec![1; 8 << 20]).unwrap();
        let after = MemoryStats::now(&ram).guest_ram;
        assert!(
            (8 << 20..16 << 20).contains(&(after - before)),
            "{before} {after}"
        );
    }
}
