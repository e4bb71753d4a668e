use std::sync::atomic::AtomicUsize;

use vm_core::AccessSize;

use super::*;
use crate::{
    console::MemoryOutput,
    virtio::{
        spec::status,
        testing::{BUFFERS, Descriptor, Driver, Transport, on_every_transport, wait_until},
    },
};

on_every_transport!(
    prints,
    a_full_output_holds_the_guest_back,
    hands_input_over,
    input_waits_for_a_slow_guest,
    a_new_size_is_announced,
    prints_before_the_driver_is_ready,
    survives_a_restore,
    a_reset_begins_anew,
    needs_a_reset_after_a_broken_chain,
);

/// A console, and what it prints: up to `limit` bytes at a time.
fn console(limit: usize) -> (Arc<Console>, Arc<MemoryOutput>) {
    let output = Arc::new(MemoryOutput::with_limit(limit));
    (Arc::new(Console::new(output.clone()).unwrap()), output)
}

fn start<T: Transport>(device: &Arc<Console>) -> Driver<T> {
    Driver::start(device.clone(), u64::MAX)
}

/// Prints `bytes` from one buffer.
fn print<T: Transport>(driver: &mut Driver<T>, bytes: &[u8]) {
    driver.write(BUFFERS, bytes);
    let chain = [Descriptor::readable(BUFFERS, bytes.len() as u32)];
    driver.submit(TRANSMIT as u16, &chain);
}

fn prints<T: Transport>() {
    let (device, output) = console(100_000);
    let mut driver = start::<T>(&device);
    driver.write(BUFFERS, b"Hello, world!");
    let pieces = [
        Descriptor::readable(BUFFERS, 7),
        Descriptor::readable(BUFFERS + 7, 6),
    ];
    driver.submit(TRANSMIT as u16, &pieces);
    assert_eq!(driver.wait_used(TRANSMIT as u16), 0);
    assert_eq!(output.take(), b"Hello, world!");
    let long: Vec<u8> = (0..PIECE * 3 + 5).map(|i| (i % 251) as u8).collect();
    print(&mut driver, &long);
    driver.wait_used(TRANSMIT as u16);
    assert_eq!(output.take(), long);
    print(&mut driver, b"");
    driver.wait_used(TRANSMIT as u16);
    assert_eq!(output.take(), b"");
}

fn a_full_output_holds_the_guest_back<T: Transport>() {
    let (device, output) = console(10);
    let mut driver = start::<T>(&device);
    print(&mut driver, b"0123456789abcdefghijklmnop");
    print(&mut driver, b"0123456789abcdefghijklmnop");
    let used = |driver: &Driver<T>| driver.queues[TRANSMIT].used_index(&driver.memory);
    let mut printed = Vec::new();
    for expected_used in [0, 0, 1, 1, 1] {
        device.settle();
        assert_eq!(used(&driver), expected_used);
        printed.extend(output.take());
    }
    driver.wait_used(TRANSMIT as u16);
    device.settle();
    printed.extend(output.take());
    assert_eq!(printed, b"0123456789abcdefghijklmnop".repeat(2));
}

fn hands_input_over<T: Transport>() {
    let (device, _) = console(10);
    // Typed before the driver was there.
    assert_eq!(device.input(b"early "), 6);
    let mut driver = start::<T>(&device);
    driver.submit(RECEIVE as u16, &[Descriptor::writable(BUFFERS, 4)]);
    assert_eq!(driver.wait_used(RECEIVE as u16), 4);
    assert_eq!(driver.read(BUFFERS, 4), b"earl");
    driver.submit(RECEIVE as u16, &[Descriptor::writable(BUFFERS, 64)]);
    assert_eq!(driver.wait_used(RECEIVE as u16), 2);
    // A buffer waits for input.
    driver.submit(RECEIVE as u16, &[Descriptor::writable(BUFFERS, 64)]);
    device.settle();
    assert_eq!(driver.queues[RECEIVE].used_index(&driver.memory), 2);
    driver.bus.take_interrupts();
    driver.queues[RECEIVE].set_used_event(&driver.memory, 2);
    assert_eq!(device.input(b"late"), 4);
    assert_eq!(driver.wait_used(RECEIVE as u16), 4);
    assert_eq!(driver.read(BUFFERS, 4), b"late");
    device.settle();
    assert_eq!(driver.bus.take_interrupts(), 1);
    assert_eq!(device.input(b""), 0);
}

fn input_waits_for_a_slow_guest<T: Transport>() {
    let (device, _) = console(10);
    let mut driver = start::<T>(&device);
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    device.on_input_ready(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let input: Vec<u8> = (0..INPUT_CAPACITY + 100).map(|i| (i % 253) as u8).collect();
    assert_eq!(device.input(&input), INPUT_CAPACITY);
    assert_eq!(device.input(b"more"), 0);
    let mut taken = Vec::new();
    let mut take = |driver: &mut Driver<T>, len: u32| {
        driver.submit(RECEIVE as u16, &[Descriptor::writable(BUFFERS, len)]);
        assert_eq!(driver.wait_used(RECEIVE as u16), len);
        device.settle();
        taken.extend(driver.read(BUFFERS, len as usize));
    };
    take(&mut driver, 2000);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    take(&mut driver, 48);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    take(&mut driver, 2048);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(taken, input[..INPUT_CAPACITY]);
    assert_eq!(device.input(b"more"), 4);
}

fn a_new_size_is_announced<T: Transport>() {
    let (device, _) = console(10);
    let small = TerminalSize {
        columns: 80,
        rows: 25,
    };
    device.resize(small);
    let mut driver = start::<T>(&device);
    assert_eq!(driver.bus.take_interrupts(), 0);
    assert_eq!(driver.bus.read_config(0, AccessSize::Word), 25 << 16 | 80);
    assert_eq!(driver.bus.read_config(4, AccessSize::Word), 1);
    let generation = driver.bus.config_generation();
    device.resize(small);
    assert_eq!(driver.bus.take_interrupts(), 0);
    assert_eq!(driver.bus.config_generation(), generation);
    device.resize(TerminalSize {
        columns: 132,
        rows: 50,
    });
    assert_eq!(driver.bus.take_interrupts(), 2);
    assert_ne!(driver.bus.config_generation(), generation);
    assert_eq!(driver.bus.read_config(0, AccessSize::Half), 132);
    assert_eq!(driver.bus.read_config(2, AccessSize::Half), 50);
    // A driver that did not ask is not told.
    driver.initialise(0);
    device.resize(small);
    assert_eq!(driver.bus.take_interrupts(), 0);
}

fn prints_before_the_driver_is_ready<T: Transport>() {
    let (device, output) = console(2);
    let driver = Driver::<T>::plug(device);
    driver
        .bus
        .write_config(8, AccessSize::Word, u64::from(b'!'));
    driver
        .bus
        .write_config(8, AccessSize::Byte, u64::from(b'?'));
    driver
        .bus
        .write_config(0, AccessSize::Word, u64::from(b'x'));
    driver
        .bus
        .write_config(8, AccessSize::Byte, u64::from(b'y'));
    assert_eq!(output.take(), b"!?");
}

fn survives_a_restore<T: Transport>() {
    let (device, output) = console(10);
    device.resize(TerminalSize {
        columns: 100,
        rows: 40,
    });
    let mut driver = start::<T>(&device);
    device.input(b"typed");
    print(&mut driver, b"0123456789abcdef");
    device.settle();
    assert_eq!(output.take(), b"0123456789");
    // The rest of it was taken in the meantime, or not: either way, once.
    device.settle();
    let mut printed = output.take();

    let (other, other_output) = console(100);
    let mut copy = driver.migrate(other.clone());
    copy.wait_used(TRANSMIT as u16);
    printed.extend(other_output.take());
    assert_eq!(printed, b"abcdef");
    assert_eq!(copy.bus.read_config(0, AccessSize::Word), 40 << 16 | 100);
    copy.submit(RECEIVE as u16, &[Descriptor::writable(BUFFERS, 64)]);
    assert_eq!(copy.wait_used(RECEIVE as u16), 5);
    assert_eq!(copy.read(BUFFERS, 5), b"typed");
}

fn a_reset_begins_anew<T: Transport>() {
    let (device, output) = console(4);
    let mut driver = start::<T>(&device);
    device.input(b"typed");
    print(&mut driver, b"01234567");
    wait_until("output", || {
        device.server.printed.load(Ordering::SeqCst) == 4
    });
    driver.initialise(u64::MAX);
    assert_eq!(output.take(), b"0123");
    // The next buffer is printed from its start; what was typed is kept.
    print(&mut driver, b"abcd");
    driver.wait_used(TRANSMIT as u16);
    assert_eq!(output.take(), b"abcd");
    driver.submit(RECEIVE as u16, &[Descriptor::writable(BUFFERS, 64)]);
    assert_eq!(driver.wait_used(RECEIVE as u16), 5);
}

fn needs_a_reset_after_a_broken_chain<T: Transport>() {
    let (device, output) = console(100);
    let mut driver = start::<T>(&device);
    driver.submit(TRANSMIT as u16, &[Descriptor::readable(0x80_0000, 1)]);
    driver.wait_needs_reset();
    driver.initialise(u64::MAX);
    device.input(b"typed");
    driver.submit(RECEIVE as u16, &[Descriptor::writable(0x80_0000, 1)]);
    driver.wait_needs_reset();
    assert_ne!(driver.bus.status() & status::DRIVER_OK, 0);
    driver.initialise(u64::MAX);
    print(&mut driver, b"ok");
    driver.wait_used(TRANSMIT as u16);
    assert_eq!(output.take(), b"ok");
}
