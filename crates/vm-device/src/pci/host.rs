//! The generic ECAM host: one root bus with up to 31 single-function devices.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use vm_core::{
    AccessSize, GuestPhysAddr, IrqLine, MmioDevice,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use super::{
    bridge::HostBridge,
    config::ConfigChange,
    function::PciFunction,
    intx::{INTX_LINES, SharedLine, swizzle},
    window::{BarDevice, PciWindow, WindowRange},
};
use crate::bus::{Mapping, MmioBus};

/// Length of the ECAM window of 256 buses, in bytes (PCIe §7.2.2).
pub const ECAM_LEN: u64 = 256 << 20;
/// Devices on a bus; device 0 of the root bus is the host bridge.
pub const SLOTS: u8 = 32;

const KIND: Kind<State> = Kind::new("pci-host", 1);

/// A function that cannot be plugged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlugError {
    /// There is no such slot.
    #[error("PCI slot {slot} for `{name}` does not exist: use 1 to 31")]
    NoSlot {
        /// The function's name.
        name: String,
        /// The slot asked for.
        slot: u8,
    },
    /// Another function is there.
    #[error("PCI slot {slot} for `{name}` is taken by `{other}`: use another slot")]
    Taken {
        /// The function's name.
        name: String,
        /// The slot asked for.
        slot: u8,
        /// Who is there.
        other: String,
    },
}

/// A PCI host. It is itself the device that answers in the ECAM window; the
/// memory windows are devices of their own ([`Self::memory_windows`]).
///
/// The guest places BARs as it likes, but they only answer inside a memory
/// window. Of two that overlap, the one in the lower slot answers, then the one
/// with the lower index; the other is as if not decoded.
pub struct PciHost {
    windows: Vec<WindowRange>,
    slots: RwLock<BTreeMap<u8, Arc<dyn PciFunction>>>,
    lines: [Arc<SharedLine>; INTX_LINES],
    /// BARs that answer now, by bus address.
    decoded: MmioBus,
    /// Held while BARs are mapped anew.
    mapping: Mutex<()>,
}

/// The saved form: the functions' states by slot.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    functions: BTreeMap<u8, SavedState>,
}

impl PciHost {
    /// A host with only its bridge, whose INTx wires lead to `intx` and whose
    /// functions can place BARs in `windows`.
    pub fn new(windows: Vec<WindowRange>, intx: [Arc<dyn IrqLine>; INTX_LINES]) -> Arc<Self> {
        let bridge: Arc<dyn PciFunction> = Arc::new(HostBridge::new());
        Arc::new(Self {
            windows,
            slots: RwLock::new(BTreeMap::from([(0, bridge)])),
            lines: intx.map(SharedLine::new),
            decoded: MmioBus::new(),
            mapping: Mutex::new(()),
        })
    }

    /// Plugs `function` in as device `slot` of the root bus and connects its
    /// INTx pin.
    ///
    /// # Errors
    /// [`PlugError`] if the slot does not exist or is taken.
    pub fn plug(&self, slot: u8, function: Arc<dyn PciFunction>) -> Result<(), PlugError> {
        let name = || function.name().to_owned();
        let mut slots = self.slots.write();
        if slot >= SLOTS {
            return Err(PlugError::NoSlot { name: name(), slot });
        }
        if let Some(other) = slots.get(&slot) {
            let other = other.name().to_owned();
            return Err(PlugError::Taken {
                name: name(),
                slot,
                other,
            });
        }
        if let Some(pin) = function.config().pin() {
            let line = self.lines[swizzle(slot, pin)].input(slot);
            function.config().connect_intx(line);
        }
        slots.insert(slot, function);
        drop(slots);
        self.map_bars();
        Ok(())
    }

    /// The first slot without a device.
    pub fn free_slot(&self) -> Option<u8> {
        let slots = self.slots.read();
        (0..SLOTS).find(|slot| !slots.contains_key(slot))
    }

    /// The functions by slot, the host bridge included.
    pub fn functions(&self) -> BTreeMap<u8, Arc<dyn PciFunction>> {
        self.slots.read().clone()
    }

    /// The devices to map at the memory windows.
    pub fn memory_windows(self: &Arc<Self>) -> Vec<(WindowRange, Arc<dyn MmioDevice>)> {
        let device = |range: &WindowRange| {
            let window = PciWindow::new(Arc::clone(self), range.base);
            (*range, Arc::new(window) as Arc<dyn MmioDevice>)
        };
        self.windows.iter().map(device).collect()
    }

    /// The BARs that answer now.
    pub const fn decoded(&self) -> &MmioBus {
        &self.decoded
    }

    /// Maps all BARs anew. Starting from nothing makes the result a function
    /// of the registers alone, whatever the order they were written in.
    fn map_bars(&self) {
        let _mapping = self.mapping.lock();
        let slots = self.slots.read();
        let mut wanted = Vec::new();
        for function in slots.values() {
            for bar in function.config().windows() {
                if self.windows.iter().any(|w| w.holds(bar.addr, bar.len)) {
                    wanted.push(Mapping {
                        base: GuestPhysAddr(bar.addr),
                        len: bar.len,
                        device: Arc::new(BarDevice {
                            function: Arc::clone(function),
                            index: bar.index,
                        }),
                    });
                }
            }
        }
        for refused in self.decoded.replace(wanted) {
            tracing::debug!("PCI BAR is not decoded: {refused}");
        }
    }

    /// The function and register at an offset of the ECAM window.
    fn target(&self, offset: u64) -> Option<(Arc<dyn PciFunction>, u16)> {
        let (bus, function) = (offset >> 20, offset >> 12 & 7);
        let slot = (offset >> 15 & 0x1f) as u8;
        if bus != 0 || function != 0 {
            return None;
        }
        let found = self.slots.read().get(&slot).cloned()?;
        Some((found, (offset & 0xfff) as u16))
    }
}

/// The pieces of at most 32 bits that an access consists of, with their
/// distances in bytes.
fn pieces(size: AccessSize) -> (AccessSize, &'static [u16]) {
    match size {
        AccessSize::Double => (AccessSize::Word, &[0, 4]),
        size => (size, &[0]),
    }
}

impl MmioDevice for PciHost {
    fn name(&self) -> &str {
        "pci-ecam"
    }

    /// Reads of functions that do not exist give all ones.
    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        let Some((function, register)) = self.target(offset) else {
            return Some(size.mask());
        };
        let (piece, distances) = pieces(size);
        let read = |at: &u16| u64::from(function.config_read(register + at, piece)) << (8 * at);
        Some(distances.iter().fold(0, |value, at| value | read(at)))
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        let Some((function, register)) = self.target(offset) else {
            return Some(());
        };
        let (piece, distances) = pieces(size);
        let changes = distances.iter().map(|at| {
            let value = (value >> (8 * at) & piece.mask()) as u32;
            function.config_write(register + at, piece, value)
        });
        // Every piece is written before the BARs are mapped anew.
        if changes
            .filter(|change| *change == ConfigChange::Decoding)
            .count()
            > 0
        {
            self.map_bars();
        }
        Some(())
    }
}

/// Saves and restores every function plugged in.
impl Snapshot for PciHost {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        let slots = self.slots.read();
        let functions = slots
            .iter()
            .map(|(slot, function)| Ok((*slot, function.save()?)))
            .collect::<Result<_, SnapshotError>>()?;
        KIND.save(&State { functions })
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: State = KIND.load(saved)?;
        let slots = self.functions();
        if !slots.keys().eq(state.functions.keys()) {
            return Err(KIND.mismatch(format!(
                "it has devices in slots {:?} and this machine in slots {:?}",
                state.functions.keys().collect::<Vec<_>>(),
                slots.keys().collect::<Vec<_>>()
            )));
        }
        let before: Vec<_> = slots
            .values()
            .map(|function| function.save())
            .collect::<Result<_, _>>()?;
        let pairs = slots.values().zip(state.functions.values());
        let result = pairs.clone().try_for_each(|(f, state)| f.restore(state));
        if result.is_err() {
            for (function, state) in slots.values().zip(&before) {
                // Each has just written this state, so it takes it back.
                let _ = function.restore(state);
            }
        }
        self.map_bars();
        result
    }

    fn quiesce(&self) {
        self.functions().values().for_each(|f| f.quiesce());
    }

    fn resume(&self) {
        self.functions().values().for_each(|f| f.resume());
    }
}
