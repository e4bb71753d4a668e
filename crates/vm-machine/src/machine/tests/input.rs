//! Input outlives the devices that it is given to.

use std::{collections::VecDeque, time::Instant};

use parking_lot::Mutex;
use vm_device::console::ReadyCallback;

use super::*;
use crate::{config::ConsoleDevice, console::InputPort};

/// Takes all that there is.
#[derive(Default)]
struct Sink(Mutex<Vec<u8>>);

impl InputPort for Sink {
    fn offer(&self, bytes: &[u8]) -> usize {
        self.0.lock().extend(bytes);
        bytes.len()
    }

    fn on_room(&self, _: ReadyCallback) {}

    fn recall(&self) -> VecDeque<u8> {
        VecDeque::new()
    }
}

#[test]
fn resets_and_the_end_lose_no_input() {
    for device in [ConsoleDevice::Uart, ConsoleDevice::Virtio] {
        let options = MachineOptions {
            console_device: Some(device),
            ..bare_metal("reset")
        };
        let Fixture {
            mut machine,
            output,
            input,
        } = Fixture::new(options);
        let text: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        assert!(input.send_ahead(&text));
        let handle = machine.handle();
        let begin = Instant::now();
        let stopper = thread::spawn(move || {
            let mut lives = 0;
            while lives < 3 && begin.elapsed() < DEADLINE {
                lives += output.take().len();
            }
            handle.stop();
            lives
        });
        assert_eq!(machine.run().unwrap(), ExitStatus::Stopped);
        assert!(stopper.join().unwrap() >= 3);
        machine.switch_off();
        let sink = Arc::new(Sink::default());
        input.connect(&sink);
        assert!(*sink.0.lock() == text, "{device:?}");
    }
}

#[test]
fn a_restored_guest_gets_what_was_typed_meanwhile() {
    let mut original = Fixture::new(bare_metal("echo"));
    let handle = original.machine.handle();
    let saver = thread::spawn(move || {
        let state = handle.save().unwrap();
        handle.stop();
        state
    });
    assert_eq!(original.run().0, ExitStatus::Stopped);
    let state = saver.join().unwrap();

    let mut copy = Fixture::new(bare_metal("echo"));
    let text = alphabet().repeat(2);
    assert!(copy.input.send(text.as_bytes()) && copy.input.send(b"\x04"));
    copy.machine.restore(&state).unwrap();
    assert_eq!(copy.run(), (OFF, text));
}
