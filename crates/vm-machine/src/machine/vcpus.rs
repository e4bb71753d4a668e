//! The threads of the vCPUs.

use std::{
    sync::{Arc, mpsc::Sender},
    thread::{self, JoinHandle},
};

use vm_core::PowerSink;
use vm_engine::{
    guest::riscv64::Riscv64,
    vcpu::{Vcpu, VcpuControl, VcpuExit, attention},
};

use super::control::Event;
use crate::error::MachineError;

type Hart = Vcpu<Riscv64>;

/// The vCPUs of a machine. While it is stopped they are here, else on their threads.
pub(super) struct Vcpus {
    controls: Vec<Arc<VcpuControl>>,
    parked: Vec<Hart>,
    threads: Vec<JoinHandle<Hart>>,
    power: Arc<dyn PowerSink>,
    events: Sender<Event>,
}

/// Reports a thread that ends by a panic: without it, the machine would wait
/// for this vCPU for ever.
struct PanicReport {
    vcpu: usize,
    events: Sender<Event>,
}

impl Drop for PanicReport {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.events.send(Event::Lost { vcpu: self.vcpu });
        }
    }
}

impl Vcpus {
    pub(super) fn new(harts: Vec<Hart>, power: Arc<dyn PowerSink>, events: Sender<Event>) -> Self {
        let controls = harts.iter().map(|hart| Arc::clone(&hart.core.control));
        Self {
            controls: controls.collect(),
            parked: harts,
            threads: Vec::new(),
            power,
            events,
        }
    }

    /// The vCPUs, in order, while they are stopped.
    pub(super) fn parked(&mut self) -> Result<&mut [Hart], MachineError> {
        self.stop()?;
        Ok(&mut self.parked)
    }

    /// Starts a thread for every vCPU, unless they run.
    pub(super) fn start(&mut self) -> Result<(), MachineError> {
        for control in &self.controls {
            control.take_attention(attention::STOP);
        }
        for (index, hart) in self.parked.drain(..).enumerate() {
            let thread = spawn(index, hart, Arc::clone(&self.power), self.events.clone())?;
            self.threads.push(thread);
        }
        Ok(())
    }

    /// Waits until every vCPU has stopped between two instructions.
    pub(super) fn stop(&mut self) -> Result<(), MachineError> {
        for control in &self.controls {
            control.raise_attention(attention::STOP);
        }
        let mut lost = None;
        for (vcpu, thread) in self.threads.drain(..).enumerate() {
            match thread.join() {
                Ok(hart) => self.parked.push(hart),
                Err(_) => lost = Some(vcpu),
            }
        }
        match lost {
            Some(vcpu) => Err(MachineError::VcpuLost { vcpu }),
            None => Ok(()),
        }
    }
}

impl Drop for Vcpus {
    fn drop(&mut self) {
        // A vCPU that is lost has been reported where it happened.
        let _ = self.stop();
    }
}

fn spawn(
    index: usize,
    mut hart: Hart,
    power: Arc<dyn PowerSink>,
    events: Sender<Event>,
) -> Result<JoinHandle<Hart>, MachineError> {
    let run = move || {
        let _report = PanicReport {
            vcpu: index,
            events,
        };
        if let VcpuExit::Power(event) = hart.run() {
            power.signal(event);
        }
        hart
    };
    thread::Builder::new()
        .name(format!("vcpu{index}"))
        .spawn(run)
        .map_err(|cause| MachineError::Thread {
            what: format!("vCPU {index}"),
            cause,
        })
}
