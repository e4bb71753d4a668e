//! What a machine can be.

use vm_core::{GuestArch, PAGE_SIZE};
use vm_engine::jit;

use super::{
    AddressRange, Bios, ByteSize, EngineChoice, MAX_CPUS, MAX_MEMORY, MIN_MEMORY, MachineConfig,
    Setting,
};
use crate::board;

/// A setting that no machine can have. Names the setting, the value, what is
/// wrong with it, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// There is no board for the architecture.
    #[error(
        "{s} {_0}: there is no machine for this architecture yet; use {known}",
        s = Setting::Arch,
        known = architectures()
    )]
    Arch(GuestArch),
    /// Too many vCPUs, or none.
    #[error("{s} {_0}: a machine has 1 to {MAX_CPUS} vCPUs", s = Setting::Cpus)]
    Cpus(u32),
    /// Too little RAM.
    #[error(
        "{s} {_0}: a machine has at least {MIN_MEMORY}; write the unit, such as `512M` or `2G`",
        s = Setting::Memory
    )]
    MemoryTooSmall(ByteSize),
    /// Too much RAM.
    #[error("{s} {_0}: a machine has at most {MAX_MEMORY}", s = Setting::Memory)]
    MemoryTooLarge(ByteSize),
    /// The host has no JIT.
    #[error(
        "{s} jit: there is no JIT for {host} hosts yet; use `{s} auto` or `interp`",
        s = Setting::Engine
    )]
    NoJit {
        /// The host's architecture and system.
        host: String,
    },
    /// Too little memory for code, or more than jumps can span.
    #[error(
        "{s} {_0}: the code of a vCPU takes {MIN_JIT_CACHE} to {MAX_JIT_CACHE}",
        s = Setting::JitCache
    )]
    JitCache(ByteSize),
    /// Part of a page.
    #[error("{s} {_0}: the size must be a multiple of 4K", s = Setting::Memory)]
    MemoryNotPages(ByteSize),
    /// Something that goes with a kernel, without one.
    #[error("{setting}: this needs a kernel; add `{s} FILE`", s = Setting::Kernel)]
    NeedsKernel {
        /// The setting.
        setting: Setting,
    },
    /// Something that only goes with `--bios none`, without it.
    #[error(
        "{s}: only bare-metal programs have a signature; add `{bios} none`",
        s = Setting::Signature,
        bios = Setting::Bios
    )]
    NeedsBareMetal,
    /// A choice of what to trace, without a trace.
    #[error(
        "{s} {_0}: this chooses what `{trace}` shows; add `{trace}=FILE`",
        s = Setting::TraceRange,
        trace = Setting::Trace
    )]
    NeedsTrace(AddressRange),
    /// A command line that cannot be passed on.
    #[error("{s}: the command line contains a NUL character", s = Setting::Append)]
    AppendNul,
    /// `--bios none` without a program.
    #[error(
        "{s} none: there is nothing to run; add `{kernel} FILE` with a program",
        s = Setting::Bios,
        kernel = Setting::Kernel
    )]
    NothingToRun,
}

const MIN_JIT_CACHE: ByteSize = ByteSize(*jit::CODE_RANGE.start() as u64);
const MAX_JIT_CACHE: ByteSize = ByteSize(*jit::CODE_RANGE.end() as u64);

/// Host memory for the code of a vCPU, in bytes.
pub(super) fn jit_cache(size: Option<ByteSize>) -> Result<usize, OptionError> {
    let Some(size) = size else {
        return Ok(vm_optimizers::CODE_BYTES);
    };
    let bytes = usize::try_from(size.0).ok();
    bytes
        .filter(|bytes| jit::CODE_RANGE.contains(bytes))
        .ok_or(OptionError::JitCache(size))
}

/// Checks what can be checked without looking at files.
pub(super) fn check(config: &MachineConfig) -> Result<(), OptionError> {
    if board::of(config.arch).is_none() {
        return Err(OptionError::Arch(config.arch));
    }
    if !(1..=MAX_CPUS).contains(&config.cpus) {
        return Err(OptionError::Cpus(config.cpus));
    }
    check_memory(config.memory)?;
    check_engine(config.engine, jit::SUPPORTED)?;
    check_boot(config)?;
    match &config.trace_range {
        Some(range) if config.trace.is_none() => Err(OptionError::NeedsTrace(range.clone())),
        _ => Ok(()),
    }
}

/// The architectures that there are machines for, for people.
fn architectures() -> String {
    let names: Vec<_> = board::architectures().map(GuestArch::name).collect();
    names.join(" or ")
}

fn check_memory(memory: ByteSize) -> Result<(), OptionError> {
    if memory < MIN_MEMORY {
        return Err(OptionError::MemoryTooSmall(memory));
    }
    if memory > MAX_MEMORY {
        return Err(OptionError::MemoryTooLarge(memory));
    }
    if !memory.0.is_multiple_of(PAGE_SIZE) {
        return Err(OptionError::MemoryNotPages(memory));
    }
    Ok(())
}

fn check_engine(engine: EngineChoice, jit: bool) -> Result<(), OptionError> {
    if engine == EngineChoice::Jit && !jit {
        let (arch, system) = (std::env::consts::ARCH, std::env::consts::OS);
        let host = format!("{arch} {system}");
        return Err(OptionError::NoJit { host });
    }
    Ok(())
}

fn check_boot(config: &MachineConfig) -> Result<(), OptionError> {
    if config.kernel.is_none() {
        if config.initrd.is_some() {
            return Err(OptionError::NeedsKernel {
                setting: Setting::Initrd,
            });
        }
        if config.bios == Bios::None {
            return Err(OptionError::NothingToRun);
        }
    }
    if config.signature.is_some() && config.bios != Bios::None {
        return Err(OptionError::NeedsBareMetal);
    }
    if config.append.contains('\0') {
        return Err(OptionError::AppendNul);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MachineOptions;

    fn options() -> MachineOptions {
        MachineOptions::default()
    }

    #[test]
    fn limits_are_inclusive() {
        for cpus in [1, MAX_CPUS] {
            assert!(options().cpus(cpus).build().is_ok());
        }
        for size in [MIN_JIT_CACHE, MAX_JIT_CACHE] {
            assert!(options().jit_cache(size).build().is_ok());
        }
        for memory in [MIN_MEMORY, MAX_MEMORY] {
            assert!(options().memory(memory).build().is_ok());
        }
    }

    #[test]
    fn only_who_insists_on_the_jit_needs_one() {
        for engine in [EngineChoice::Auto, EngineChoice::Interp] {
            assert_eq!(check_engine(engine, false), Ok(()));
        }
        assert_eq!(check_engine(EngineChoice::Jit, true), Ok(()));
        let error = check_engine(EngineChoice::Jit, false).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("engine jit") && message.contains("auto"),
            "{message}"
        );
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let cases = [
            (options().cpus(0u32), "cpus 0: "),
            (options().cpus(MAX_CPUS + 1), "cpus 65: "),
            (options().memory(ByteSize(512)), "memory 512 bytes: "),
            (options().memory(ByteSize(u64::MAX)), "at most"),
            (options().memory(ByteSize((64 << 20) + 1)), "multiple of 4K"),
            (options().jit_cache(ByteSize(4096)), "64K to 1G"),
            (options().jit_cache(ByteSize(u64::MAX)), "jit_cache 1"),
            (options().arch(GuestArch::X86_64), "arch x86_64: "),
            (options().initrd("i"), "initrd: this needs a kernel"),
            (options().bios(Bios::None), "nothing to run"),
            (options().kernel("k").signature("s"), "add `bios none`"),
            (options().append("a\0b"), "NUL"),
        ];
        for (options, part) in cases {
            let message = options.build().unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
