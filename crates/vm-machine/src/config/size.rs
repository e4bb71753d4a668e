//! Sizes as people write them: `2G`, `512M`, `65536K`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// Text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// There is no number in front.
    #[error("`{0}` is not a size: write a whole number and a unit, such as `512M` or `2G`")]
    Number(String),
    /// What follows the number is no unit.
    #[error("`{text}` ends in the unknown unit `{unit}`: use K, M, G or T (powers of 1024)")]
    Unit {
        /// The whole text.
        text: String,
        /// What follows the number.
        unit: String,
    },
    /// More than 64 bits.
    #[error("`{0}` is more than 2^64 bytes")]
    TooLarge(String),
}

impl ByteSize {
    /// `count` binary mega-bytes; held to 2^64 - 1 bytes.
    pub const fn mib(count: u64) -> Self {
        Self(count.saturating_mul(MIB))
    }
}

impl FromStr for ByteSize {
    type Err = SizeError;

    /// A whole number with an optional unit: `K`, `M`, `G`, `T`, also in the
    /// spellings `KiB` and `KB`, in either case. Without a unit: bytes.
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let trimmed = text.trim();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = trimmed.split_at(digits);
        if number.is_empty() {
            return Err(SizeError::Number(text.to_owned()));
        }
        let scale = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => KIB,
            "m" | "mb" | "mib" => MIB,
            "g" | "gb" | "gib" => GIB,
            "t" | "tb" | "tib" => TIB,
            _ => {
                return Err(SizeError::Unit {
                    text: text.to_owned(),
                    unit: unit.trim().to_owned(),
                });
            }
        };
        let count = number.parse::<u64>().ok();
        count
            .and_then(|count| count.checked_mul(scale))
            .map(Self)
            .ok_or_else(|| SizeError::TooLarge(text.to_owned()))
    }
}

impl fmt::Display for ByteSize {
    /// The shortest exact form, such as `2G`; it parses back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(TIB, "T"), (GIB, "G"), (MIB, "M"), (KIB, "K")];
        let exact = |scale: u64| self.0 != 0 && self.0.is_multiple_of(scale);
        match units.into_iter().find(|(scale, _)| exact(*scale)) {
            Some((scale, unit)) => write!(f, "{}{unit}", self.0 / scale),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Text with a unit, or a plain number of bytes.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a size such as \"2G\", or a number of bytes"
)]
enum Repr {
    Bytes(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Repr::deserialize(deserializer)? {
            Repr::Bytes(bytes) => Ok(Self(bytes)),
            Repr::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("64K", 64 << 10),
            ("512M", 512 << 20),
            ("512 MiB", 512 << 20),
            ("2g", 2 << 30),
            ("1Tb", 1 << 40),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn errors_name_the_text_and_the_remedy() {
        let number = "lots".parse::<ByteSize>().unwrap_err();
        assert!(number.to_string().contains("`lots`") && number.to_string().contains("2G"));
        let unit = "2Q".parse::<ByteSize>().unwrap_err();
        assert!(unit.to_string().contains("`Q`"));
        for text in ["99999999999999999999", "18446744073709551615K"] {
            let large = text.parse::<ByteSize>().unwrap_err();
            assert_eq!(large, SizeError::TooLarge(text.to_owned()));
        }
        assert!("-1M".parse::<ByteSize>().is_err());
        assert!("1.5G".parse::<ByteSize>().is_err());
    }

    proptest! {
        #[test]
        fn display_parses_back(bytes: u64) {
            let size = ByteSize(bytes);
            let text = size.to_string().replace(" bytes", "");
            prop_assert_eq!(text.parse(), Ok(size));
        }
    }
}
