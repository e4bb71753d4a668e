//! HTIF over pauses, and in a saved state.

use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::TryRecvError,
    },
    time::Duration,
};

use super::*;
use parking_lot::Mutex;
use vm_device::console::{ConsoleOutput, ReadyCallback};

/// An output that takes so many bytes and no more.
struct Paper {
    room: AtomicUsize,
    printed: Mutex<String>,
}

impl ConsoleOutput for Paper {
    fn try_write(&self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.room.load(Ordering::SeqCst));
        self.room.fetch_sub(taken, Ordering::SeqCst);
        let text = String::from_utf8_lossy(&bytes[..taken]);
        self.printed.lock().push_str(&text);
        taken
    }

    fn on_ready(&self, _: ReadyCallback) {}
}

/// A machine with the guest `htif-talk`, and its console.
struct Talk {
    machine: Machine,
    console: HostConsole,
    paper: Arc<Paper>,
}

impl Talk {
    fn new(room: usize) -> Self {
        let paper = Arc::new(Paper {
            room: AtomicUsize::new(room),
            printed: Mutex::default(),
        });
        let console = HostConsole::new(paper.clone());
        let config = bare_metal("htif-talk").build().unwrap();
        Self {
            machine: Machine::new(config, console.clone()).unwrap(),
            console,
            paper,
        }
    }

    /// Goes on from `state` to the end; returns what is printed.
    fn rest(state: &MachineState, input: &[u8]) -> String {
        let mut talk = Self::new(100);
        talk.machine.restore(state).unwrap();
        assert_eq!(talk.console.input.offer(input), input.len());
        assert_eq!(run(&mut talk.machine), ExitStatus::PowerOff { status: 5 });
        let printed = talk.paper.printed.lock();
        printed.clone()
    }
}

#[test]
fn what_a_pause_cuts_short_goes_on_here_and_in_a_restored_machine() {
    let Talk {
        mut machine,
        console,
        paper,
    } = Talk::new(10);
    let handle = machine.handle();
    let theirs = Arc::clone(&paper);
    let saver = thread::spawn(move || {
        wait_until("some output", || theirs.printed.lock().len() == 10);
        handle.pause().unwrap();
        let printing = handle.save().unwrap();
        theirs.room.store(100, Ordering::SeqCst);
        handle.resume().unwrap();
        wait_until("the rest", || theirs.printed.lock().len() == 26);
        // Sooner or later the program reads.
        for _ in 0..50 {
            thread::sleep(Duration::from_millis(1));
            handle.pause().unwrap();
            handle.resume().unwrap();
        }
        let reading = handle.save().unwrap();
        console.input.offer(b"1");
        (printing, reading)
    });
    assert_eq!(run(&mut machine), ExitStatus::PowerOff { status: 5 });
    let (printing, reading) = join("the saved states", saver);
    assert_eq!(*paper.printed.lock(), "abcdefghijklmnopqrstuvwxyz1");
    assert_eq!(Talk::rest(&printing, b"2"), "klmnopqrstuvwxyz2");
    assert_eq!(Talk::rest(&reading, b"3"), "3");
}

#[test]
fn an_end_that_comes_with_a_save_is_not_lost() {
    let Fixture { mut machine, .. } = Fixture::new(bare_metal("htif"));
    let (reply, state) = channel();
    let save = Event::Command(Command::Save(reply));
    machine.sender.send(save).unwrap();
    // The guest ends before the machine gets to it.
    machine.hardware().unwrap().start().unwrap();
    let life = machine.life;
    wait_until("the end", || machine.events.has_power_event(life));
    assert_eq!(run(&mut machine), ExitStatus::PowerOff { status: 42 });
    // A state would be one from which the guest waits for its end for ever.
    let answer = state.try_recv().map(|_| "a state");
    assert_eq!(answer, Err(TryRecvError::Disconnected));
}
