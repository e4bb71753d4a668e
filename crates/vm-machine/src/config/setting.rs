//! The names of settings, as messages have them.

use std::{fmt, sync::OnceLock};

/// How a program calls the settings.
type Naming = fn(Setting, &mut fmt::Formatter<'_>) -> fmt::Result;

static NAMING: OnceLock<Naming> = OnceLock::new();

macro_rules! settings {
    ($($name:ident = $field:literal, $key:literal;)*) => {
        /// A setting of a machine. Messages name it as [`MachineOptions`] does, or as the
        /// program has said that it is called there.
        ///
        /// [`MachineOptions`]: super::MachineOptions
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Setting {
            $(
                #[doc = concat!("`", $field, "`.")]
                $name,
            )*
            /// The file that settings are read from; no setting itself.
            Config,
        }

        /// The keys that a configuration file can have.
        pub(super) const KEYS: &[&str] = &[$($key),*];

        impl Setting {
            /// The field of [`MachineOptions`](super::MachineOptions).
            pub const fn field(self) -> &'static str {
                match self {
                    $(Self::$name => $field,)*
                    Self::Config => "config",
                }
            }

            /// The key in configuration files.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                    Self::Config => "config",
                }
            }
        }
    };
}

settings! {
    Arch = "arch", "arch";
    Kernel = "kernel", "kernel";
    Initrd = "initrd", "initrd";
    Append = "append", "append";
    Cpus = "cpus", "cpus";
    Memory = "memory", "memory";
    Disk = "disk", "disk";
    Bios = "bios", "bios";
    Console = "console", "console";
    ConsoleDevice = "console_device", "console-device";
    Engine = "engine", "engine";
    JitThreshold = "jit_threshold", "jit-threshold";
    JitCache = "jit_cache", "jit-cache";
    NoReboot = "no_reboot", "no-reboot";
    DtbDump = "dtb_dump", "dtb-dump";
    Signature = "signature", "signature";
    Timeout = "timeout", "timeout";
    Stats = "stats", "stats";
    PerfMap = "perf_map", "perf-map";
    Trace = "trace", "trace";
    TraceRange = "trace_range", "trace-range";
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMING.get() {
            Some(naming) => naming(*self, f),
            None => f.write_str(self.field()),
        }
    }
}

/// Has all messages of this library call settings as `naming` writes them: as the
/// program's own options, say. To be called once, before anything else; later calls
/// change nothing.
pub fn name_settings(naming: fn(Setting, &mut fmt::Formatter<'_>) -> fmt::Result) {
    // The first one has been used in messages.
    let _ = NAMING.set(naming);
}
