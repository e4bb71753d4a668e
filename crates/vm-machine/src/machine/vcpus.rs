//! The threads of the vCPUs.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
};

use vm_core::PowerSink;
use vm_engine::vcpu::{Vcpu, VcpuControl, VcpuExit, exit_request};

use crate::error::MachineError;

/// The work of a vCPU's thread: it returns the vCPU that it was handed.
pub(super) type Job = Box<dyn FnOnce() -> Option<Box<dyn Vcpu>> + Send>;
pub(super) type Thread = JoinHandle<Option<Box<dyn Vcpu>>>;
/// What the threads of vCPUs report.
#[derive(Clone)]
pub(super) struct Reports {
    /// Power events.
    pub(super) power: Arc<dyn PowerSink>,
    /// A vCPU whose thread ended by a panic.
    pub(super) loss: Arc<dyn Fn(usize) + Send + Sync>,
    /// A vCPU that is about to execute the instruction at an address.
    pub(super) breakpoint: Arc<dyn Fn(usize, u64) + Send + Sync>,
}

/// The vCPUs of a machine. While it is stopped they are here, else on their threads.
pub(super) struct Vcpus {
    controls: Vec<Arc<VcpuControl>>,
    parked: Vec<Box<dyn Vcpu>>,
    threads: Vec<Thread>,
    /// A vCPU that is gone: the others must not run without it.
    lost: Option<usize>,
    reports: Reports,
}

/// Reports a thread that ends by a panic: without it, the machine would wait
/// for this vCPU for ever.
struct PanicReport {
    vcpu: usize,
    reports: Reports,
}

impl Drop for PanicReport {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.reports.loss)(self.vcpu);
        }
    }
}

impl Vcpus {
    pub(super) fn new(vcpus: Vec<Box<dyn Vcpu>>, reports: Reports) -> Self {
        let controls = vcpus.iter().map(|vcpu| Arc::clone(vcpu.control()));
        Self {
            controls: controls.collect(),
            parked: vcpus,
            threads: Vec::new(),
            lost: None,
            reports,
        }
    }

    /// The vCPUs, in order, while they are stopped.
    pub(super) fn parked(&mut self) -> Result<&mut [Box<dyn Vcpu>], MachineError> {
        self.stop()?;
        Ok(&mut self.parked)
    }

    /// Starts a thread for every vCPU, unless they run: for all of them or, on
    /// an error, for none.
    pub(super) fn start(&mut self) -> Result<(), MachineError> {
        self.start_on(spawn)
    }

    /// The same, on threads that `spawn` makes.
    pub(super) fn start_on(
        &mut self,
        mut spawn: impl FnMut(usize, Job) -> io::Result<Thread>,
    ) -> Result<(), MachineError> {
        self.check()?;
        for control in &self.controls {
            control.take_exit_requests(exit_request::STOP);
        }
        // A thread that cannot be started takes its closure along: no vCPU is in one.
        let mut desks = Vec::with_capacity(self.parked.len());
        for vcpu in 0..self.parked.len() {
            let (desk, delivery) = sync_channel(1);
            match spawn(vcpu, self.job(vcpu, delivery)) {
                Ok(thread) => self.threads.push(thread),
                Err(cause) => {
                    drop((desk, desks));
                    self.dismiss();
                    let what = format!("vCPU {vcpu}");
                    return Err(MachineError::Thread { what, cause });
                }
            }
            desks.push(desk);
        }
        for (vcpu, desk) in self.parked.drain(..).zip(desks) {
            // A thread that is gone already has reported that itself.
            let _ = desk.send(vcpu);
        }
        Ok(())
    }

    /// Runs the vCPU of index `vcpu`, which comes by `delivery`, if it does.
    fn job(&self, vcpu: usize, delivery: Receiver<Box<dyn Vcpu>>) -> Job {
        let index = vcpu;
        let reports = self.reports.clone();
        Box::new(move || {
            let report = PanicReport {
                vcpu: index,
                reports,
            };
            let mut vcpu = delivery.recv().ok()?;
            match vcpu.run() {
                VcpuExit::Power(event) => report.reports.power.signal(event),
                VcpuExit::Breakpoint { pc } => (report.reports.breakpoint)(index, pc),
                _ => {}
            }
            Some(vcpu)
        })
    }

    /// Ends threads that will get no vCPU.
    fn dismiss(&mut self) {
        for thread in self.threads.drain(..) {
            // It has done nothing that could fail.
            let _ = thread.join();
        }
    }

    /// Waits until every vCPU has stopped between two instructions.
    pub(super) fn stop(&mut self) -> Result<(), MachineError> {
        for control in &self.controls {
            control.request_exit(exit_request::STOP);
        }
        for (vcpu, thread) in self.threads.drain(..).enumerate() {
            match thread.join() {
                Ok(Some(vcpu)) => self.parked.push(vcpu),
                Ok(None) | Err(_) => self.lost = Some(vcpu),
            }
        }
        self.check()
    }

    /// Whether all vCPUs are there.
    fn check(&self) -> Result<(), MachineError> {
        match self.lost {
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

/// Starts a thread of the host.
pub(super) fn spawn(vcpu: usize, job: Job) -> io::Result<Thread> {
    let thread = thread::Builder::new().name(format!("vcpu{vcpu}"));
    thread.spawn(job)
}
