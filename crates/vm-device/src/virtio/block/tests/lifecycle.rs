//! Resets, queues that come and go, and saved states.

use std::sync::{Arc, atomic::Ordering};

use vm_core::{
    AccessSize,
    snapshot::{Snapshot, SnapshotError},
};

use super::{
    DiskDriver, TestDisk,
    disk::{OK, SECTORS, kind},
};
use crate::virtio::{
    device::VirtioDevice,
    spec::{feature, status},
    testing::{Driver, Transport, on_every_transport, wait_until},
};

on_every_transport!(
    a_reset_waits_for_the_request_at_hand_only,
    a_disabled_queue_is_left_alone,
    requests_left_behind_are_served_after_a_restore,
    a_state_of_another_machine_is_refused,
    a_queue_can_be_enabled_late,
    interrupts_come_when_wanted,
);

/// Holds the first of three reads in the backend while `act` waits for it.
/// Returns how many reads have begun when `act` is done.
fn act_during_a_request<T: Transport + Sync>(
    driver: &mut DiskDriver<T>,
    device: &crate::virtio::Block,
    probe: &super::disk::Probe,
    act: impl FnOnce(&Driver<T>) + Send,
) -> u64 {
    let gate = probe.gate.lock();
    let begun = probe.reads.load(Ordering::SeqCst);
    for sector in 0..3 {
        driver.submit(kind::IN, sector, &[], 512);
    }
    wait_until("a read", || probe.reads.load(Ordering::SeqCst) > begun);
    std::thread::scope(|scope| {
        let driver = &driver.0;
        let acting = scope.spawn(move || act(driver));
        wait_until("a pause", || device.worker().stopping());
        drop(gate);
        acting.join().unwrap();
    });
    probe.reads.load(Ordering::SeqCst) - begun
}

fn a_reset_waits_for_the_request_at_hand_only<T: Transport + Sync>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device.clone());
    let served = act_during_a_request(&mut driver, &device, &probe, |driver| {
        driver.bus.set_status(0);
        assert_eq!(driver.bus.status(), 0);
        assert!(!driver.bus.line());
        assert!(!driver.bus.queue_ready(0));
    });
    assert_eq!(served, 1);
    device.notify(0);
    device.worker().settle();
    assert_eq!(driver.0.queues[0].used_index(&driver.0.memory), 1);
    driver.0.initialise(u64::MAX);
    assert_eq!(driver.read(0, 512), probe.contents.lock()[..512]);
}

fn a_disabled_queue_is_left_alone<T: Transport + Sync>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device.clone());
    if !T::CAN_DISABLE_QUEUES {
        driver.0.bus.disable_queue(0);
        assert!(driver.0.bus.queue_ready(0));
        return;
    }
    let served = act_during_a_request(&mut driver, &device, &probe, |driver| {
        driver.bus.disable_queue(0);
        assert!(!driver.bus.queue_ready(0));
    });
    assert_eq!(served, 1);
    driver.0.bus.notify(0);
    device.worker().settle();
    assert_eq!(driver.0.queues[0].used_index(&driver.0.memory), 1);
    // Enabled again, it starts from the beginning.
    driver.0.queues.clear();
    driver.0.add_queue(0, 8);
    assert_eq!(driver.read(0, 512), probe.contents.lock()[..512]);
}

fn requests_left_behind_are_served_after_a_restore<T: Transport + Sync>() {
    let disk = TestDisk::new();
    let (device, probe) = disk.device();
    let mut driver = DiskDriver::<T>::start(device.clone());
    driver.0.bus.write_config(32, AccessSize::Byte, 0);
    let served = act_during_a_request(&mut driver, &device, &probe, |driver| {
        driver.bus.snapshot().quiesce();
    });
    assert_eq!(served, 1);
    let line = driver.0.bus.line();

    let (other, other_probe) = TestDisk::new().device();
    let mut copy = DiskDriver(driver.0.migrate(other.clone()));
    assert_eq!(copy.0.bus.line(), line);
    assert_eq!(copy.0.bus.status(), driver.0.bus.status());
    assert_eq!(copy.0.bus.read_config(32, AccessSize::Byte), 0);
    copy.0.wait_used(0);
    assert_eq!(other_probe.reads.load(Ordering::SeqCst), 2);
    assert_eq!(copy.status(), OK);
    assert_eq!(copy.input(512), other_probe.contents.lock()[1024..1536]);
    assert_eq!(
        copy.read(5, 512),
        other_probe.contents.lock()[5 * 512..6 * 512]
    );
}

fn a_state_of_another_machine_is_refused<T: Transport>() {
    let (device, _) = TestDisk::new().device();
    let driver = DiskDriver::<T>::start(device.clone());
    let saved = driver.0.bus.snapshot().save().unwrap();

    let smaller = TestDisk::new();
    smaller.probe.contents.lock().truncate(512 * 10);
    let target = Driver::<T>::plug(smaller.device().0);
    let error = target.bus.snapshot().restore(&saved).unwrap_err();
    assert!(matches!(error, SnapshotError::Mismatch { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&SECTORS.to_string()) && text.contains("a test"),
        "{text}"
    );
    assert_eq!(target.bus.status(), 0);

    let read_only = TestDisk {
        read_only: true,
        ..TestDisk::new()
    };
    let target = Driver::<T>::plug(read_only.device().0);
    let error = target.bus.snapshot().restore(&saved).unwrap_err();
    assert!(error.to_string().contains("features"), "{error}");

    let entropy = Arc::new(crate::virtio::Entropy::new().unwrap());
    let target = Driver::<T>::plug(entropy);
    assert!(target.bus.snapshot().restore(&saved).is_err());
    assert!(
        driver
            .0
            .bus
            .snapshot()
            .restore(&device.save().unwrap())
            .is_err()
    );
}

fn a_queue_can_be_enabled_late<T: Transport>() {
    let (device, _) = TestDisk::new().device();
    let mut driver = DiskDriver(Driver::<T>::plug(device));
    driver.0.negotiate(feature::VERSION_1);
    driver.0.bus.add_status(status::DRIVER_OK);
    driver.0.add_queue(0, 4);
    assert_eq!(driver.read(0, 512).len(), 512);
    // One that cannot be used is noticed then.
    driver.0.negotiate(feature::VERSION_1);
    driver.0.bus.add_status(status::DRIVER_OK);
    driver.0.queues.clear();
    driver.0.add_queue(0, 3);
    assert_ne!(driver.0.bus.status() & status::NEEDS_RESET, 0);
}

fn interrupts_come_when_wanted<T: Transport>() {
    let (device, _) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device.clone());
    let memory = driver.0.memory.clone();
    // With event indices: only when used_event is passed.
    driver.0.queues[0].set_used_event(&memory, 2);
    for expected in [0, 0, 1] {
        driver.read(0, 512);
        device.worker().settle();
        assert_eq!(driver.0.bus.take_interrupts(), expected);
    }
    assert_eq!(driver.0.queues[0].available_event(&memory), 3);
    // Without: unless the driver set a flag.
    driver.0.initialise(0);
    driver.0.queues[0].set_available_flags(&memory, 1);
    driver.read(0, 512);
    device.worker().settle();
    assert_eq!(driver.0.bus.take_interrupts(), 0);
    assert_eq!(driver.0.queues[0].used_flags(&memory), 0);
    driver.0.queues[0].set_available_flags(&memory, 0);
    driver.read(0, 512);
    device.worker().settle();
    assert_eq!(driver.0.bus.take_interrupts(), 1);
}
