//! `trine run`.

use std::path::PathBuf;

use clap::Args;
use vm_core::GuestArch;
use vm_machine::config::{
    AddressRange, Bios, ByteSize, Console, ConsoleDevice, DiskConfig, EngineChoice, Kernel,
    MachineOptions, StatsOutput, TraceOutput,
};

const AFTER_HELP: &str = "\
Keys, when the console is a terminal:
  Ctrl-A x        quit
  Ctrl-A h        show the keys
  Ctrl-A Ctrl-A   send Ctrl-A to the guest

Exit codes:
  0         the guest switched itself off, or Ctrl-A x
  1-255     the guest switched itself off and reported this failure (255: or a larger number);
            a bare-metal program's exit code
  1         the machine could not be made or run, or what it printed could not be written
  2         the command line is wrong
  120       the guest reported that it crashed
  121       the guest asked for a reset, with --no-reboot
  101       a mistake in this program
  124       the time given by --timeout was over
  128+N     signal N ended the program

Examples:
  trine run
      Boot the default guest, Debian 13 with a busybox shell.
  trine run --kernel vmlinux --initrd initrd.gz --append 'console=ttyS0' --cpus 4
      Boot a kernel.
  trine run --kernel vmlinux --append 'console=ttyS0 root=/dev/vda1' --disk debian.img
      Boot from a disk image.
  trine run --bios /usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin
      Boot the default guest with real firmware.
  trine run --bios none --kernel program.elf
      Run a bare-metal program; its exit code becomes that of trine.
  trine run --config machine.toml --memory 4G
      Read the options from a file; those on the command line come first.";

/// Run a virtual machine
///
/// Without a kernel, the default guest runs: Debian's kernel with a busybox
/// shell. It is downloaded once from the package mirror that this host uses.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct RunArgs {
    /// The guest's architecture: riscv64, aarch64 or x86_64 [default: riscv64]
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<GuestArch>,

    /// The kernel: an `Image`, an ELF file or plain code, perhaps in gzip form
    ///
    /// Plain code, such as `u-boot.bin`, has no header and starts at its first byte;
    /// it goes where the board's kernels go. With `--bios none`, a bare-metal
    /// program. `none` leaves firmware that is a file on its own.
    #[arg(short, long, value_name = "FILE|none")]
    pub kernel: Option<Kernel>,

    /// The initial RAM file system
    #[arg(short, long, value_name = "FILE")]
    pub initrd: Option<PathBuf>,

    /// The kernel's command line; the default guest's own comes before it
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub append: Option<String>,

    /// The number of vCPUs, 1 to 64 [default: 1]
    #[arg(short, long, value_name = "N")]
    pub cpus: Option<u32>,

    /// The size of the memory, such as 512M or 2G [default: 1G]
    #[arg(short, long, value_name = "SIZE")]
    pub memory: Option<ByteSize>,

    /// A raw disk image; may be repeated
    ///
    /// Settings follow the file's name, separated by commas: `ro` for
    /// read-only, `transport=mmio` to attach it to a virtio-mmio slot and not
    /// to PCI. A comma in the name is written twice.
    #[arg(short, long = "disk", value_name = "FILE[,ro]")]
    pub disks: Vec<DiskConfig>,

    /// The firmware: builtin, none, or a file such as OpenSBI [default: builtin]
    #[arg(short, long, value_name = "FILE|builtin|none")]
    pub bios: Option<Bios>,

    /// Where the console is: stdio, file:PATH or none [default: stdio]
    #[arg(long, value_name = "WHERE")]
    pub console: Option<Console>,

    /// What the console is attached to: uart (ttyS0) or virtio (hvc0) [default: uart]
    #[arg(long, value_name = "DEVICE")]
    pub console_device: Option<ConsoleDevice>,

    /// How the guest is executed: auto, interp or jit [default: auto]
    ///
    /// `auto` takes the fastest engine that there is for the guest on this
    /// host; a line on stderr says which, and why. `interp` interprets every
    /// instruction. `jit` compiles what runs often to host code, or fails.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<EngineChoice>,

    /// Runs of a block in the interpreter after which the JIT compiles it [default: 16]
    ///
    /// 0 compiles blocks before they run at all.
    #[arg(long, value_name = "RUNS", hide_short_help = true)]
    pub jit_threshold: Option<u32>,

    /// Host memory for the JIT's code, for each vCPU, 64K to 1G [default: 64M]
    ///
    /// When it is full, the vCPU's code is dropped and made anew.
    #[arg(long, value_name = "SIZE", hide_short_help = true)]
    pub jit_cache: Option<ByteSize>,

    /// Read options from a TOML file, whose keys are these options' names
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// End with exit code 121 when the guest asks for a reset
    #[arg(long)]
    pub no_reboot: bool,

    /// Write the guest's device tree to a file, and do not run
    #[arg(long, value_name = "FILE")]
    pub dtb_dump: Option<PathBuf>,

    /// Write a test program's signature to a file when it ends
    ///
    /// The memory between the symbols `begin_signature` and `end_signature`,
    /// a word of 4 bytes on each line. Needs `--bios none`.
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,

    /// End this many seconds after the start of the program, with exit code 124
    ///
    /// Reading files and fetching the default guest count.
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,

    /// Print statistics when the machine ends: as a table, or as JSON
    ///
    /// `--stats` and `--stats=json` print on stderr, `--stats=json:PATH` writes
    /// a file. Instructions, their share in each tier, speed, blocks, the JIT's
    /// code and time, address translation; of each vCPU and in sum.
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true,
          default_missing_value = "table")]
    pub stats: Option<StatsOutput>,

    /// Name the JIT's code for Linux's `perf`, in /tmp/perf-PID.map
    ///
    /// Blocks are called after the guest address, or after the symbol if the
    /// kernel is an ELF file that has symbols.
    #[arg(long, help_heading = "Debugging")]
    pub perf_map: bool,

    /// Write a line for each block of guest code that runs, to stderr or to a file
    ///
    /// The vCPU, the instructions it has retired before, its privilege mode, the
    /// block's address and number of instructions, what runs it (interp or jit),
    /// the symbol if the kernel is an ELF file that has symbols. After a comma,
    /// `insns` adds the instructions. This is slow.
    #[arg(long, value_name = "FILE[,insns]", num_args = 0..=1, require_equals = true,
          default_missing_value = "stderr", help_heading = "Debugging")]
    pub trace: Option<TraceOutput>,

    /// Trace only blocks that start at these addresses, such as 0x80000000..0x80001000
    #[arg(long, value_name = "START..END", help_heading = "Debugging")]
    pub trace_range: Option<AddressRange>,
}

impl RunArgs {
    /// What was said on the command line.
    pub fn into_options(self) -> MachineOptions {
        MachineOptions {
            arch: self.arch,
            kernel: self.kernel,
            initrd: self.initrd,
            append: self.append,
            cpus: self.cpus,
            memory: self.memory,
            disk: (!self.disks.is_empty()).then_some(self.disks),
            bios: self.bios,
            console: self.console,
            console_device: self.console_device,
            engine: self.engine,
            jit_threshold: self.jit_threshold,
            jit_cache: self.jit_cache,
            no_reboot: self.no_reboot.then_some(true),
            dtb_dump: self.dtb_dump,
            signature: self.signature,
            timeout: self.timeout,
            stats: self.stats,
            perf_map: self.perf_map.then_some(true),
            trace: self.trace,
            trace_range: self.trace_range,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn parse(args: &[&str]) -> Result<MachineOptions, clap::Error> {
        let cli = Cli::try_parse_from(["trine", "run"].iter().chain(args))?;
        match cli.command {
            Command::Run(args) => Ok(args.into_options()),
            Command::Image(_) => unreachable!("the command is run"),
        }
    }

    #[test]
    fn options_arrive() {
        let options = parse(&[
            "--kernel",
            "k",
            "--cpus",
            "4",
            "--memory",
            "2G",
            "--disk",
            "a,ro",
            "--disk",
            "b",
            "--bios",
            "none",
            "--console",
            "file:x",
            "--no-reboot",
            "--append",
            "-v",
        ])
        .unwrap();
        assert_eq!(options.cpus, Some(4));
        assert_eq!(options.memory, Some(ByteSize::mib(2048)));
        assert_eq!(options.disk.unwrap().len(), 2);
        assert_eq!(options.bios, Some(Bios::None));
        assert_eq!(options.no_reboot, Some(true));
        assert_eq!(options.append.as_deref(), Some("-v"));
        assert_eq!(parse(&[]).unwrap(), MachineOptions::default());
        for (arg, form) in [("--stats", "table"), ("--stats=json:x", "json:x")] {
            let stats = parse(&[arg]).unwrap().stats;
            assert_eq!(stats, Some(form.parse().unwrap()));
        }
        for (arg, place) in [("--trace", "stderr"), ("--trace=x,insns", "x,insns")] {
            let trace = parse(&[arg]).unwrap().trace;
            assert_eq!(trace, Some(place.parse().unwrap()));
        }
        let range = parse(&["--trace-range", "1..0x10"]).unwrap().trace_range;
        assert_eq!(range, Some(AddressRange(1..16)));
    }

    #[test]
    fn mistakes_name_the_option_the_value_and_the_remedy() {
        for (args, parts) in [
            (["--memory", "lots"], ["--memory", "lots", "512M"]),
            (["--cpus", "many"], ["--cpus", "many", ""]),
            (["--arch", "vax"], ["--arch", "vax", "riscv64"]),
            (["--disk", "a,rp"], ["--disk", "rp", "did you mean"]),
            (["--console", "tty"], ["--console", "tty", "stdio"]),
            (["--engine", "kvm"], ["--engine", "kvm", "jit"]),
            (["--memroy", "1G"], ["--memroy", "--memory", ""]),
        ] {
            let message = parse(&args).unwrap_err().to_string();
            for part in parts {
                assert!(message.contains(part), "{message}");
            }
        }
    }
}
