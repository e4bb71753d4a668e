//! The platform-level interrupt controller (RISC-V PLIC specification 1.0.0),
//! laid out as on SiFive's chips and QEMU's `virt` board.

mod core;
pub mod spec;

use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::{
    AccessSize, IrqLine, MmioDevice,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use self::core::Core;

/// Length of the register window on QEMU's `virt` board, in bytes: room for
/// 1024 contexts.
pub const WINDOW_LEN: u64 = 0x60_0000;
/// Sources of QEMU's `virt` board: 1 to 95.
pub const VIRT_SOURCES: u32 = 95;

const KIND: Kind<Core> = Kind::new("plic", 1);

/// A PLIC that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlicError {
    /// Too few or too many interrupt sources.
    #[error("a PLIC cannot have {0} sources: it has 1 to {max}", max = spec::MAX_SOURCE)]
    Sources(u32),
    /// More contexts than the layout has room for.
    #[error("a PLIC cannot have {0} contexts: it has up to {max}", max = spec::MAX_CONTEXTS)]
    Contexts(usize),
}

/// A PLIC. Which privilege mode of which hart a context belongs to is the
/// board's choice: it is the order of the outputs.
pub struct Plic {
    inner: Mutex<Inner>,
}

struct Inner {
    core: Core,
    outputs: Vec<Output>,
}

struct Output {
    line: Arc<dyn IrqLine>,
    asserted: bool,
}

impl Inner {
    /// Drives the outputs that changed, under the lock so that levels arrive in order.
    fn drive(&mut self) {
        for context in 0..self.outputs.len() {
            self.drive_one(context);
        }
    }

    fn drive_one(&mut self, context: usize) {
        let wanted = self.core.interrupting(context);
        if let Some(output) = self.outputs.get_mut(context)
            && output.asserted != wanted
        {
            output.asserted = wanted;
            output.line.set_level(wanted);
        }
    }
}

/// One interrupt source's wire.
struct SourceLine {
    plic: Arc<Plic>,
    source: u32,
}

impl IrqLine for SourceLine {
    fn set_level(&self, asserted: bool) {
        let mut inner = self.plic.inner.lock();
        inner.core.set_level(self.source, asserted);
        inner.drive();
    }
}

impl Plic {
    /// A PLIC with sources 1 to `sources` and a context for each output.
    ///
    /// # Errors
    /// [`PlicError`] if the layout has no room for that many of either.
    pub fn new(sources: u32, outputs: Vec<Arc<dyn IrqLine>>) -> Result<Arc<Self>, PlicError> {
        if !(1..=spec::MAX_SOURCE).contains(&sources) {
            return Err(PlicError::Sources(sources));
        }
        if outputs.len() > spec::MAX_CONTEXTS {
            return Err(PlicError::Contexts(outputs.len()));
        }
        let output = |line| Output {
            line,
            asserted: false,
        };
        Ok(Arc::new(Self {
            inner: Mutex::new(Inner {
                core: Core::new(sources, outputs.len()),
                outputs: outputs.into_iter().map(output).collect(),
            }),
        }))
    }

    /// The wire into `source`; `None` if there is no such source.
    pub fn line(self: &Arc<Self>, source: u32) -> Option<Arc<dyn IrqLine>> {
        let exists = (1..=self.inner.lock().core.sources()).contains(&source);
        exists.then(|| {
            Arc::new(SourceLine {
                plic: Arc::clone(self),
                source,
            }) as Arc<dyn IrqLine>
        })
    }
}

/// A register, as the layout places it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Register {
    Priority(u32),
    Pending(usize),
    Enable { context: usize, word: usize },
    Threshold(usize),
    Claim(usize),
    Reserved,
}

impl Register {
    /// The register at `offset`, a multiple of 4.
    const fn at(offset: u64) -> Self {
        match offset {
            spec::CONTEXT.. => {
                let from_first = offset - spec::CONTEXT;
                let context = (from_first / spec::CONTEXT_STRIDE) as usize;
                match from_first % spec::CONTEXT_STRIDE {
                    spec::THRESHOLD => Self::Threshold(context),
                    spec::CLAIM => Self::Claim(context),
                    _ => Self::Reserved,
                }
            }
            spec::ENABLE.. => {
                let from_first = offset - spec::ENABLE;
                Self::Enable {
                    context: (from_first / spec::ENABLE_STRIDE) as usize,
                    word: (from_first % spec::ENABLE_STRIDE / 4) as usize,
                }
            }
            spec::PENDING.. => Self::Pending(((offset - spec::PENDING) / 4) as usize),
            _ => Self::Priority(((offset - spec::PRIORITY) / 4) as u32),
        }
    }

    /// The register of an access, which must be an aligned word.
    fn of_access(offset: u64, size: AccessSize) -> Option<Self> {
        (size == AccessSize::Word && offset.is_multiple_of(4)).then(|| Self::at(offset))
    }
}

impl MmioDevice for Plic {
    fn name(&self) -> &str {
        "plic"
    }

    /// Only aligned 32-bit accesses are answered; reserved registers read as zero.
    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        let register = Register::of_access(offset, size)?;
        let mut inner = self.inner.lock();
        let value = match register {
            Register::Priority(source) => inner.core.priority(source),
            Register::Pending(word) => inner.core.pending_word(word),
            Register::Enable { context, word } => inner.core.enable_word(context, word),
            Register::Threshold(context) => inner.core.threshold(context),
            Register::Claim(context) => {
                let source = inner.core.claim(context);
                inner.drive();
                source
            }
            Register::Reserved => 0,
        };
        Some(u64::from(value))
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        let register = Register::of_access(offset, size)?;
        let value = value as u32;
        let mut inner = self.inner.lock();
        match register {
            Register::Priority(source) => {
                inner.core.set_priority(source, value);
                inner.drive();
            }
            Register::Enable { context, word } => {
                inner.core.set_enable_word(context, word, value);
                inner.drive_one(context);
            }
            Register::Threshold(context) => {
                inner.core.set_threshold(context, value);
                inner.drive_one(context);
            }
            Register::Claim(context) => {
                inner.core.complete(context, value);
                inner.drive();
            }
            Register::Pending(_) | Register::Reserved => {}
        }
        Some(())
    }
}

impl Snapshot for Plic {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(&self.inner.lock().core)
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let core: Core = KIND.load(saved)?;
        let mut inner = self.inner.lock();
        if !inner.core.same_shape(&core) {
            return Err(KIND.mismatch(
                "it has other numbers of sources or contexts; use as many vCPUs as the \
                 saved machine",
            ));
        }
        inner.core = core;
        inner.drive();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
