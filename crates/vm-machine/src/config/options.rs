//! What a user asks for, as far as they said it: the builder of [`MachineConfig`].

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vm_core::GuestArch;
use vm_optimizers::TierPolicy;

use super::{
    AddressRange, Bios, ByteSize, Console, ConsoleDevice, DiskConfig, EngineChoice, Kernel,
    MachineConfig, OptionError, StatsOutput, TraceOutput, validate,
};
use crate::board;

/// Settings of a machine, each of which may be left open.
///
/// A configuration file holds these keys, and the command line has options of
/// the same names. [`MachineOptions::or`] lays one over the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MachineOptions {
    /// The guest's architecture.
    pub arch: Option<GuestArch>,
    /// The kernel, or the bare-metal program.
    pub kernel: Option<Kernel>,
    /// The initial RAM file system.
    pub initrd: Option<PathBuf>,
    /// The kernel's command line.
    pub append: Option<String>,
    /// The number of vCPUs.
    pub cpus: Option<u32>,
    /// The size of the RAM.
    pub memory: Option<ByteSize>,
    /// The disks, in the order in which the guest sees them.
    pub disk: Option<Vec<DiskConfig>>,
    /// The firmware.
    pub bios: Option<Bios>,
    /// The console.
    pub console: Option<Console>,
    /// The device that the console is attached to.
    pub console_device: Option<ConsoleDevice>,
    /// How the guest is executed.
    pub engine: Option<EngineChoice>,
    /// Runs of a block in the interpreter after which it is compiled.
    pub jit_threshold: Option<u32>,
    /// Host memory for the generated code of one vCPU.
    pub jit_cache: Option<ByteSize>,
    /// Whether a reset ends the machine.
    pub no_reboot: Option<bool>,
    /// The file that receives the device tree; the machine then does not run.
    pub dtb_dump: Option<PathBuf>,
    /// The file that receives the test signature of a bare-metal program.
    pub signature: Option<PathBuf>,
    /// Seconds after which the machine is stopped.
    pub timeout: Option<u64>,
    /// Where statistics go when the machine ends.
    pub stats: Option<StatsOutput>,
    /// Whether generated code is named for Linux's `perf`.
    pub perf_map: Option<bool>,
    /// Where the trace of the blocks that run goes.
    pub trace: Option<TraceOutput>,
    /// The blocks that are traced: those that start there.
    pub trace_range: Option<AddressRange>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, value: impl Into<$type>) -> Self {
                self.$name = Some(value.into());
                self
            }
        )*
    };
}

impl MachineOptions {
    setters! {
        /// Sets the guest's architecture.
        arch: GuestArch;
        /// Sets the initial RAM file system.
        initrd: PathBuf;
        /// Sets the kernel's command line.
        append: String;
        /// Sets the number of vCPUs.
        cpus: u32;
        /// Sets the size of the RAM.
        memory: ByteSize;
        /// Sets the firmware.
        bios: Bios;
        /// Sets the console.
        console: Console;
        /// Sets the device that the console is attached to.
        console_device: ConsoleDevice;
        /// Sets how the guest is executed.
        engine: EngineChoice;
        /// Sets the runs of a block in the interpreter after which it is compiled.
        jit_threshold: u32;
        /// Sets the host memory for the generated code of one vCPU.
        jit_cache: ByteSize;
        /// Sets whether a reset ends the machine.
        no_reboot: bool;
        /// Sets where statistics go.
        stats: StatsOutput;
        /// Sets whether generated code is named for Linux's `perf`.
        perf_map: bool;
        /// Sets where the trace of the blocks that run goes.
        trace: TraceOutput;
        /// Sets which blocks are traced.
        trace_range: AddressRange;
        /// Sets the file for the test signature.
        signature: PathBuf;
    }

    /// Sets the kernel's file.
    #[must_use]
    pub fn kernel(mut self, path: impl Into<PathBuf>) -> Self {
        self.kernel = Some(Kernel::File(path.into()));
        self
    }

    /// Adds a disk.
    #[must_use]
    pub fn add_disk(mut self, disk: DiskConfig) -> Self {
        self.disk.get_or_insert_default().push(disk);
        self
    }

    /// These settings; where one is open, that of `fallback`. Lists of disks
    /// are not joined: the one of `self` replaces the other.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            arch: self.arch.or(fallback.arch),
            kernel: self.kernel.or(fallback.kernel),
            initrd: self.initrd.or(fallback.initrd),
            append: self.append.or(fallback.append),
            cpus: self.cpus.or(fallback.cpus),
            memory: self.memory.or(fallback.memory),
            disk: self.disk.or(fallback.disk),
            bios: self.bios.or(fallback.bios),
            console: self.console.or(fallback.console),
            console_device: self.console_device.or(fallback.console_device),
            engine: self.engine.or(fallback.engine),
            jit_threshold: self.jit_threshold.or(fallback.jit_threshold),
            jit_cache: self.jit_cache.or(fallback.jit_cache),
            no_reboot: self.no_reboot.or(fallback.no_reboot),
            dtb_dump: self.dtb_dump.or(fallback.dtb_dump),
            signature: self.signature.or(fallback.signature),
            timeout: self.timeout.or(fallback.timeout),
            stats: self.stats.or(fallback.stats),
            perf_map: self.perf_map.or(fallback.perf_map),
            trace: self.trace.or(fallback.trace),
            trace_range: self.trace_range.or(fallback.trace_range),
        }
    }

    /// Makes relative file names relative to `base`, for settings that were
    /// read from a file in that directory.
    pub fn resolve_paths(&mut self, base: &Path) {
        let files = [
            self.kernel.as_mut().and_then(Kernel::path_mut),
            self.initrd.as_mut(),
            self.dtb_dump.as_mut(),
            self.signature.as_mut(),
            self.bios.as_mut().and_then(Bios::path_mut),
            self.console.as_mut().and_then(Console::path_mut),
            self.stats.as_mut().and_then(StatsOutput::path_mut),
            self.trace.as_mut().and_then(|trace| trace.path.as_mut()),
        ];
        let disks = self.disk.iter_mut().flatten().map(|disk| &mut disk.path);
        for path in files.into_iter().flatten().chain(disks) {
            // Joining leaves absolute paths as they are.
            *path = base.join(&path);
        }
    }

    /// The machine with these settings, defaults where one is open.
    ///
    /// # Errors
    /// [`OptionError`] for a value out of range, or one that another forbids.
    pub fn build(self) -> Result<MachineConfig, OptionError> {
        let tiers = TierPolicy {
            threshold: self.jit_threshold.unwrap_or(vm_optimizers::THRESHOLD),
            code_bytes: validate::jit_cache(self.jit_cache)?,
        };
        let config = MachineConfig {
            arch: self.arch.unwrap_or_else(board::default_arch),
            kernel: self.kernel.and_then(Kernel::into_path),
            initrd: self.initrd,
            append: self.append.unwrap_or_default(),
            cpus: self.cpus.unwrap_or(1),
            memory: self.memory.unwrap_or(super::DEFAULT_MEMORY),
            disks: self.disk.unwrap_or_default(),
            bios: self.bios.unwrap_or_default(),
            console: self.console.unwrap_or_default(),
            console_device: self.console_device.unwrap_or_default(),
            engine: self.engine.unwrap_or_default(),
            tiers,
            no_reboot: self.no_reboot.unwrap_or(false),
            signature: self.signature,
            perf_map: self.perf_map.unwrap_or(false),
            trace: self.trace,
            trace_range: self.trace_range,
        };
        validate::check(&config)?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::setting::KEYS, *};

    fn file(path: &str) -> Kernel {
        Kernel::File(path.into())
    }

    #[test]
    fn what_is_said_first_wins() {
        let over = MachineOptions::default()
            .cpus(4u32)
            .add_disk(DiskConfig::new("a"));
        let under = MachineOptions::default()
            .cpus(2u32)
            .kernel("vmlinux")
            .add_disk(DiskConfig::new("b"));
        let both = over.or(under);
        assert_eq!((both.cpus, both.kernel), (Some(4), Some(file("vmlinux"))));
        assert_eq!(both.disk, Some(vec![DiskConfig::new("a")]));
    }

    #[test]
    fn relative_files_follow_their_configuration() {
        let mut options = MachineOptions::default()
            .kernel("k")
            .initrd("/abs/i")
            .bios(Bios::File("fw".into()))
            .console(Console::File("log".into()))
            .stats(StatsOutput::JsonFile("s".into()))
            .add_disk(DiskConfig::new("d"));
        options.resolve_paths(Path::new("/base"));
        assert_eq!(options.kernel, Some(file("/base/k")));
        assert_eq!(options.initrd, Some("/abs/i".into()));
        assert_eq!(options.bios, Some(Bios::File("/base/fw".into())));
        assert_eq!(options.console, Some(Console::File("/base/log".into())));
        let stats = StatsOutput::JsonFile("/base/s".into());
        assert_eq!(options.stats, Some(stats));
        assert_eq!(options.disk, Some(vec![DiskConfig::new("/base/d")]));
    }

    #[test]
    fn keys_are_the_fields() {
        let unknown = toml::from_str::<MachineOptions>("no-such-key = 1").unwrap_err();
        for key in KEYS {
            assert!(unknown.message().contains(&format!("`{key}`")), "{key}");
        }
        assert_eq!(unknown.message().matches("`, `").count() + 1, KEYS.len());
        let fields = format!("{:?}", MachineOptions::default());
        for key in KEYS {
            let field = key.replace('-', "_");
            assert!(fields.contains(&format!(" {field}: ")), "{field}");
        }
    }
}
