//! PCI: configuration space, base address registers, INTx and MSI-X, and the
//! generic ECAM host that plugs functions into a machine.
//!
//! Section numbers are those of the PCI Local Bus Specification 3.0 ("PCI")
//! and the PCI Express Base Specification 4.0 ("PCIe").

pub mod bar;
pub mod builder;
pub mod config;
pub mod function;
pub mod msix;
pub mod space;
pub mod spec;

pub use bar::{Bar, BarKind, BarWindow};
pub use builder::{ConfigBuilder, ConfigError, Identity, IntxPin};
pub use config::{ConfigChange, PciConfig, PciConfigState};
pub use function::PciFunction;
pub use msix::{Msix, MsixState};
