//! Which engine runs the guest, and why.

use std::{fmt, io};

use vm_engine::{
    jit,
    vcpu::{Engine, Vcpu},
};

use crate::{
    config::{EngineChoice, Setting},
    error::MachineError,
};

type Made = Vec<Box<dyn Vcpu>>;

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
            Self::Asked(engine) => write!(f, "{engine}, as {} asks", Setting::Engine),
            Self::Jit => f.write_str("JIT"),
            Self::NoJit => f.write_str("interpreter: no JIT for this host yet"),
            Self::Refused(cause) => {
                write!(f, "interpreter: no memory for generated code: {cause}")
            }
        }
    }
}

/// Has `make` make vCPUs that execute the guest as `choice` says, with the JIT set up as
/// `jit`.
pub(super) fn choose(
    make: impl Fn(Engine) -> io::Result<Made>,
    choice: EngineChoice,
    jit: Engine,
) -> Result<(Made, EngineInUse), MachineError> {
    let interpreted = || make(Engine::Interpreter).map_err(MachineError::Vcpu);
    match choice {
        EngineChoice::Interp => Ok((interpreted()?, EngineInUse::Asked("interpreter"))),
        EngineChoice::Auto if !jit::SUPPORTED => Ok((interpreted()?, EngineInUse::NoJit)),
        EngineChoice::Auto => match make(jit) {
            Ok(vcpus) => Ok((vcpus, EngineInUse::Jit)),
            // All alike: a machine that is slow in parts is hard to explain.
            Err(cause) => Ok((interpreted()?, EngineInUse::Refused(cause))),
        },
        EngineChoice::Jit => {
            let vcpus = make(jit).map_err(MachineError::Jit)?;
            Ok((vcpus, EngineInUse::Asked("JIT")))
        }
    }
}
