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

use vm_core::{AccessSize, GuestPhysAddr, PowerEvent, PowerSink};
use vm_mem::GuestRam;

use super::{
    super::FirmwareConsole,
    command::{self, Command},
    proxy::{self, Request},
};

/// How long the thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(1);
/// How long it sleeps while commands come in.
const BUSY: Duration = Duration::from_micros(20);
/// After this many looks at nothing it sleeps longer.
const PATIENCE: u32 = 200;

/// Where a program talks to its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HtifAddresses {
    /// Where it stores commands.
    pub tohost: u64,
    /// Where it finds answers, if it wants any.
    pub fromhost: Option<u64>,
}

/// Serves HTIF while it lives.
pub struct Htif {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Htif {
    /// Watches the program's memory. The end of the program is reported to
    /// `power`, as a power-off with its exit code as the status.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn start(
        addresses: HtifAddresses,
        ram: GuestRam,
        console: Arc<dyn FirmwareConsole>,
        power: Arc<dyn PowerSink>,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut server = Server {
            addresses,
            ram,
            console,
            power,
            stop: Arc::clone(&stop),
            waiting_read: None,
        };
        let thread = thread::Builder::new()
            .name("htif".into())
            .spawn(move || server.run())?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Htif {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic there has already been reported on stderr.
            let _ = thread.join();
        }
    }
}

struct Server {
    addresses: HtifAddresses,
    ram: GuestRam,
    console: Arc<dyn FirmwareConsole>,
    power: Arc<dyn PowerSink>,
    stop: Arc<AtomicBool>,
    /// A read of the console that waits for input.
    waiting_read: Option<u64>,
}

impl Server {
    fn run(&mut self) {
        let mut quiet = 0u32;
        while !self.stop.load(Ordering::SeqCst) {
            if self.poll() {
                quiet = 0;
            } else {
                quiet = quiet.saturating_add(1);
                thread::park_timeout(if quiet < PATIENCE { BUSY } else { IDLE });
            }
        }
    }

    /// Looks once; returns whether there was something to do.
    fn poll(&mut self) -> bool {
        let answered = self.answer_read();
        let Some(tohost) = self.take_command() else {
            return answered;
        };
        match Command::decode(tohost) {
            Command::Exit { code } => self.exit(code),
            Command::SystemCall { block } => self.system_call(tohost, block),
            Command::PutChar(byte) => self.print(&[byte]),
            Command::GetChar => self.waiting_read = Some(tohost),
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

    fn system_call(&self, tohost: u64, block: u64) {
        match proxy::read(&self.ram, block) {
            None => tracing::warn!("the program's HTIF system call at {block:#x} is not in RAM"),
            Some(Request::Exit { code }) => self.exit(code),
            Some(Request::Answer(result)) => self.finish_call(tohost, block, result),
            Some(Request::Print(bytes)) => {
                self.print(&bytes);
                self.finish_call(tohost, block, bytes.len() as i64);
            }
        }
    }

    fn finish_call(&self, tohost: u64, block: u64, result: i64) {
        proxy::answer(&self.ram, block, result);
        self.answer(command::answer(tohost, 1));
    }

    /// Answers a waiting read, if there is input.
    fn answer_read(&mut self) -> bool {
        let Some(tohost) = self.waiting_read else {
            return false;
        };
        let Some(byte) = self.console.read() else {
            return false;
        };
        self.waiting_read = None;
        self.answer(command::answer(tohost, 0x100 | u64::from(byte)));
        true
    }

    /// Stores an answer when the program has taken the one before.
    fn answer(&self, value: u64) {
        let Some(fromhost) = self.addresses.fromhost.map(GuestPhysAddr) else {
            return;
        };
        let pending = || self.ram.load(fromhost, AccessSize::Double);
        while pending().is_some_and(|value| value != 0) && !self.stop.load(Ordering::SeqCst) {
            thread::park_timeout(BUSY);
        }
        // An address outside of RAM is the program's own mistake.
        let _ = self.ram.store(fromhost, AccessSize::Double, value);
    }

    /// Prints everything, however slow the console, while the machine runs.
    fn print(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.stop.load(Ordering::SeqCst) {
            let taken = self.console.write(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            if taken == 0 {
                thread::park_timeout(IDLE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use parking_lot::Mutex;

    use super::*;

    const BASE: u64 = 0x8000_0000;
    const TOHOST: GuestPhysAddr = GuestPhysAddr(BASE);
    const FROMHOST: GuestPhysAddr = GuestPhysAddr(BASE + 8);

    #[derive(Default)]
    struct TestConsole {
        printed: Mutex<Vec<u8>>,
        input: Mutex<Vec<u8>>,
    }

    impl FirmwareConsole for TestConsole {
        fn write(&self, bytes: &[u8]) -> usize {
            // One byte at a time, as a busy console would.
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
        _htif: Htif,
    }

    fn fixture() -> Fixture {
        let ram = GuestRam::new(&[(GuestPhysAddr(BASE), 0x1000)]).unwrap();
        let console = Arc::new(TestConsole::default());
        let (sender, events) = mpsc::channel();
        let addresses = HtifAddresses {
            tohost: TOHOST.0,
            fromhost: Some(FROMHOST.0),
        };
        let power = Arc::new(move |event| sender.send(event).unwrap());
        let htif = Htif::start(addresses, ram.clone(), console.clone(), power).unwrap();
        Fixture {
            ram,
            console,
            events,
            _htif: htif,
        }
    }

    impl Fixture {
        fn command(&self, value: u64) {
            self.ram.store(TOHOST, AccessSize::Double, value).unwrap();
            while self.ram.load(TOHOST, AccessSize::Double) != Some(0) {
                thread::yield_now();
            }
        }

        fn answer(&self) -> u64 {
            loop {
                match self.ram.load(FROMHOST, AccessSize::Double).unwrap() {
                    0 => thread::yield_now(),
                    value => {
                        self.ram.store(FROMHOST, AccessSize::Double, 0).unwrap();
                        return value;
                    }
                }
            }
        }
    }

    #[test]
    fn the_exit_code_is_the_status() {
        let fixture = fixture();
        for (value, status) in [(1, 0), (7 << 1 | 1, 7), (u64::MAX >> 16, u32::MAX)] {
            fixture.command(value);
            assert_eq!(fixture.events.recv(), Ok(PowerEvent::PowerOff { status }));
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
        let block = BASE + 0x100;
        fixture
            .ram
            .write(GuestPhysAddr(BASE + 0x200), b"text")
            .unwrap();
        for (index, word) in [64, 1, BASE + 0x200, 4].into_iter().enumerate() {
            let addr = GuestPhysAddr(block + 8 * index as u64);
            fixture.ram.store(addr, AccessSize::Double, word).unwrap();
        }
        fixture.command(block);
        assert_eq!(fixture.answer(), 1);
        assert_eq!(*fixture.console.printed.lock(), b"text");
        let result = fixture.ram.load(GuestPhysAddr(block), AccessSize::Double);
        assert_eq!(result, Some(4));
    }
}
