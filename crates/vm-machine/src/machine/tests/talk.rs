//! Firmware that prints and reads, over pauses and in a saved state.

use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::TryRecvError,
    },
    time::Duration,
};

use super::{super::control::Command, *};
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

/// A machine with a guest that talks, and its console.
struct Talk {
    machine: Machine,
    console: HostConsole,
    paper: Arc<Paper>,
}

impl Talk {
    fn new(options: MachineOptions, room: usize) -> Self {
        let paper = Arc::new(Paper {
            room: AtomicUsize::new(room),
            printed: Mutex::default(),
        });
        let console = HostConsole::new(paper.clone());
        let config = options.build().unwrap();
        Self {
            machine: Machine::new(config, console.clone()).unwrap(),
            console,
            paper,
        }
    }

    /// Goes on from `state` to the end; returns what is printed.
    fn rest(mut self, state: &MachineState, input: &[u8]) -> (ExitStatus, String) {
        self.machine.restore(state).unwrap();
        assert!(self.console.input.send(input));
        let status = run(&mut self.machine);
        let printed = self.paper.printed.lock();
        (status, printed.clone())
    }
}

fn htif(room: usize) -> Talk {
    Talk::new(bare_metal("htif-talk"), room)
}

#[test]
fn what_a_pause_cuts_short_in_htif_goes_on_here_and_in_a_restored_machine() {
    let Talk {
        mut machine,
        console,
        paper,
    } = htif(10);
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
        assert!(console.input.send(b"1"));
        (printing, reading)
    });
    let end = ExitStatus::PowerOff { status: 5 };
    assert_eq!(run(&mut machine), end);
    let (printing, reading) = join("the saved states", saver);
    assert_eq!(*paper.printed.lock(), "abcdefghijklmnopqrstuvwxyz1");
    let rest = htif(100).rest(&printing, b"2");
    assert_eq!(rest, (end, "klmnopqrstuvwxyz2".to_owned()));
    assert_eq!(htif(100).rest(&reading, b"3"), (end, "3".to_owned()));
}

/// A console of this size is full when the guest prints through the debug
/// console's call, or through the legacy one.
#[test]
fn a_byte_that_waits_in_the_sbi_is_printed_once_here_and_in_a_restored_machine() {
    let options = || bare_metal("sbi-talk").bios(Bios::Builtin);
    for room in [5, 20] {
        let Talk {
            mut machine, paper, ..
        } = Talk::new(options(), room);
        let handle = machine.handle();
        let theirs = Arc::clone(&paper);
        let saver = thread::spawn(move || {
            wait_until("some output", || theirs.printed.lock().len() == room);
            // Sooner or later the call waits.
            for _ in 0..20 {
                thread::sleep(Duration::from_millis(1));
                handle.pause().unwrap();
                handle.resume().unwrap();
            }
            let state = handle.save().unwrap();
            theirs.room.store(100, Ordering::SeqCst);
            state
        });
        assert_eq!(run(&mut machine), OFF);
        let state = join("the saved state", saver);
        let all = "abcdefghijklmnopqrstuvwxyz";
        assert_eq!(*paper.printed.lock(), all);
        let rest = Talk::new(options(), 100).rest(&state, b"");
        assert_eq!(rest, (OFF, all[room..].to_owned()));
    }
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
