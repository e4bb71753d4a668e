//! Where statistics go, and in which form.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::choice::{ChoiceError, serde_as_text};

/// Where statistics go when the machine ends, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatsOutput {
    /// A table for people, on the standard error.
    Table,
    /// A line of JSON, on the standard error.
    Json,
    /// JSON in a file.
    JsonFile(PathBuf),
}

impl StatsOutput {
    /// The file, if it is one.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::JsonFile(path) => Some(path),
            _ => None,
        }
    }
}

impl FromStr for StatsOutput {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text.split_once(':') {
            None if text == "table" => Ok(Self::Table),
            None if text == "json" => Ok(Self::Json),
            Some(("json", path)) if !path.is_empty() => Ok(Self::JsonFile(path.into())),
            _ => Err(ChoiceError::Stats(text.to_owned())),
        }
    }
}

impl fmt::Display for StatsOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("table"),
            Self::Json => f.write_str("json"),
            Self::JsonFile(path) => write!(f, "json:{}", path.display()),
        }
    }
}

serde_as_text!(StatsOutput);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for text in ["table", "json", "json:out.json", "json:a:b"] {
            assert_eq!(text.parse::<StatsOutput>().unwrap().to_string(), text);
        }
        for text in ["", "json:", "xml", "table:x"] {
            let error = text.parse::<StatsOutput>().unwrap_err().to_string();
            assert!(error.contains("json:PATH"), "{error}");
        }
    }

    #[test]
    fn only_files_have_paths() {
        let mut file: StatsOutput = "json:x".parse().unwrap();
        assert!(file.path_mut().is_some());
        assert!(StatsOutput::Table.path_mut().is_none());
    }
}
