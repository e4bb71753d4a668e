//! Disks as people write them: `disk.img`, `disk.img,ro`.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::suggest::suggestion;

/// How a device is attached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Transport {
    /// As a PCI function.
    #[default]
    Pci,
    /// In one of the board's memory-mapped virtio slots.
    Mmio,
}

/// One disk: a raw image file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DiskConfig {
    /// The image file.
    pub path: PathBuf,
    /// Whether writes are refused.
    pub read_only: bool,
    /// How it is attached.
    pub transport: Transport,
}

/// Text that describes no disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// No file is named.
    #[error("a disk needs a file: write `FILE` or `FILE,ro`")]
    NoPath,
    /// A setting that disks do not have.
    #[error(
        "disk `{path}` has the unknown setting `{setting}`{hint}: use `ro`, `rw`, \
         `transport=pci` or `transport=mmio` (a comma in a file name is written twice)"
    )]
    Setting {
        /// The image file.
        path: String,
        /// The unknown setting.
        setting: String,
        /// What may have been meant, or nothing.
        hint: String,
    },
}

const SETTINGS: [&str; 4] = ["ro", "rw", "transport=pci", "transport=mmio"];

impl DiskConfig {
    /// A writable PCI disk.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            read_only: false,
            transport: Transport::Pci,
        }
    }

    fn apply(&mut self, setting: &str) -> Result<(), DiskError> {
        match setting {
            "ro" => self.read_only = true,
            "rw" => self.read_only = false,
            "transport=pci" => self.transport = Transport::Pci,
            "transport=mmio" => self.transport = Transport::Mmio,
            _ => {
                return Err(DiskError::Setting {
                    path: self.path.display().to_string(),
                    setting: setting.to_owned(),
                    hint: suggestion(setting, SETTINGS),
                });
            }
        }
        Ok(())
    }
}

/// Splits at the first comma that is not doubled; undoubles the ones before.
fn split_path(text: &str) -> (String, Option<&str>) {
    let mut path = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(',') {
        let (before, after) = rest.split_at(at);
        path.push_str(before);
        match after.strip_prefix(",,") {
            Some(tail) => {
                path.push(',');
                rest = tail;
            }
            None => return (path, after.strip_prefix(',')),
        }
    }
    path.push_str(rest);
    (path, None)
}

impl FromStr for DiskConfig {
    type Err = DiskError;

    /// `FILE` and settings, separated by commas. A comma that belongs to the
    /// file's name is written twice.
    fn from_str(text: &str) -> Result<Self, DiskError> {
        let (path, settings) = split_path(text);
        if path.is_empty() {
            return Err(DiskError::NoPath);
        }
        let mut disk = Self::new(path);
        for setting in settings.into_iter().flat_map(|list| list.split(',')) {
            disk.apply(setting)?;
        }
        Ok(disk)
    }
}

impl fmt::Display for DiskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display().to_string().replace(',', ",,");
        let mode = if self.read_only { ",ro" } else { "" };
        let transport = match self.transport {
            Transport::Pci => "",
            Transport::Mmio => ",transport=mmio",
        };
        write!(f, "{path}{mode}{transport}")
    }
}

/// The form with one key per setting.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    path: PathBuf,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    transport: Transport,
}

impl<'de> Deserialize<'de> for DiskConfig {
    /// From text as on the command line, or a table with `path`, `read-only`
    /// and `transport`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if let toml::Value::String(text) = value {
            return text.parse().map_err(de::Error::custom);
        }
        let table: Table = value.try_into().map_err(de::Error::custom)?;
        Ok(Self {
            path: table.path,
            read_only: table.read_only,
            transport: table.transport,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_the_path() {
        let disk: DiskConfig = "a.img,ro,transport=mmio".parse().unwrap();
        assert_eq!(disk.path, PathBuf::from("a.img"));
        assert!(disk.read_only);
        assert_eq!(disk.transport, Transport::Mmio);
        assert_eq!("a.img".parse(), Ok(DiskConfig::new("a.img")));
    }

    #[test]
    fn doubled_commas_belong_to_the_name() {
        let disk: DiskConfig = "a,,b.img,ro".parse().unwrap();
        assert_eq!(disk.path, PathBuf::from("a,b.img"));
        assert_eq!(disk.to_string().parse(), Ok(disk));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(",ro".parse::<DiskConfig>(), Err(DiskError::NoPath));
        let error = "a.img,rp".parse::<DiskConfig>().unwrap_err().to_string();
        assert!(
            error.contains("`a.img`") && error.contains("`rp`") && error.contains("did you mean"),
            "{error}"
        );
    }
}
