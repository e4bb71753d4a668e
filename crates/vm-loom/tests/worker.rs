//! The worker of a virtio device: no request is forgotten, nobody waits for ever, and
//! it is away when it has to be.

use vm_loom::{check, virtio::Device};

#[test]
fn no_request_is_forgotten() {
    check(|| {
        let device = Device::default();
        device.submit();
        device.wait();
        device.submit();
        device.wait();
    });
}

#[test]
fn the_worker_is_away_while_a_device_is_saved() {
    check(|| {
        let device = Device::default();
        device.submit();
        device.save();
        device.wait();
    });
}

#[test]
fn a_reset_leaves_requests_for_the_next_start() {
    check(|| {
        let device = Device::default();
        device.submit();
        device.reset();
        device.wait();
    });
}
