//! The thread that watches `tohost`.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::Mutex;
use vm_core::{
    AccessSize, GuestPhysAddr, PowerEvent, PowerSink,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};
use vm_mem::GuestRam;

use super::{
    super::FirmwareConsole,
    command::{self, Command},
    proxy::{self, Request},
    state::{Call, Printing, State},
};

/// How long the thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(1);
/// How long it sleeps while commands come in.
const BUSY: Duration = Duration::from_micros(20);
/// After this many looks at nothing it sleeps longer.
const PATIENCE: u32 = 200;

const KIND: Kind<State> = Kind::new("htif", 1);

/// Where a program talks to its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HtifAddresses {
    /// Where it stores commands.
    pub tohost: u64,
    /// Where it finds answers, if it wants any.
    pub fromhost: Option<u64>,
}

/// Serves HTIF between [`start`](Self::start) and [`stop`](Self::stop), as if
/// nothing had been in between.
pub struct Htif {
    server: Arc<Server>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Htif {
    /// Will watch the program's memory. The end of the program is reported to
    /// `power`, as a power-off with its exit code as the status.
    pub fn new(
        addresses: HtifAddresses,
        ram: GuestRam,
        console: Arc<dyn FirmwareConsole>,
        power: Arc<dyn PowerSink>,
    ) -> Self {
        let server = Server {
            addresses,
            ram,
            console,
            power,
            stop: AtomicBool::new(false),
            state: Mutex::default(),
        };
        Self {
            server: Arc::new(server),
            thread: Mutex::default(),
        }
    }

    /// Starts the thread, unless it runs.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn start(&self) -> io::Result<()> {
        let mut thread = self.thread.lock();
        if thread.is_none() {
            self.server.stop.store(false, Ordering::SeqCst);
            let server = Arc::clone(&self.server);
            let named = thread::Builder::new().name("htif".into());
            *thread = Some(named.spawn(move || server.run())?);
        }
        Ok(())
    }

    /// Stops the thread, if it runs, between two steps of what it does.
    pub fn stop(&self) {
        self.server.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.lock().take() {
            thread.thread().unpark();
            // A panic there has already been reported on stderr.
            let _ = thread.join();
        }
    }
}

impl Drop for Htif {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Snapshot for Htif {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(&*self.server.state.lock())
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        *self.server.state.lock() = KIND.load(saved)?;
        Ok(())
    }
}

struct Server {
    addresses: HtifAddresses,
    ram: GuestRam,
    console: Arc<dyn FirmwareConsole>,
    power: Arc<dyn PowerSink>,
    stop: AtomicBool,
    state: Mutex<State>,
}

impl Server {
    fn run(&self) {
        let mut quiet = 0u32;
        while !self.stop.load(Ordering::SeqCst) {
            if self.step(&mut self.state.lock()) {
                quiet = 0;
            } else {
                quiet = quiet.saturating_add(1);
                thread::park_timeout(if quiet < PATIENCE { BUSY } else { IDLE });
            }
        }
    }

    /// Does one thing, without waiting; returns whether there was one. Commands
    /// wait for output and answers, but not for input.
    fn step(&self, state: &mut State) -> bool {
        if let Some(printing) = state.printing.take() {
            self.print(state, printing)
        } else if let Some(value) = state.answering.take() {
            self.answer(state, value)
        } else {
            self.answer_read(state) || self.obey(state)
        }
    }

    /// Carries out the next command, if there is one.
    fn obey(&self, state: &mut State) -> bool {
        let Some(tohost) = self.take_command() else {
            return false;
        };
        match Command::decode(tohost) {
            Command::Exit { code } => self.exit(code),
            Command::SystemCall { block } => self.system_call(state, tohost, block),
            Command::PutChar(byte) => {
                let rest = vec![byte];
                state.printing = Some(Printing { rest, call: None });
            }
            Command::GetChar => state.reading = Some(tohost),
            Command::Unknown => {
                tracing::warn!("the program sent the unknown HTIF command {tohost:#x}");
            }
        }
        true
    }

    /// The command at `tohost`, which is cleared.
    fn take_command(&self) -> Option<u64> {
        let addr = GuestPhysAddr(self.addresses.tohost);
        let value = self.ram.load(addr, AccessSize::Double)?;
        if value == 0 {
            return None;
        }
        // If the program stored another command meanwhile, that one is next.
        match self.ram.compare_exchange(addr, value, 0) {
            Some(Ok(value)) => Some(value),
            Some(Err(_)) => None,
            None => {
                self.ram.store(addr, AccessSize::Double, 0)?;
                Some(value)
            }
        }
    }

    fn exit(&self, code: u64) {
        let status = u32::try_from(code).unwrap_or(u32::MAX);
        self.power.signal(PowerEvent::PowerOff { status });
    }

    fn system_call(&self, state: &mut State, tohost: u64, block: u64) {
        let call = |result| Call {
            tohost,
            block,
            result,
        };
        match proxy::read(&self.ram, block) {
            None => tracing::warn!("the program's HTIF system call at {block:#x} is not in RAM"),
            Some(Request::Exit { code }) => self.exit(code),
            Some(Request::Answer(result)) => self.finish_call(state, &call(result)),
            Some(Request::Print(rest)) => {
                let call = Some(call(rest.len() as i64));
                state.printing = Some(Printing { rest, call });
            }
        }
    }

    fn finish_call(&self, state: &mut State, call: &Call) {
        proxy::answer(&self.ram, call.block, call.result);
        state.answering = Some(command::answer(call.tohost, 1));
    }

    /// Answers a waiting read, if there is input.
    fn answer_read(&self, state: &mut State) -> bool {
        let Some(tohost) = state.reading else {
            return false;
        };
        let Some(byte) = self.console.read() else {
            return false;
        };
        state.reading = None;
        state.answering = Some(command::answer(tohost, 0x100 | u64::from(byte)));
        true
    }

    /// Stores an answer if the program has taken the one before.
    fn answer(&self, state: &mut State, value: u64) -> bool {
        let Some(fromhost) = self.addresses.fromhost.map(GuestPhysAddr) else {
            return true;
        };
        let before = self.ram.load(fromhost, AccessSize::Double);
        if before.is_some_and(|before| before != 0) {
            state.answering = Some(value);
            return false;
        }
        // An address outside of RAM is the program's own mistake.
        let _ = self.ram.store(fromhost, AccessSize::Double, value);
        true
    }

    /// Prints what the console takes; after everything, answers the call.
    fn print(&self, state: &mut State, mut printing: Printing) -> bool {
        let taken = self.console.write(&printing.rest);
        printing.rest.drain(..taken.min(printing.rest.len()));
        if !printing.rest.is_empty() {
            state.printing = Some(printing);
            return taken != 0;
        }
        if let Some(call) = printing.call {
            self.finish_call(state, &call);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{atomic::AtomicU32, mpsc};

    use vm_testing::{receive, wait_for, wait_until};

    use super::*;

    const BASE: u64 = 0x8000_0000;
    const TOHOST: GuestPhysAddr = GuestPhysAddr(BASE);
    const FROMHOST: GuestPhysAddr = GuestPhysAddr(BASE + 8);
    const BLOCK: u64 = BASE + 0x100;

    struct TestConsole {
        printed: Mutex<Vec<u8>>,
        input: Mutex<Vec<u8>>,
        /// How many more bytes it takes.
        room: AtomicU32,
    }

    impl FirmwareConsole for TestConsole {
        fn write(&self, bytes: &[u8]) -> usize {
            // One byte at a time, as a busy console would.
            let room = self.room.load(Ordering::SeqCst);
            if room == 0 {
                return 0;
            }
            self.room.store(room - 1, Ordering::SeqCst);
            self.printed.lock().extend(bytes.first());
            1
        }

        fn read(&self) -> Option<u8> {
            self.input.lock().pop()
        }
    }

    struct Fixture {
        ram: GuestRam,
        console: Arc<TestConsole>,
        events: mpsc::Receiver<PowerEvent>,
        htif: Htif,
    }

    fn fixture() -> Fixture {
        let ram = GuestRam::new(&[(GuestPhysAddr(BASE), 0x1000)]).unwrap();
        let console = Arc::new(TestConsole {
            printed: Mutex::default(),
            input: Mutex::default(),
            room: AtomicU32::new(u32::MAX),
        });
        let (sender, events) = mpsc::channel();
        let addresses = HtifAddresses {
            tohost: TOHOST.0,
            fromhost: Some(FROMHOST.0),
        };
        let power = Arc::new(move |event| sender.send(event).unwrap());
        let htif = Htif::new(addresses, ram.clone(), console.clone(), power);
        htif.start().unwrap();
        Fixture {
            ram,
            console,
            events,
            htif,
        }
    }

    impl Fixture {
        fn command(&self, value: u64) {
            self.ram.store(TOHOST, AccessSize::Double, value).unwrap();
            wait_until("the command to be taken", || {
                self.ram.load(TOHOST, AccessSize::Double) == Some(0)
            });
        }

        /// Stores the call write(1, text, text.len()).
        fn write(&self, text: &[u8]) {
            let at = BASE + 0x200;
            self.ram.write(GuestPhysAddr(at), text).unwrap();
            let words = [64, 1, at, text.len() as u64];
            for (index, word) in words.into_iter().enumerate() {
                let addr = GuestPhysAddr(BLOCK + 8 * index as u64);
                self.ram.store(addr, AccessSize::Double, word).unwrap();
            }
        }

        fn result(&self) -> Option<u64> {
            self.ram.load(GuestPhysAddr(BLOCK), AccessSize::Double)
        }

        fn answer(&self) -> u64 {
            let value = wait_for("an answer", || {
                let value = self.ram.load(FROMHOST, AccessSize::Double);
                value.filter(|value| *value != 0)
            });
            self.ram.store(FROMHOST, AccessSize::Double, 0).unwrap();
            value
        }
    }

    #[test]
    fn the_exit_code_is_the_status() {
        let fixture = fixture();
        for (value, status) in [(1, 0), (7 << 1 | 1, 7), (u64::MAX >> 16, u32::MAX)] {
            fixture.command(value);
            let event = receive("the end", &fixture.events);
            assert_eq!(event, PowerEvent::PowerOff { status });
        }
    }

    #[test]
    fn characters_go_both_ways() {
        let fixture = fixture();
        for byte in *b"hi" {
            fixture.command(1 << 56 | 1 << 48 | u64::from(byte));
        }
        fixture.command(1 << 56);
        fixture.console.input.lock().push(b'x');
        assert_eq!(fixture.answer(), 1 << 56 | 0x100 | u64::from(b'x'));
        assert_eq!(*fixture.console.printed.lock(), b"hi");
    }

    #[test]
    fn system_calls_print_and_answer() {
        let fixture = fixture();
        fixture.write(b"text");
        fixture.command(BLOCK);
        assert_eq!(fixture.answer(), 1);
        assert_eq!(*fixture.console.printed.lock(), b"text");
        assert_eq!(fixture.result(), Some(4));
    }

    /// Goes on where another has been stopped, with the same memory and a new console.
    fn restored(from: &Fixture) -> Fixture {
        let to = fixture();
        to.htif.stop();
        let mut bytes = vec![0; 0x1000];
        from.ram.read(GuestPhysAddr(BASE), &mut bytes).unwrap();
        to.ram.write(GuestPhysAddr(BASE), &bytes).unwrap();
        to.htif.restore(&from.htif.save().unwrap()).unwrap();
        to.htif.start().unwrap();
        to
    }

    #[test]
    fn a_read_waits_over_a_stop_and_in_a_saved_state() {
        let old = fixture();
        old.command(1 << 56);
        // The answer before has not been taken.
        old.ram.store(FROMHOST, AccessSize::Double, 77).unwrap();
        old.htif.stop();
        let new = restored(&old);
        old.htif.start().unwrap();
        for (fixture, byte) in [(&old, b'x'), (&new, b'y')] {
            fixture.console.input.lock().push(byte);
            wait_until("the input to be read", || {
                fixture.console.input.lock().is_empty()
            });
            fixture.htif.stop();
            fixture.htif.start().unwrap();
            assert_eq!(fixture.answer(), 77);
            assert_eq!(fixture.answer(), 1 << 56 | 0x100 | u64::from(byte));
        }
    }

    #[test]
    fn output_that_a_stop_cuts_short_is_printed_once_and_then_answered() {
        let old = fixture();
        old.console.room.store(3, Ordering::SeqCst);
        old.write(b"abcdefgh");
        old.command(BLOCK);
        wait_until("some output", || old.console.printed.lock().len() == 3);
        old.htif.stop();
        assert_eq!(
            (old.result(), old.ram.load(FROMHOST, AccessSize::Double)),
            (Some(64), Some(0))
        );
        let new = restored(&old);
        old.console.room.store(u32::MAX, Ordering::SeqCst);
        old.htif.start().unwrap();
        for (fixture, printed) in [(&old, &b"abcdefgh"[..]), (&new, b"defgh")] {
            assert_eq!(fixture.answer(), 1);
            assert_eq!(fixture.result(), Some(8));
            assert_eq!(*fixture.console.printed.lock(), printed);
        }
    }
}
