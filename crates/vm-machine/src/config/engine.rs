//! How the guest is executed, as people name it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::choice::{ChoiceError, serde_as_text};

/// How the guest is executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineChoice {
    /// The fastest engine that this host has for the guest.
    #[default]
    Auto,
    /// Every block is interpreted.
    Interp,
    /// Blocks that run often are compiled to host code; without a back-end or
    /// memory for that, the machine is not made.
    Jit,
}

impl FromStr for EngineChoice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text {
            "auto" => Ok(Self::Auto),
            "interp" => Ok(Self::Interp),
            "jit" => Ok(Self::Jit),
            _ => Err(ChoiceError::Engine(text.to_owned())),
        }
    }
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Interp => "interp",
            Self::Jit => "jit",
        })
    }
}

serde_as_text!(EngineChoice);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for text in ["auto", "interp", "jit"] {
            assert_eq!(text.parse::<EngineChoice>().unwrap().to_string(), text);
        }
        let error = "kvm".parse::<EngineChoice>().unwrap_err().to_string();
        assert!(
            error.contains("`kvm`") && error.contains("`interp`"),
            "{error}"
        );
    }
}
