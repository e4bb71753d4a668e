//! Requests of a block device (§5.2.6).

use std::io;

use tracing::debug;

use super::{
    BlockBackend, SECTOR_LEN, SERIAL_LEN,
    config::{MAX_RANGE_SECTORS, MAX_RANGES},
};
use crate::virtio::{
    chain::{Buffers, Chain},
    dma::DmaMemory,
    fault::FaultCause,
    rate_limited_log::RateLimitedLog,
};

/// Request types.
mod kind {
    pub const IN: u32 = 0;
    pub const OUT: u32 = 1;
    pub const FLUSH: u32 = 4;
    pub const GET_ID: u32 = 8;
    pub const DISCARD: u32 = 11;
    pub const WRITE_ZEROES: u32 = 13;
}

/// Status bytes.
mod answer {
    pub const OK: u8 = 0;
    pub const IOERR: u8 = 1;
    pub const UNSUPP: u8 = 2;
}

/// Type, reserved, sector.
const HEADER_LEN: u64 = 16;
/// A range to discard or zero: sector, number of sectors, flags.
const RANGE_LEN: u64 = 16;
/// `unmap` in a range's flags.
const RANGE_UNMAP: u32 = 1;
/// Data moved at once, in bytes.
const PIECE: usize = 256 * 1024;

/// How requests are to be served at the moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    /// Discard requests were negotiated.
    pub discard: bool,
    /// Write-zeroes requests were negotiated.
    pub write_zeroes: bool,
    /// Writes are complete when they survive a loss of power.
    pub write_through: bool,
}

/// Why a request is not served.
enum Failure {
    /// The guest asked for something impossible.
    Refused(&'static str),
    /// The guest asked for something unknown.
    Unsupported,
    /// The host failed.
    Host(io::Error),
    /// The request is not even well-formed.
    Malformed(FaultCause),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Host(error)
    }
}

impl From<FaultCause> for Failure {
    fn from(cause: FaultCause) -> Self {
        Self::Malformed(cause)
    }
}

struct Header {
    kind: u32,
    sector: u64,
}

impl Header {
    fn read(memory: &DmaMemory, buffers: &Buffers) -> Result<Self, FaultCause> {
        let (mut kind, mut sector) = ([0; 4], [0; 8]);
        buffers.read_at(memory, 0, &mut kind)?;
        buffers.read_at(memory, 8, &mut sector)?;
        Ok(Self {
            kind: u32::from_le_bytes(kind),
            sector: u64::from_le_bytes(sector),
        })
    }
}

/// A range of the disk, in bytes and known to be inside it.
struct Extent {
    offset: u64,
    len: u64,
}

/// The disk that requests are about.
pub(super) struct Disk {
    backend: Box<dyn BlockBackend>,
    serial: [u8; SERIAL_LEN],
    log: RateLimitedLog,
}

impl Disk {
    pub(super) fn new(backend: Box<dyn BlockBackend>, serial: [u8; SERIAL_LEN]) -> Self {
        Self {
            backend,
            serial,
            log: RateLimitedLog::default(),
        }
    }

    /// In sectors.
    pub(super) fn capacity(&self) -> u64 {
        self.backend.len() / SECTOR_LEN
    }

    pub(super) fn read_only(&self) -> bool {
        self.backend.read_only()
    }

    pub(super) fn describe(&self) -> String {
        self.backend.describe()
    }

    /// Serves a request and returns how many bytes it wrote to guest memory.
    /// `scratch` keeps its room for the next request.
    pub(super) fn serve(
        &self,
        memory: &DmaMemory,
        chain: &Chain,
        policy: Policy,
        scratch: &mut Vec<u8>,
    ) -> Result<u32, FaultCause> {
        // The status is the last byte that the device may write.
        let Some(data_len) = chain.writable().len().checked_sub(1) else {
            return Err(FaultCause::BuffersTooShort);
        };
        let header = Header::read(memory, chain.readable())?;
        let mut transfer = Transfer {
            disk: self,
            memory,
            chain,
            scratch,
        };
        let status = match transfer.run(&header, data_len, policy) {
            Ok(()) => answer::OK,
            Err(Failure::Malformed(cause)) => return Err(cause),
            Err(Failure::Unsupported) => answer::UNSUPP,
            Err(Failure::Refused(reason)) => {
                debug!(disk = self.describe(), sector = header.sector, "{reason}");
                answer::IOERR
            }
            Err(Failure::Host(error)) => {
                let Header { kind, sector } = header;
                self.log.warn(
                    &self.describe(),
                    format_args!("request type {kind} at sector {sector} failed: {error}"),
                );
                answer::IOERR
            }
        };
        chain.writable().write_at(memory, data_len, &[status])?;
        // A chain holds at most 4 GiB less one byte.
        Ok(u32::try_from(chain.writable().len()).unwrap_or(u32::MAX))
    }

    fn extent(&self, sector: u64, len: u64) -> Result<Extent, Failure> {
        if !len.is_multiple_of(SECTOR_LEN) {
            return Err(Failure::Refused("not a whole number of sectors"));
        }
        let end = sector.checked_add(len / SECTOR_LEN);
        if end.is_none_or(|end| end > self.capacity()) {
            return Err(Failure::Refused("beyond the end of the disk"));
        }
        // Below the disk's length in bytes, so it cannot overflow.
        let offset = sector * SECTOR_LEN;
        Ok(Extent { offset, len })
    }

    fn check_writable(&self) -> Result<(), Failure> {
        if self.read_only() {
            return Err(Failure::Refused("the disk is read-only"));
        }
        Ok(())
    }
}

/// One request on its way.
struct Transfer<'a> {
    disk: &'a Disk,
    memory: &'a DmaMemory,
    chain: &'a Chain,
    scratch: &'a mut Vec<u8>,
}

impl Transfer<'_> {
    fn run(&mut self, header: &Header, data_len: u64, policy: Policy) -> Result<(), Failure> {
        let backend = &self.disk.backend;
        match header.kind {
            kind::IN => self.read(header.sector, data_len),
            kind::OUT => {
                self.write(header.sector)?;
                self.settle(policy)
            }
            kind::FLUSH => Ok(backend.flush()?),
            kind::GET_ID => self.identify(data_len),
            kind::DISCARD if policy.discard => {
                self.clear(false)?;
                self.settle(policy)
            }
            kind::WRITE_ZEROES if policy.write_zeroes => {
                self.clear(true)?;
                self.settle(policy)
            }
            _ => Err(Failure::Unsupported),
        }
    }

    /// §5.2.6.2: without a cache, a completed write is stable.
    fn settle(&self, policy: Policy) -> Result<(), Failure> {
        if policy.write_through {
            self.disk.backend.flush()?;
        }
        Ok(())
    }

    /// The bytes after the header.
    fn payload_len(&self) -> u64 {
        // The header has been read.
        self.chain.readable().len().saturating_sub(HEADER_LEN)
    }

    fn read(&mut self, sector: u64, len: u64) -> Result<(), Failure> {
        let extent = self.disk.extent(sector, len)?;
        self.in_pieces(extent.len, |transfer, done, piece| {
            let offset = extent.offset + done;
            transfer.disk.backend.read_at(offset, piece)?;
            let buffers = transfer.chain.writable();
            Ok(buffers.write_at(transfer.memory, done, piece)?)
        })
    }

    fn write(&mut self, sector: u64) -> Result<(), Failure> {
        self.disk.check_writable()?;
        let extent = self.disk.extent(sector, self.payload_len())?;
        self.in_pieces(extent.len, |transfer, done, piece| {
            let buffers = transfer.chain.readable();
            buffers.read_at(transfer.memory, HEADER_LEN + done, piece)?;
            Ok(transfer
                .disk
                .backend
                .write_at(extent.offset + done, piece)?)
        })
    }

    /// Calls `copy` with the position and a buffer for each piece of `len` bytes.
    fn in_pieces(
        &mut self,
        len: u64,
        mut copy: impl FnMut(&Self, u64, &mut [u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut scratch = std::mem::take(self.scratch);
        let mut done = 0;
        let mut result = Ok(());
        while done < len && result.is_ok() {
            // At most PIECE, hence a usize.
            let count = (len - done).min(PIECE as u64) as usize;
            if scratch.len() < count {
                scratch.resize(count, 0);
            }
            result = copy(self, done, &mut scratch[..count]);
            done += count as u64;
        }
        *self.scratch = scratch;
        result
    }

    fn identify(&self, room: u64) -> Result<(), Failure> {
        let count = room.min(SERIAL_LEN as u64) as usize;
        let serial = &self.disk.serial[..count];
        Ok(self.chain.writable().write_at(self.memory, 0, serial)?)
    }

    /// Discards or zeroes the ranges in the payload.
    fn clear(&self, zero: bool) -> Result<(), Failure> {
        self.disk.check_writable()?;
        let len = self.payload_len();
        let ranges = len / RANGE_LEN;
        if ranges == 0 || !len.is_multiple_of(RANGE_LEN) || ranges > MAX_RANGES.into() {
            return Err(Failure::Refused("not a valid number of ranges"));
        }
        for index in 0..ranges {
            self.clear_range(HEADER_LEN + index * RANGE_LEN, zero)?;
        }
        Ok(())
    }

    fn clear_range(&self, at: u64, zero: bool) -> Result<(), Failure> {
        let (mut sector, mut count, mut flags) = ([0; 8], [0; 4], [0; 4]);
        let buffers = self.chain.readable();
        buffers.read_at(self.memory, at, &mut sector)?;
        buffers.read_at(self.memory, at + 8, &mut count)?;
        buffers.read_at(self.memory, at + 12, &mut flags)?;
        let count = u32::from_le_bytes(count);
        let flags = u32::from_le_bytes(flags);
        let unmap = flags & RANGE_UNMAP != 0;
        // §5.2.6.2: unmap is for write-zeroes only, the other bits are reserved.
        if flags & !RANGE_UNMAP != 0 || (unmap && !zero) {
            return Err(Failure::Unsupported);
        }
        if count > MAX_RANGE_SECTORS {
            return Err(Failure::Refused("a range is too long"));
        }
        let len = u64::from(count) * SECTOR_LEN;
        let extent = self.disk.extent(u64::from_le_bytes(sector), len)?;
        // A file system refuses empty ranges.
        if extent.len == 0 {
            return Ok(());
        }
        if zero && !unmap {
            self.disk.backend.write_zeroes(extent.offset, extent.len)?;
        } else {
            self.disk.backend.discard(extent.offset, extent.len)?;
        }
        Ok(())
    }
}
