//! The firmware and the console, as people name them.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The kernel, or the bare-metal program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kernel {
    /// There is none: the firmware is on its own.
    None,
    /// This file.
    File(PathBuf),
}

/// What runs before the kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Bios {
    /// The firmware interface is served by this program; the kernel starts at once.
    #[default]
    Builtin,
    /// Nothing: the kernel is a bare-metal program that starts in the most
    /// privileged mode.
    None,
    /// This file, such as OpenSBI, runs first.
    File(PathBuf),
}

/// Where the guest's console is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Console {
    /// The standard input and output of this program.
    #[default]
    Stdio,
    /// Output goes to a file; there is no input.
    File(PathBuf),
    /// Output is thrown away; there is no input.
    None,
}

/// The device that the console is attached to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsoleDevice {
    /// The UART: `ttyS0` in Linux.
    #[default]
    Uart,
    /// A virtio console: `hvc0` in Linux. What the UART prints still appears.
    Virtio,
}

/// Text that names no choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// Nothing where a file was to be named.
    #[error("a kernel is the name of a file, or `none`")]
    EmptyKernel,
    /// Nothing where a file was to be named.
    #[error("a firmware is `builtin`, `none` or the name of a file")]
    EmptyBios,
    /// No such kind of console.
    #[error("`{0}` is no console: use `stdio`, `file:PATH` or `none`")]
    Console(String),
    /// No such device.
    #[error("`{0}` is no console device: use `uart` (the default) or `virtio`")]
    ConsoleDevice(String),
    /// No such engine.
    #[error("`{0}` is no engine: use `auto` (the default), `interp` or `jit`")]
    Engine(String),
    /// No such form of statistics.
    #[error("`{0}` is no form of statistics: use `table` (the default), `json` or `json:PATH`")]
    Stats(String),
    /// Nothing where a file was to be named.
    #[error("a trace goes to `stderr` or to a file; `,insns` may follow")]
    EmptyTrace,
    /// No range of addresses.
    #[error("`{0}` is no range of addresses: use START..END, such as `0x80000000..0x80001000`")]
    AddressRange(String),
}

impl FromStr for Kernel {
    type Err = ChoiceError;

    /// `none`, or a file. A file with that name is written `./none`.
    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text {
            "" => Err(ChoiceError::EmptyKernel),
            "none" => Ok(Self::None),
            file => Ok(Self::File(file.into())),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for Bios {
    type Err = ChoiceError;

    /// `builtin`, `none`, or a file. A file with one of those names is written
    /// `./none`.
    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text {
            "" => Err(ChoiceError::EmptyBios),
            "builtin" => Ok(Self::Builtin),
            "none" => Ok(Self::None),
            file => Ok(Self::File(file.into())),
        }
    }
}

impl fmt::Display for Bios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("builtin"),
            Self::None => f.write_str("none"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl FromStr for Console {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text.split_once(':') {
            None if text == "stdio" => Ok(Self::Stdio),
            None if text == "none" => Ok(Self::None),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(ChoiceError::Console(text.to_owned())),
        }
    }
}

impl fmt::Display for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio => f.write_str("stdio"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::None => f.write_str("none"),
        }
    }
}

impl FromStr for ConsoleDevice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text {
            "uart" => Ok(Self::Uart),
            "virtio" => Ok(Self::Virtio),
            _ => Err(ChoiceError::ConsoleDevice(text.to_owned())),
        }
    }
}

impl fmt::Display for ConsoleDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uart => "uart",
            Self::Virtio => "virtio",
        })
    }
}

impl Kernel {
    /// The kernel's file, if there is one.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::None => None,
        }
    }

    /// The kernel's file, if there is one.
    pub fn into_path(self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::None => None,
        }
    }
}

impl Bios {
    /// The firmware's file, if it is one.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

impl Console {
    /// The console's file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }

    /// The console's file, if it is one.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

macro_rules! serde_as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}
pub(super) use serde_as_text;

serde_as_text!(Kernel);
serde_as_text!(Bios);
serde_as_text!(Console);
serde_as_text!(ConsoleDevice);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for text in ["builtin", "none", "fw.bin", "./none"] {
            assert_eq!(text.parse::<Bios>().unwrap().to_string(), text);
        }
        for text in ["none", "vmlinux", "./none"] {
            assert_eq!(text.parse::<Kernel>().unwrap().to_string(), text);
        }
        assert_eq!("".parse::<Kernel>(), Err(ChoiceError::EmptyKernel));
        for text in ["stdio", "none", "file:log.txt", "file:a:b"] {
            assert_eq!(text.parse::<Console>().unwrap().to_string(), text);
        }
        for text in ["uart", "virtio"] {
            assert_eq!(text.parse::<ConsoleDevice>().unwrap().to_string(), text);
        }
        assert!("hvc0".parse::<ConsoleDevice>().is_err());
        assert_eq!("".parse::<Bios>(), Err(ChoiceError::EmptyBios));
        for text in ["", "file:", "file", "tty"] {
            let error = text.parse::<Console>().unwrap_err();
            assert!(error.to_string().contains("file:PATH"));
        }
    }

    #[test]
    fn only_files_have_paths() {
        let mut bios: Bios = "fw.bin".parse().unwrap();
        assert!(bios.path_mut().is_some());
        assert!(Bios::None.path_mut().is_none());
        let mut console: Console = "file:log".parse().unwrap();
        assert_eq!(console.path(), Some(Path::new("log")));
        assert!(console.path_mut().is_some());
        assert!(Console::Stdio.path().is_none() && Console::None.path_mut().is_none());
    }
}
