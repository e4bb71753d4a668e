//! The block device's configuration space (§5.2.4) and features (§5.2.3).

use super::SECTOR_LEN;

/// Feature bits (§5.2.3).
pub(super) mod feature {
    /// `seg_max` is valid.
    pub const SEG_MAX: u64 = 1 << 2;
    /// The disk cannot be written.
    pub const READ_ONLY: u64 = 1 << 5;
    /// `blk_size` is valid.
    pub const BLK_SIZE: u64 = 1 << 6;
    /// The driver can flush the cache.
    pub const FLUSH: u64 = 1 << 9;
    /// The topology fields are valid.
    pub const TOPOLOGY: u64 = 1 << 10;
    /// The driver can switch between write-back and write-through.
    pub const CONFIG_WCE: u64 = 1 << 11;
    /// Discard requests are served.
    pub const DISCARD: u64 = 1 << 13;
    /// Write-zeroes requests are served.
    pub const WRITE_ZEROES: u64 = 1 << 14;

    /// What every disk offers.
    pub const ALWAYS: u64 = SEG_MAX | BLK_SIZE | FLUSH | TOPOLOGY | CONFIG_WCE;
    /// What writable disks offer.
    pub const WRITABLE: u64 = DISCARD | WRITE_ZEROES;
}

const QUEUE_SIZE: u16 = 256;
pub(super) const QUEUE_SIZES: [u16; 1] = [QUEUE_SIZE];

/// Data buffers per request: the queue's descriptors less header and status.
const SEG_MAX: u32 = QUEUE_SIZE as u32 - 2;
/// log2 of logical blocks per physical block: 4 KiB, a page of the host's cache.
const PHYSICAL_BLOCK_EXP: u8 = 3;
/// The most sectors of one range to discard or zero: 256 MiB, so that one
/// request stays short even if zeros must be written.
pub(super) const MAX_RANGE_SECTORS: u32 = (256 << 20) / SECTOR_LEN as u32;
/// The most ranges in one request.
pub(super) const MAX_RANGES: u32 = 16;

/// Offset of `writeback`.
pub(super) const WRITEBACK: u64 = 32;

/// The configuration space of a disk with `capacity` sectors.
pub(super) fn bytes(capacity: u64, writeback: bool) -> [u8; 60] {
    let mut config = [0; 60];
    let mut put = |at: usize, bytes: &[u8]| config[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &capacity.to_le_bytes());
    put(12, &SEG_MAX.to_le_bytes());
    put(20, &(SECTOR_LEN as u32).to_le_bytes());
    put(24, &[PHYSICAL_BLOCK_EXP]);
    // min_io_size, in logical blocks.
    put(26, &(1u16 << PHYSICAL_BLOCK_EXP).to_le_bytes());
    put(WRITEBACK as usize, &[u8::from(writeback)]);
    // num_queues
    put(34, &1u16.to_le_bytes());
    put(36, &MAX_RANGE_SECTORS.to_le_bytes());
    put(40, &MAX_RANGES.to_le_bytes());
    // discard_sector_alignment
    put(44, &(1u32 << PHYSICAL_BLOCK_EXP).to_le_bytes());
    put(48, &MAX_RANGE_SECTORS.to_le_bytes());
    put(52, &MAX_RANGES.to_le_bytes());
    // write_zeroes_may_unmap
    put(56, &[1]);
    config
}
