//! A function's configuration space with its behaviour: INTx and its command
//! and status bits, MSI-X control, and the news that decoding changed.

use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vm_core::{AccessSize, IrqLine, irq};

use super::{
    bar::BarWindow,
    builder::IntxPin,
    msix::{Msix, MsixState},
    space::ConfigSpace,
    spec,
};

/// What a write to configuration space changed, beyond the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the host maps BARs anew when decoding changed"]
pub enum ConfigChange {
    /// Nothing that the host must act on.
    None,
    /// Where, or whether, the BARs answer.
    Decoding,
}

/// Where a function's MSI-X structures are.
pub(super) struct MsixBinding {
    pub(super) msix: Arc<Msix>,
    pub(super) bar: usize,
    /// Offset of the message control register.
    pub(super) control: usize,
}

/// Configuration space and interrupt pin of one function; may be shared by threads.
pub struct PciConfig {
    inner: Mutex<Inner>,
    msix: Option<MsixBinding>,
}

struct Inner {
    space: ConfigSpace,
    line: Arc<dyn IrqLine>,
    /// Whether the function wants its INTx pin asserted.
    intx: bool,
}

/// The saved form of a [`PciConfig`], to embed in a function's own state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PciConfigState {
    bytes: Vec<u8>,
    intx: bool,
    msix: Option<MsixState>,
}

impl PciConfig {
    pub(super) fn new(space: ConfigSpace, msix: Option<MsixBinding>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                space,
                line: irq::unconnected(),
                intx: false,
            }),
            msix,
        }
    }

    /// Reads 1, 2 or 4 bytes; beyond the 256 bytes there is only zero.
    pub fn read(&self, offset: u16, size: AccessSize) -> u32 {
        self.inner.lock().space.read(offset, size)
    }

    /// Writes 1, 2 or 4 bytes, as far as software may.
    pub fn write(&self, offset: u16, size: AccessSize, value: u32) -> ConfigChange {
        let mut inner = self.inner.lock();
        let before = inner.space.windows();
        inner.space.write(offset, size, value);
        if let Some(MsixBinding { msix, control, .. }) = &self.msix {
            msix.set_control(inner.space.u16_at(*control));
        }
        self.drive(&inner);
        if inner.space.windows() == before {
            ConfigChange::None
        } else {
            ConfigChange::Decoding
        }
    }

    /// The windows the function decodes now.
    pub fn windows(&self) -> Vec<BarWindow> {
        self.inner.lock().space.windows()
    }

    /// Whether the guest lets the function access memory.
    pub fn bus_master(&self) -> bool {
        self.command() & spec::COMMAND_BUS_MASTER != 0
    }

    fn command(&self) -> u16 {
        self.inner.lock().space.u16_at(spec::COMMAND)
    }

    /// The function's INTx pin, if it has one.
    pub fn pin(&self) -> Option<IntxPin> {
        match self.read(spec::INTERRUPT_PIN as u16, AccessSize::Byte) {
            1 => Some(IntxPin::A),
            2 => Some(IntxPin::B),
            3 => Some(IntxPin::C),
            4 => Some(IntxPin::D),
            _ => None,
        }
    }

    /// The MSI-X structures, if the function has them.
    pub fn msix(&self) -> Option<&Arc<Msix>> {
        self.msix.as_ref().map(|binding| &binding.msix)
    }

    /// The MSI-X structures, if `bar` is theirs.
    pub(super) fn msix_at(&self, bar: usize) -> Option<&Arc<Msix>> {
        let binding = self.msix.as_ref()?;
        (binding.bar == bar).then_some(&binding.msix)
    }

    /// Connects the INTx pin; the host calls it when the function is plugged in.
    pub(crate) fn connect_intx(&self, line: Arc<dyn IrqLine>) {
        let mut inner = self.inner.lock();
        inner.line = line;
        self.drive(&inner);
    }

    /// Asserts or releases the INTx pin. It shows in the status register; the
    /// wire follows unless the guest disabled INTx or enabled MSI-X.
    pub fn set_intx(&self, asserted: bool) {
        let mut inner = self.inner.lock();
        inner.intx = asserted;
        let status = inner.space.u16_at(spec::STATUS) & !spec::STATUS_INTERRUPT;
        let bit = if asserted { spec::STATUS_INTERRUPT } else { 0 };
        inner.space.set(spec::STATUS, &(status | bit).to_le_bytes());
        self.drive(&inner);
    }

    /// Drives the wire, under the lock so that levels arrive in order.
    fn drive(&self, inner: &Inner) {
        let disabled = inner.space.u16_at(spec::COMMAND) & spec::COMMAND_INTX_DISABLE != 0;
        // PCI §6.8.2.3: no INTx while MSI-X is enabled.
        let msix = self.msix().is_some_and(|msix| msix.enabled());
        inner.line.set_level(inner.intx && !disabled && !msix);
    }

    /// Takes the state.
    pub fn save_state(&self) -> PciConfigState {
        let inner = self.inner.lock();
        PciConfigState {
            bytes: inner.space.bytes.to_vec(),
            intx: inner.intx,
            msix: self.msix().map(|msix| msix.save_state()),
        }
    }

    /// Replaces the state. The host must map the BARs anew afterwards, which
    /// restoring the host does.
    ///
    /// # Errors
    /// What is wrong with the state, in words: it belongs to another function.
    pub fn restore_state(&self, state: &PciConfigState) -> Result<(), String> {
        let mut inner = self.inner.lock();
        let bytes: [u8; spec::CONFIG_LEN] = state
            .bytes
            .as_slice()
            .try_into()
            .map_err(|_| format!("configuration space of {} bytes", state.bytes.len()))?;
        let mut masks = inner.space.writable;
        masks[spec::STATUS] |= spec::STATUS_INTERRUPT as u8;
        let current = &inner.space.bytes;
        let differs = |at: &usize| (bytes[*at] ^ current[*at]) & !masks[*at] != 0;
        if let Some(at) = (0..spec::CONFIG_LEN).find(differs) {
            return Err(format!("configuration byte {at:#x} is of another function"));
        }
        match (self.msix(), &state.msix) {
            (Some(msix), Some(state)) => msix.restore_state(state)?,
            (None, None) => {}
            _ => return Err("MSI-X is present on one side only".to_owned()),
        }
        inner.space.bytes = bytes;
        inner.intx = state.intx;
        if let Some(MsixBinding { msix, control, .. }) = &self.msix {
            msix.set_control(inner.space.u16_at(*control));
        }
        self.drive(&inner);
        Ok(())
    }
}
