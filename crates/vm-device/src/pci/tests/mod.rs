//! Tests of the PCI host and of configuration space as a guest sees them.

mod config;
mod fuzz;
mod host;
mod msix;

use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::{
    AccessSize, IrqLine, MmioDevice, MsiSink,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use super::*;
use crate::testing::TestLine;

/// Collects messages.
#[derive(Default)]
pub(super) struct Messages(Mutex<Vec<(u64, u32)>>);

impl MsiSink for Messages {
    fn signal(&self, addr: u64, data: u32) {
        self.0.lock().push((addr, data));
    }
}

impl Messages {
    pub(super) fn take(&self) -> Vec<(u64, u32)> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// BAR 0: 4 KiB, 32 bits. BAR 2: 16 KiB, 64 bits. BAR 1: MSI-X, if there is a sink.
pub(super) struct Probe {
    name: &'static str,
    config: PciConfig,
    last_write: Mutex<Option<(usize, u64, u64)>>,
    /// How often it was quiesced and not resumed.
    quiesced: Mutex<u32>,
}

pub(super) const PROBE_ID: u32 = 0x5678_1234;

impl Probe {
    pub(super) fn new(name: &'static str, sink: Option<Arc<Messages>>) -> Arc<Self> {
        let mut builder = ConfigBuilder::new(&Identity {
            vendor: 0x1234,
            device: 0x5678,
            revision: 9,
            class: 0x01_0802,
            subsystem_vendor: 0xaaaa,
            subsystem: 0xbbbb,
            pin: Some(IntxPin::A),
        });
        builder.memory_bar(0, BarKind::Memory32, 0x1000).unwrap();
        builder
            .memory_bar(2, BarKind::Memory64Prefetchable, 0x4000)
            .unwrap();
        if let Some(sink) = sink {
            builder.msix(1, Msix::new(4, sink)).unwrap();
        }
        Arc::new(Self {
            name,
            config: builder.build(),
            last_write: Mutex::default(),
            quiesced: Mutex::default(),
        })
    }
}

impl PciFunction for Probe {
    fn name(&self) -> &str {
        self.name
    }
    fn config(&self) -> &PciConfig {
        &self.config
    }
    fn bar_read(&self, bar: usize, offset: u64, _: AccessSize) -> u64 {
        (bar as u64) << 16 | offset
    }
    fn bar_write(&self, bar: usize, offset: u64, _: AccessSize, value: u64) {
        *self.last_write.lock() = Some((bar, offset, value));
    }
}

const PROBE: Kind<PciConfigState> = Kind::new("probe", 1);

impl Snapshot for Probe {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        PROBE.save(&self.config.save_state())
    }
    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: PciConfigState = PROBE.load(saved)?;
        let cause = self.config.restore_state(&state);
        cause.map_err(|cause| PROBE.mismatch(cause))
    }
    fn quiesce(&self) {
        *self.quiesced.lock() += 1;
    }
    fn resume(&self) {
        *self.quiesced.lock() -= 1;
    }
}

pub(super) const LOW: WindowRange = WindowRange {
    base: 0x4000_0000,
    len: 0x4000_0000,
};
pub(super) const HIGH: WindowRange = WindowRange {
    base: 0x4_0000_0000,
    len: 0x4_0000_0000,
};

/// A host with the windows of QEMU's `virt` board.
pub(super) struct Bench {
    pub(super) host: Arc<PciHost>,
    pub(super) lines: [Arc<TestLine>; 4],
    windows: Vec<(WindowRange, Arc<dyn MmioDevice>)>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let lines = [(); 4].map(|()| TestLine::new());
        let intx = lines.clone().map(|line| line as Arc<dyn IrqLine>);
        let host = PciHost::new(vec![LOW, HIGH], intx);
        let windows = host.memory_windows();
        Self {
            host,
            lines,
            windows,
        }
    }

    pub(super) fn with_probes(sink: Option<Arc<Messages>>) -> (Self, Arc<Probe>, Arc<Probe>) {
        let bench = Self::new();
        let (a, b) = (Probe::new("a", sink.clone()), Probe::new("b", sink));
        bench.host.plug(1, a.clone()).unwrap();
        bench.host.plug(5, b.clone()).unwrap();
        (bench, a, b)
    }

    pub(super) fn config_read(&self, slot: u64, register: u64) -> u32 {
        let offset = slot << 15 | register;
        self.host.read(offset, AccessSize::Word).unwrap() as u32
    }

    pub(super) fn config_write(&self, slot: u64, register: u64, value: u32) {
        let offset = slot << 15 | register;
        self.host
            .write(offset, AccessSize::Word, value.into())
            .unwrap();
    }

    fn window(&self, addr: u64) -> (&dyn MmioDevice, u64) {
        let window = self.windows.iter().find(|(range, _)| range.holds(addr, 1));
        let (range, device) = window.unwrap();
        (&**device, addr - range.base)
    }

    pub(super) fn read(&self, addr: u64, size: AccessSize) -> u64 {
        let (device, offset) = self.window(addr);
        device.read(offset, size).unwrap()
    }

    pub(super) fn write(&self, addr: u64, size: AccessSize, value: u64) {
        let (device, offset) = self.window(addr);
        device.write(offset, size, value).unwrap();
    }
}
