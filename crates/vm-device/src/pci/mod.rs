//! PCI: configuration space, base address registers, INTx and MSI-X, and the
//! generic ECAM host that plugs functions into a machine.
//!
//! Section numbers are those of the PCI Local Bus Specification 3.0 ("PCI")
//! and the PCI Express Base Specification 4.0 ("PCIe").

mod bar;
mod bridge;
mod builder;
mod config;
mod function;
mod host;
mod intx;
mod msix;
mod space;
pub mod spec;
mod window;

pub use bar::{Bar, BarKind, BarWindow};
pub use builder::{ConfigBuilder, ConfigError, Identity, IntxPin};
pub use config::{ConfigChange, PciConfig, PciConfigState};
pub use function::PciFunction;
pub use host::{ECAM_LEN, PciHost, PlugError, SLOTS};
pub use intx::{INTX_LINES, swizzle};
pub use msix::{MAX_VECTORS, Msix, MsixState};
pub use window::{PciWindow, WindowRange};

#[cfg(test)]
mod tests;
