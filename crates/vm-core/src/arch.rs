//! Guest and host architectures.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! architecture {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            /// RISC-V, 64 bit.
            Riscv64,
            /// Arm, 64 bit.
            Aarch64,
            /// Intel and AMD, 64 bit.
            #[serde(rename = "x86_64")]
            X86_64,
        }

        impl $name {
            /// Every architecture.
            pub const ALL: [Self; 3] = [Self::Riscv64, Self::Aarch64, Self::X86_64];

            /// The name as users write it: `riscv64`, `aarch64` or `x86_64`.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Riscv64 => "riscv64",
                    Self::Aarch64 => "aarch64",
                    Self::X86_64 => "x86_64",
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

architecture! {
    /// The architecture a guest is written for.
    GuestArch
}
architecture! {
    /// The architecture this program runs on.
    HostArch
}

impl HostArch {
    /// The architecture this program was compiled for, if it is supported.
    pub const fn current() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Aarch64)
        } else if cfg!(target_arch = "riscv64") {
            Some(Self::Riscv64)
        } else {
            None
        }
    }
}

/// A name that is no architecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{0}`: expected riscv64, aarch64 (arm64) or x86_64 (amd64)")]
pub struct UnknownArch(pub String);

impl FromStr for GuestArch {
    type Err = UnknownArch;

    /// Accepts the names of this crate and those of distributions.
    fn from_str(s: &str) -> Result<Self, UnknownArch> {
        match s {
            "riscv64" => Ok(Self::Riscv64),
            "aarch64" | "arm64" => Ok(Self::Aarch64),
            "x86_64" | "x86-64" | "amd64" => Ok(Self::X86_64),
            _ => Err(UnknownArch(s.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for arch in GuestArch::ALL {
            assert_eq!(arch.to_string().parse(), Ok(arch));
        }
        assert_eq!("amd64".parse(), Ok(GuestArch::X86_64));
        assert_eq!("arm64".parse(), Ok(GuestArch::Aarch64));
        let err = "vax".parse::<GuestArch>().unwrap_err();
        assert!(err.to_string().contains("`vax`"));
    }

    #[test]
    fn host_is_known_here() {
        assert!(HostArch::current().is_some());
    }
}
