//! Tools for those who look for what goes wrong in a guest, or takes long.

mod perf_map;
mod symbols;
mod trace;

use std::{fs::File, sync::Arc};

use vm_engine::{observe, vcpu::Vcpu};

use crate::config::MachineConfig;

use perf_map::PerfMap;
use symbols::GuestSymbols;
pub(crate) use symbols::Symbol;
use trace::BlockTrace;

/// The tools that a machine was asked for.
#[derive(Default)]
pub(crate) struct Tools {
    perf_map: Option<Arc<PerfMap>>,
    trace: Option<Arc<BlockTrace>>,
}

impl Tools {
    /// The tools that `config` asks for. `names` are those of the guest's code;
    /// a trace goes to `file`, if there is one.
    pub(crate) fn new(config: &MachineConfig, names: Vec<Symbol>, file: Option<File>) -> Self {
        if !config.perf_map && config.trace.is_none() {
            return Self::default();
        }
        let symbols = Arc::new(GuestSymbols::new(names));
        let perf_map = config.perf_map.then(|| PerfMap::new(Arc::clone(&symbols)));
        let trace = config.trace.as_ref().map(|output| {
            let range = config.trace_range.as_ref().map(|range| range.0.clone());
            BlockTrace::new(file, output.insns, range, symbols)
        });
        Self {
            perf_map: perf_map.map(Arc::new),
            trace: trace.map(Arc::new),
        }
    }

    /// Lets the tools watch `vcpus`, which have not run.
    pub(crate) fn watch(&self, vcpus: &mut [Box<dyn Vcpu>]) {
        for vcpu in vcpus.iter_mut().filter_map(|vcpu| vcpu.observed()) {
            if let Some(map) = &self.perf_map {
                vcpu.set_code_listener(Arc::clone(map) as Arc<dyn observe::CodeListener>);
            }
            if let Some(trace) = &self.trace {
                vcpu.set_tracer(Arc::clone(trace) as Arc<dyn observe::BlockTracer>);
            }
        }
    }

    /// Writes out what is buffered.
    pub(crate) fn flush(&self) {
        if let Some(map) = &self.perf_map {
            map.flush();
        }
        if let Some(trace) = &self.trace {
            trace.flush();
        }
    }
}
