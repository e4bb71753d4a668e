//! Puts a type 0 configuration space together.

use std::sync::Arc;

use super::{
    bar::{Bar, BarKind},
    config::{MsixBinding, PciConfig},
    msix::Msix,
    space::ConfigSpace,
    spec,
};

/// An INTx pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum IntxPin {
    /// INTA#, what a single-function device uses.
    A = 1,
    /// INTB#.
    B = 2,
    /// INTC#.
    C = 3,
    /// INTD#.
    D = 4,
}

/// Who a function is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity {
    /// Vendor ID.
    pub vendor: u16,
    /// Device ID.
    pub device: u16,
    /// Revision ID.
    pub revision: u8,
    /// Class code: base class, sub-class and interface, 24 bits.
    pub class: u32,
    /// Subsystem vendor ID.
    pub subsystem_vendor: u16,
    /// Subsystem ID.
    pub subsystem: u16,
    /// The INTx pin, if the function has one.
    pub pin: Option<IntxPin>,
}

/// A configuration space that cannot be built: a mistake of the device's author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The index is too large, or the register is taken.
    #[error("BAR {index} does not exist or is in use")]
    BarIndex {
        /// The index asked for.
        index: usize,
    },
    /// The length cannot be expressed.
    #[error("BAR {index} cannot be {len:#x} bytes: it must be a power of two from 16 to {max:#x}")]
    BarLength {
        /// The register's index.
        index: usize,
        /// The length asked for.
        len: u64,
        /// The longest possible.
        max: u64,
    },
    /// Configuration space is full.
    #[error("no room for capability {id:#04x} of {len} bytes")]
    CapabilitySpace {
        /// The capability's ID.
        id: u8,
        /// Its length in bytes, header included.
        len: usize,
    },
}

/// Builds a [`PciConfig`].
pub struct ConfigBuilder {
    space: ConfigSpace,
    next_capability: usize,
    /// Where the offset of the next capability is to be written.
    link: usize,
    msix: Option<MsixBinding>,
}

impl ConfigBuilder {
    /// A header without BARs and capabilities.
    pub fn new(identity: &Identity) -> Self {
        let mut space = ConfigSpace::new();
        space.set(spec::VENDOR_ID, &identity.vendor.to_le_bytes());
        space.set(spec::DEVICE_ID, &identity.device.to_le_bytes());
        space.set(spec::REVISION, &[identity.revision]);
        space.set(spec::CLASS, &identity.class.to_le_bytes()[..3]);
        space.set(
            spec::SUBSYSTEM_VENDOR_ID,
            &identity.subsystem_vendor.to_le_bytes(),
        );
        space.set(spec::SUBSYSTEM_ID, &identity.subsystem.to_le_bytes());
        space.set(
            spec::INTERRUPT_PIN,
            &[identity.pin.map_or(0, |pin| pin as u8)],
        );
        let command = spec::COMMAND_WRITABLE.to_le_bytes();
        space.writable[spec::COMMAND..spec::COMMAND + 2].copy_from_slice(&command);
        space.writable[spec::CACHE_LINE_SIZE] = 0xff;
        space.writable[spec::INTERRUPT_LINE] = 0xff;
        Self {
            space,
            next_capability: spec::FIRST_CAPABILITY,
            link: spec::CAPABILITIES,
            msix: None,
        }
    }

    /// Adds a memory BAR of `len` bytes at register `index`.
    ///
    /// # Errors
    /// [`ConfigError`] if the register is missing or taken, or the length is
    /// not a power of two that the register can express.
    pub fn memory_bar(&mut self, index: usize, kind: BarKind, len: u64) -> Result<(), ConfigError> {
        let last = index + usize::from(kind.is_64bit());
        let upper_half = index
            .checked_sub(1)
            .and_then(|i| self.space.bars.get(i).copied().flatten())
            .is_some_and(|bar| bar.kind.is_64bit());
        let taken = (index..=last).any(|i| self.space.bars.get(i).is_none_or(Option::is_some));
        if taken || upper_half {
            return Err(ConfigError::BarIndex { index });
        }
        let max = kind.max_len();
        if !len.is_power_of_two() || !(16..=max).contains(&len) {
            return Err(ConfigError::BarLength { index, len, max });
        }
        self.space.bars[index] = Some(Bar { kind, len });
        let at = spec::BAR0 + 4 * index;
        self.space.set(at, &kind.flags().to_le_bytes());
        let mask = (!(len - 1)).to_le_bytes();
        let registers = if kind.is_64bit() { 8 } else { 4 };
        self.space.writable[at..at + registers].copy_from_slice(&mask[..registers]);
        Ok(())
    }

    /// Adds a capability: `body` follows the two header bytes (ID and link),
    /// and bits set in `writable` (which may be shorter) belong to software.
    /// Returns the capability's offset.
    ///
    /// # Errors
    /// [`ConfigError::CapabilitySpace`] if the 256 bytes are full.
    pub fn capability(&mut self, id: u8, body: &[u8], writable: &[u8]) -> Result<u8, ConfigError> {
        let (at, len) = (self.next_capability, body.len() + 2);
        if at + len > spec::CONFIG_LEN {
            return Err(ConfigError::CapabilitySpace { id, len });
        }
        self.space.set(at, &[id, 0]);
        self.space.set(at + 2, body);
        for (mask, given) in self.space.writable[at + 2..at + len]
            .iter_mut()
            .zip(writable)
        {
            *mask = *given;
        }
        // The offset fits: it is below CONFIG_LEN.
        let offset = at as u8;
        self.space.set(self.link, &[offset]);
        let status = self.space.u16_at(spec::STATUS) | spec::STATUS_CAPABILITIES;
        self.space.set(spec::STATUS, &status.to_le_bytes());
        self.link = at + 1;
        self.next_capability = (at + len).next_multiple_of(4);
        Ok(offset)
    }

    /// Adds the MSI-X capability, and `bar` (32 bits) for its table and
    /// pending bits. The host serves that BAR; the function never sees it.
    ///
    /// # Errors
    /// As [`Self::memory_bar`] and [`Self::capability`].
    pub fn msix(&mut self, bar: usize, msix: Arc<Msix>) -> Result<(), ConfigError> {
        self.memory_bar(bar, BarKind::Memory32, msix.bar_len())?;
        let mut body = Vec::with_capacity(10);
        body.extend((msix.vectors() - 1).to_le_bytes());
        body.extend((bar as u32).to_le_bytes());
        body.extend((msix.pba_offset() as u32 | bar as u32).to_le_bytes());
        let control = (spec::MSIX_ENABLE | spec::MSIX_FUNCTION_MASK).to_le_bytes();
        let offset = self.capability(spec::CAP_MSIX, &body, &control)?;
        self.msix = Some(MsixBinding {
            msix,
            bar,
            control: usize::from(offset) + 2,
        });
        Ok(())
    }

    /// The finished configuration space.
    pub fn build(self) -> PciConfig {
        PciConfig::new(self.space, self.msix)
    }
}
