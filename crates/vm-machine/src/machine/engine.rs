//! Which engine runs the guest, and why.

use std::{fmt, io};

use vm_engine::{
    guest::riscv64::Riscv64,
    jit,
    vcpu::{Engine, TranslatedVcpu},
};

use crate::{config::EngineChoice, error::MachineError};

/// Which engine runs the guest, and why.
#[derive(Debug)]
pub(super) enum EngineInUse {
    /// What was asked for.
    Asked(&'static str),
    /// The JIT, the fastest there is.
    Jit,
    /// The interpreter: there is no JIT for this host.
    NoJit,
    /// The interpreter: the host refused what the JIT needs.
    Refused(io::Error),
}

impl fmt::Display for EngineInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(engine) => write!(f, "{engine}, as --engine asks"),
            Self::Jit => f.write_str("JIT"),
            Self::NoJit => f.write_str("interpreter: no JIT for this host yet"),
            Self::Refused(cause) => {
                write!(f, "interpreter: no memory for generated code: {cause}")
            }
        }
    }
}

/// Has `vcpus` execute the guest as `choice` says, with the JIT set up as `jit`.
pub(super) fn choose(
    vcpus: &mut [TranslatedVcpu<Riscv64>],
    choice: EngineChoice,
    jit: Engine,
) -> Result<EngineInUse, MachineError> {
    match choice {
        EngineChoice::Interp => Ok(EngineInUse::Asked("interpreter")),
        EngineChoice::Auto if !jit::SUPPORTED => Ok(EngineInUse::NoJit),
        EngineChoice::Auto => Ok(match set_all(vcpus, jit) {
            Ok(()) => EngineInUse::Jit,
            Err(cause) => {
                // All alike: a machine that is slow in parts is hard to explain.
                set_all(vcpus, Engine::Interpreter).map_err(MachineError::Jit)?;
                EngineInUse::Refused(cause)
            }
        }),
        EngineChoice::Jit => {
            set_all(vcpus, jit).map_err(MachineError::Jit)?;
            Ok(EngineInUse::Asked("JIT"))
        }
    }
}

fn set_all(vcpus: &mut [TranslatedVcpu<Riscv64>], engine: Engine) -> io::Result<()> {
    vcpus
        .iter_mut()
        .try_for_each(|vcpu| vcpu.set_engine(engine))
}
