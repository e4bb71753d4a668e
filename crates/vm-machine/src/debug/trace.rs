//! The trace of the blocks that run.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    ops::Range,
    sync::Arc,
};

use parking_lot::Mutex;
use vm_device::console::Patient;
use vm_engine::observe::{BlockEntry, BlockTracer};

use super::GuestSymbols;
use crate::config::Setting;

type Sink = Box<dyn Write + Send>;

/// A line for each block before it runs: vCPU, instructions retired before,
/// privilege mode, address, number of instructions, tier, symbol.
pub(super) struct BlockTrace {
    /// `None` once writing has failed.
    sink: Mutex<Option<Sink>>,
    range: Option<Range<u64>>,
    insns: bool,
    symbols: Arc<GuestSymbols>,
}

impl BlockTrace {
    /// A trace of the blocks that start in `range`, if there is one, to `file` or
    /// to the standard error.
    pub(super) fn new(
        file: Option<File>,
        insns: bool,
        range: Option<Range<u64>>,
        symbols: Arc<GuestSymbols>,
    ) -> Self {
        let sink: Sink = match file {
            None => Box::new(BufWriter::new(Patient::new(io::stderr()))),
            Some(file) => Box::new(BufWriter::new(file)),
        };
        Self {
            sink: Mutex::new(Some(sink)),
            range,
            insns,
            symbols,
        }
    }

    pub(super) fn flush(&self) {
        self.write(|sink| sink.flush());
    }

    /// A trace that ends early must not end the guest.
    fn write(&self, write: impl FnOnce(&mut Sink) -> io::Result<()>) {
        let mut sink = self.sink.lock();
        let result = sink.as_mut().map_or(Ok(()), write);
        if let Err(error) = result {
            tracing::warn!(
                "{}: the trace ends here, it cannot be written: {error}",
                Setting::Trace
            );
            *sink = None;
        }
    }

    fn line(&self, sink: &mut Sink, entry: &BlockEntry<'_>) -> io::Result<()> {
        let BlockEntry {
            vcpu,
            retired,
            mode,
            pc,
            tier,
            ..
        } = entry;
        let insns = entry.insns();
        write!(sink, "{vcpu} {retired} {mode} {pc:#018x} {insns} {tier}")?;
        match self.symbols.name(*pc) {
            Some(name) => writeln!(sink, " {name}")?,
            None => writeln!(sink)?,
        }
        if self.insns {
            for (pc, text) in entry.disassembly() {
                writeln!(sink, "    {pc:x}: {text}")?;
            }
        }
        Ok(())
    }
}

impl BlockTracer for BlockTrace {
    fn enters(&self, entry: &BlockEntry<'_>) {
        let range = self.range.as_ref();
        if range.is_none_or(|range| range.contains(&entry.pc)) {
            self.write(|sink| self.line(sink, entry));
        }
    }
}

impl Drop for BlockTrace {
    fn drop(&mut self) {
        self.flush();
    }
}
