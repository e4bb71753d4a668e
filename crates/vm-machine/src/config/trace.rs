//! What is traced, and where that goes.

use std::{fmt, ops::Range, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::choice::{ChoiceError, serde_as_text};

/// A trace of the blocks that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceOutput {
    /// The file it goes to; `None` is the standard error.
    pub path: Option<PathBuf>,
    /// Whether the instructions of the blocks are shown.
    pub insns: bool,
}

impl FromStr for TraceOutput {
    type Err = ChoiceError;

    /// `stderr` or a file, then perhaps `,insns`. A file named `stderr` is
    /// written `./stderr`.
    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        let (place, insns) = match text.strip_suffix(",insns") {
            Some(place) => (place, true),
            None => (text, false),
        };
        let path = match place {
            "" => return Err(ChoiceError::EmptyTrace),
            "stderr" => None,
            file => Some(file.into()),
        };
        Ok(Self { path, insns })
    }
}

impl fmt::Display for TraceOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => path.display().fmt(f)?,
            None => f.write_str("stderr")?,
        }
        f.write_str(if self.insns { ",insns" } else { "" })
    }
}

serde_as_text!(TraceOutput);

/// A range of guest virtual addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRange(pub Range<u64>);

impl FromStr for AddressRange {
    type Err = ChoiceError;

    /// `START..END`, the end not included, each hexadecimal after `0x`, else decimal.
    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        let wrong = || ChoiceError::AddressRange(text.to_owned());
        let (start, end) = text.split_once("..").ok_or_else(wrong)?;
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        match (number(start), number(end)) {
            (Some(start), Some(end)) if start < end => Ok(Self(start..end)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..{:#x}", self.0.start, self.0.end)
    }
}

serde_as_text!(AddressRange);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_parse_back() {
        for text in ["stderr", "stderr,insns", "out", "a,b,insns", "./stderr"] {
            assert_eq!(text.parse::<TraceOutput>().unwrap().to_string(), text);
        }
        let error = ",insns".parse::<TraceOutput>().unwrap_err().to_string();
        assert!(error.contains("stderr"), "{error}");
    }

    #[test]
    fn ranges_are_numbers_in_order() {
        let range: AddressRange = "0xffffffff80000000..0xffffffff80001000".parse().unwrap();
        assert_eq!(range.0, 0xffff_ffff_8000_0000..0xffff_ffff_8000_1000);
        assert_eq!(
            "16..0x20".parse::<AddressRange>().unwrap().to_string(),
            "0x10..0x20"
        );
        for text in ["", "1", "1..", "..2", "2..2", "3..2", "1..x", "0x..5"] {
            let error = text.parse::<AddressRange>().unwrap_err().to_string();
            assert!(error.contains("START..END"), "{error}");
        }
    }
}
