//! Threads that cannot be started, and threads that are lost.

use std::io;

use vm_engine::vcpu::Vcpu;

use super::{super::vcpus, *};

/// As for a host that has no thread left for vCPU `missing`.
fn start_without(fixture: &mut Fixture, missing: usize) -> MachineError {
    let vcpus = &mut fixture.machine.hardware().unwrap().vcpus;
    let started = vcpus.start_on(|vcpu, job| {
        if vcpu == missing {
            Err(io::Error::from(io::ErrorKind::WouldBlock))
        } else {
            vcpus::spawn(vcpu, job)
        }
    });
    started.unwrap_err()
}

#[test]
fn a_thread_that_cannot_be_started_costs_no_vcpu() {
    for missing in 0..2 {
        let mut fixture = Fixture::new(bare_metal("count").cpus(2u32));
        let message = start_without(&mut fixture, missing).to_string();
        assert!(message.contains(&format!("vCPU {missing}")), "{message}");
        let vcpus = &mut fixture.machine.hardware().unwrap().vcpus;
        let vcpus = vcpus.parked().unwrap();
        let indices: Vec<_> = vcpus.iter().map(|vcpu| vcpu.index()).collect();
        assert_eq!(indices, [0, 1]);
        let begun = |vcpu: &mut Box<dyn Vcpu>| vcpu.take_stats().instructions != 0;
        assert!(!vcpus.iter_mut().any(begun));
        assert_eq!(fixture.run(), (OFF, alphabet()));
    }
}

#[test]
fn nothing_runs_on_without_a_vcpu_that_is_lost() {
    let mut fixture = Fixture::new(bare_metal("count").cpus(2u32));
    let vcpus = &mut fixture.machine.hardware().unwrap().vcpus;
    let breaking = |vcpu, job: vcpus::Job| {
        vcpus::spawn(
            vcpu,
            Box::new(move || {
                let hart = job();
                if vcpu == 1 { None } else { hart }
            }),
        )
    };
    vcpus.start_on(breaking).unwrap();
    for _ in 0..2 {
        let lost = vcpus.stop();
        assert!(matches!(lost, Err(MachineError::VcpuLost { vcpu: 1 })));
        let started = vcpus.start();
        assert!(matches!(started, Err(MachineError::VcpuLost { vcpu: 1 })));
    }
    // The failure is told once; then the machine starts from power-on.
    let failed = fixture.machine.run();
    assert!(matches!(failed, Err(MachineError::VcpuLost { vcpu: 1 })));
    fixture.output.take();
    assert_eq!(fixture.run(), (OFF, alphabet()));
}
