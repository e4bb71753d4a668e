//! A disk in memory, and a driver for it.

use std::{
    io,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use crate::virtio::{
    block::{Block, BlockBackend},
    testing::{BUFFERS, Descriptor, Driver, Transport},
};

/// Sectors of a [`TestDisk`].
pub(crate) const SECTORS: u64 = 4096;

/// What happened to a disk.
#[derive(Default)]
pub(crate) struct Probe {
    pub(crate) contents: Mutex<Vec<u8>>,
    pub(crate) reads: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) discards: Mutex<Vec<(u64, u64)>>,
    pub(crate) zeroes: Mutex<Vec<(u64, u64)>>,
    /// Every access fails.
    pub(crate) broken: AtomicBool,
    /// Reads wait for this lock.
    pub(crate) gate: Mutex<()>,
}

/// A disk in memory.
pub(crate) struct TestDisk {
    pub(crate) probe: Arc<Probe>,
    pub(crate) read_only: bool,
}

impl TestDisk {
    /// A disk whose bytes all differ from their neighbours.
    pub(crate) fn new() -> Self {
        static CONTENTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let bytes = (0..SECTORS * 512).map(|i| (i / 512 * 7 + i) as u8);
            bytes.collect()
        });
        let probe = Probe {
            contents: Mutex::new(CONTENTS.clone()),
            ..Probe::default()
        };
        Self {
            probe: Arc::new(probe),
            read_only: false,
        }
    }

    /// A device with this disk, and the means to watch it.
    pub(crate) fn device(self) -> (Arc<Block>, Arc<Probe>) {
        let probe = Arc::clone(&self.probe);
        (
            Arc::new(Block::new(Box::new(self), "serial-1").unwrap()),
            probe,
        )
    }

    fn check(&self) -> io::Result<()> {
        if self.probe.broken.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is broken"));
        }
        Ok(())
    }

    fn fill(&self, offset: u64, len: u64) {
        let range = offset as usize..(offset + len) as usize;
        self.probe.contents.lock()[range].fill(0);
    }
}

impl BlockBackend for TestDisk {
    fn len(&self) -> u64 {
        self.probe.contents.lock().len() as u64
    }

    fn read_only(&self) -> bool {
        self.read_only
    }

    fn describe(&self) -> String {
        "a test".to_owned()
    }

    fn read_at(&self, offset: u64, data: &mut [u8]) -> io::Result<()> {
        self.probe.reads.fetch_add(1, Ordering::SeqCst);
        drop(self.probe.gate.lock());
        self.check()?;
        let start = offset as usize;
        data.copy_from_slice(&self.probe.contents.lock()[start..start + data.len()]);
        Ok(())
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        let start = offset as usize;
        self.probe.contents.lock()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.check()?;
        self.probe.flushes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<()> {
        self.check()?;
        self.fill(offset, len);
        self.probe.discards.lock().push((offset, len));
        Ok(())
    }

    fn write_zeroes(&self, offset: u64, len: u64) -> io::Result<()> {
        self.check()?;
        self.fill(offset, len);
        self.probe.zeroes.lock().push((offset, len));
        Ok(())
    }
}

/// Request types (§5.2.6).
pub(crate) mod kind {
    pub(crate) const IN: u32 = 0;
    pub(crate) const OUT: u32 = 1;
    pub(crate) const FLUSH: u32 = 4;
    pub(crate) const GET_ID: u32 = 8;
    pub(crate) const DISCARD: u32 = 11;
    pub(crate) const WRITE_ZEROES: u32 = 13;
}

pub(crate) const OK: u8 = 0;
pub(crate) const IOERR: u8 = 1;
pub(crate) const UNSUPP: u8 = 2;

const HEADER: u64 = BUFFERS;
const STATUS: u64 = BUFFERS + 0x100;
const OUTPUT: u64 = BUFFERS + 0x1000;
const INPUT: u64 = BUFFERS + 0x20_0000;

/// A driver of a disk.
pub(crate) struct DiskDriver<T>(pub(crate) Driver<T>);

impl<T: Transport> DiskDriver<T> {
    /// Brings a disk up with every feature it has.
    #[track_caller]
    pub(crate) fn start(device: Arc<Block>) -> Self {
        Self(Driver::start(device, u64::MAX))
    }

    /// The buffers of a request. `output` goes to the device in two pieces,
    /// `input` bytes come back in two: no disk may depend on how data is cut.
    fn buffers(&self, kind: u32, sector: u64, output: &[u8], input: u32) -> Vec<Descriptor> {
        let mut header = [0; 16];
        header[..4].copy_from_slice(&kind.to_le_bytes());
        header[8..].copy_from_slice(&sector.to_le_bytes());
        self.0.write(HEADER, &header);
        self.0.write(OUTPUT, output);
        self.0.write(STATUS, &[0xff]);
        let mut chain = vec![Descriptor::readable(HEADER, 16)];
        let len = output.len() as u32;
        if len > 0 {
            let cut = len / 3;
            chain.push(Descriptor::readable(OUTPUT, cut));
            chain.push(Descriptor::readable(OUTPUT + u64::from(cut), len - cut));
        }
        if input > 0 {
            let cut = input / 5;
            chain.push(Descriptor::writable(INPUT, cut));
            chain.push(Descriptor::writable(INPUT + u64::from(cut), input - cut));
        }
        chain.push(Descriptor::writable(STATUS, 1));
        chain
    }

    /// Makes a request available without waiting for it.
    pub(crate) fn submit(&mut self, kind: u32, sector: u64, output: &[u8], input: u32) {
        let chain = self.buffers(kind, sector, output, input);
        self.0.submit(0, &chain);
    }

    /// The status of the last request.
    pub(crate) fn status(&self) -> u8 {
        self.0.read(STATUS, 1)[0]
    }

    /// Makes a request and returns its status.
    #[track_caller]
    pub(crate) fn request(&mut self, kind: u32, sector: u64, output: &[u8], input: u32) -> u8 {
        self.submit(kind, sector, output, input);
        assert_eq!(self.0.wait_used(0), input + 1);
        self.status()
    }

    /// Makes a request through a table of descriptors.
    #[track_caller]
    pub(crate) fn request_indirect(
        &mut self,
        kind: u32,
        sector: u64,
        output: &[u8],
        input: u32,
    ) -> u8 {
        let chain = self.buffers(kind, sector, output, input);
        let table = BUFFERS + 0x800;
        for (index, descriptor) in (0u16..).zip(&chain) {
            let last = usize::from(index) + 1 == chain.len();
            let bytes = descriptor.bytes(u16::from(!last), index + 1);
            self.0.write(table + 16 * u64::from(index), &bytes);
        }
        self.0
            .submit(0, &[Descriptor::indirect(table, chain.len() as u32)]);
        assert_eq!(self.0.wait_used(0), input + 1);
        self.status()
    }

    #[track_caller]
    pub(crate) fn read(&mut self, sector: u64, len: u32) -> Vec<u8> {
        assert_eq!(self.request(kind::IN, sector, &[], len), OK);
        self.input(len)
    }

    /// What the last request wrote.
    pub(crate) fn input(&self, len: u32) -> Vec<u8> {
        self.0.read(INPUT, len as usize)
    }

    #[track_caller]
    pub(crate) fn write(&mut self, sector: u64, data: &[u8]) {
        assert_eq!(self.request(kind::OUT, sector, data, 0), OK);
    }

    /// Discards or zeroes ranges of (sector, count, flags).
    #[track_caller]
    pub(crate) fn clear(&mut self, kind: u32, ranges: &[(u64, u32, u32)]) -> u8 {
        let mut payload = Vec::new();
        for (sector, count, flags) in ranges {
            payload.extend(sector.to_le_bytes());
            payload.extend(count.to_le_bytes());
            payload.extend(flags.to_le_bytes());
        }
        self.request(kind, 0, &payload, 0)
    }
}
