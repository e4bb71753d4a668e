//! The contents of RAM, without the parts that are zero.

use serde::{Deserialize, Serialize};
use vm_core::{GuestPhysAddr, snapshot::SnapshotError};
use vm_mem::GuestRam;

/// Bytes that are kept or left out together.
const CHUNK: usize = 64 << 10;

const KIND: &str = "ram";

/// The contents of RAM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RamImage {
    regions: Vec<(GuestPhysAddr, u64)>,
    chunks: Vec<(GuestPhysAddr, Box<[u8]>)>,
}

impl RamImage {
    /// Copies everything that is not zero. Nobody may write meanwhile.
    pub(super) fn save(ram: &GuestRam) -> Result<Self, SnapshotError> {
        let regions: Vec<_> = ram.regions().collect();
        let mut chunks = Vec::new();
        let mut buffer = vec![0; CHUNK];
        for &(start, bytes) in &regions {
            for offset in (0..bytes).step_by(CHUNK) {
                let len = (bytes - offset).min(CHUNK as u64) as usize;
                let part = buffer.get_mut(..len).unwrap_or_default();
                let addr = start.wrapping_add(offset);
                ram.read(addr, part).map_err(|error| mismatch(&error))?;
                if part.iter().any(|byte| *byte != 0) {
                    chunks.push((addr, Box::from(&*part)));
                }
            }
        }
        Ok(Self { regions, chunks })
    }

    /// Copies everything back into RAM that is zero.
    pub(super) fn restore(&self, ram: &GuestRam) -> Result<(), SnapshotError> {
        if !ram.regions().eq(self.regions.iter().copied()) {
            return Err(mismatch(&"the machine's RAM has another size"));
        }
        for (addr, bytes) in &self.chunks {
            ram.write(*addr, bytes).map_err(|error| mismatch(&error))?;
        }
        Ok(())
    }
}

fn mismatch(cause: &dyn std::fmt::Display) -> SnapshotError {
    SnapshotError::Mismatch {
        kind: KIND,
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ram(bytes: u64) -> GuestRam {
        GuestRam::new(&[
            (GuestPhysAddr(0x1000), 0xf000),
            (GuestPhysAddr(1 << 31), bytes),
        ])
        .unwrap()
    }

    #[test]
    fn only_what_is_not_zero_is_kept_and_comes_back() {
        let old = ram(1 << 20);
        old.write(GuestPhysAddr(0x1ff0), b"rom").unwrap();
        old.write(GuestPhysAddr((1 << 31) + 0x2_0000 - 2), b"edge")
            .unwrap();
        let image = RamImage::save(&old).unwrap();
        assert_eq!(image.chunks.len(), 3);
        let new = ram(1 << 20);
        image.restore(&new).unwrap();
        assert_eq!(RamImage::save(&new).unwrap(), image);
        assert!(image.restore(&ram(2 << 20)).is_err());
    }
}
