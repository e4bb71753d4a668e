//! Whole machines with small guests. Their sources are in `guests/tests`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
};

use vm_engine::{guest::Registers, jit::SUPPORTED};
use vm_testing::{DEADLINE, join, wait_until};

use super::*;
mod conformance;
mod debugger;
mod input;
mod states;
mod talk;
mod threads;
mod writers;

use crate::{
    config::{Bios, ByteSize, DiskConfig, EngineChoice, MachineOptions, Transport},
    console::{ConsoleInput, HostConsole, MemoryOutput},
};

fn guest(name: &str) -> PathBuf {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/tests");
    guests.join(format!("{name}.elf"))
}

fn bare_metal(name: &str) -> MachineOptions {
    MachineOptions::default()
        .kernel(guest(name))
        .bios(Bios::None)
        .memory(ByteSize::mib(4))
}

struct Fixture {
    machine: Machine,
    output: Arc<MemoryOutput>,
    input: Arc<ConsoleInput>,
}

impl Fixture {
    fn new(options: MachineOptions) -> Self {
        Self::with(options.build().unwrap()).unwrap()
    }

    fn with(config: MachineConfig) -> Result<Self, MachineError> {
        let output = Arc::new(MemoryOutput::with_limit(1 << 20));
        let console = HostConsole::new(output.clone());
        let input = Arc::clone(&console.input);
        let machine = Machine::new(config, console)?;
        Ok(Self {
            machine,
            output,
            input,
        })
    }

    /// Runs the machine to its end, which it is to come to by itself, or by
    /// what another thread does.
    fn run(&mut self) -> (ExitStatus, String) {
        let status = run(&mut self.machine);
        let output = String::from_utf8_lossy(&self.output.take()).into_owned();
        (status, output)
    }
}

/// What the guest `count` prints.
fn alphabet() -> String {
    let letters = ('a'..='z').zip('A'..='Z');
    letters.flat_map(|(a, b)| [a, b]).collect()
}

/// Runs a machine to its end; stops it if it does not come to one.
fn run(machine: &mut Machine) -> ExitStatus {
    let (done, running) = channel::<()>();
    let handle = machine.handle();
    let watchdog = thread::spawn(move || {
        let late = running.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout);
        late.then(|| handle.stop()).is_some()
    });
    let result = machine.run();
    drop(done);
    let late = watchdog.join().unwrap();
    assert!(!late, "the end of the machine: not within {DEADLINE:?}");
    result.unwrap()
}

/// The engines that there are.
fn engines() -> Vec<EngineChoice> {
    let engines = [EngineChoice::Interp, EngineChoice::Jit];
    let there = |engine: &EngineChoice| SUPPORTED || *engine != EngineChoice::Jit;
    engines.into_iter().filter(there).collect()
}

/// Runs a guest that ends with the number of the check that has failed; returns what
/// it has printed.
fn check(options: &MachineOptions, engine: EngineChoice) -> String {
    // So that the JIT runs all of it.
    let options = options.clone().engine(engine).jit_threshold(0u32);
    let (status, output) = Fixture::new(options).run();
    assert_eq!(status, OFF, "{engine:?}: {output}");
    output
}

const OFF: ExitStatus = ExitStatus::PowerOff { status: 0 };

#[test]
fn htif_programs_print_end_and_leave_a_signature() {
    let directory = tempfile::tempdir().unwrap();
    let signature = directory.path().join("signature");
    let mut fixture = Fixture::new(bare_metal("htif").signature(signature.as_path()));
    let (status, output) = fixture.run();
    assert_eq!(status, ExitStatus::PowerOff { status: 42 });
    assert_eq!(output, "hello, host\n");
    let text = fs::read_to_string(signature).unwrap();
    assert_eq!(text, "00000005\n12345678\n");
}

#[test]
fn a_machine_has_one_time_whatever_it_is_set_by() {
    for engine in engines() {
        check(&bare_metal("time").cpus(2u32), engine);
    }
}

#[test]
fn a_teaching_kernel_for_qemus_board_runs_unmodified() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let text = b"hello from the disk\n";
    let mut disk = vec![0; 4096];
    disk[..text.len()].copy_from_slice(text);
    for engine in engines() {
        fs::write(&path, &disk).unwrap();
        let disk = DiskConfig {
            transport: Transport::Mmio,
            ..DiskConfig::new(path.as_path())
        };
        let options = bare_metal("teaching").cpus(3u32).add_disk(disk);
        let output = check(&options, engine);
        assert_eq!(output.as_bytes(), text);
        let written = fs::read(&path).unwrap();
        assert_eq!(written[512..512 + text.len()], *text, "{engine:?}");
    }
}

#[test]
fn a_machine_can_be_run_again_after_its_end() {
    let mut fixture = Fixture::new(bare_metal("htif"));
    let first = fixture.run();
    assert_eq!(fixture.run(), first);
}

#[test]
fn a_reset_clears_memory_or_ends_the_machine() {
    let mut fixture = Fixture::new(bare_metal("reset").no_reboot(true));
    assert_eq!(fixture.run(), (ExitStatus::Reset, "1".to_owned()));

    let Fixture {
        mut machine,
        output,
        ..
    } = Fixture::new(bare_metal("reset"));
    let handle = machine.handle();
    let runner = thread::spawn(move || machine.run());
    let mut seen = Vec::new();
    wait_until("three lives", || {
        seen.extend(output.take());
        seen.len() >= 3
    });
    handle.stop();
    let status = join("the end of the machine", runner);
    assert_eq!(status.unwrap(), ExitStatus::Stopped);
    assert!(seen.iter().all(|byte| *byte == b'1'), "{seen:?}");
}

#[test]
fn a_guest_that_is_nowhere_can_be_stopped() {
    let mut fixture = Fixture::new(bare_metal("nowhere").cpus(2u32));
    let handle = fixture.machine.handle();
    let stopper = thread::spawn(move || {
        // Each answer means that the machine has run meanwhile.
        for _ in 0..3 {
            handle.save().unwrap();
        }
        handle.stop();
    });
    assert_eq!(fixture.run().0, ExitStatus::Stopped);
    join("what stops the machine", stopper);
}

/// A machine whose guest hammers all devices, among them a disk on each bus.
fn hammering(name: &str, cpus: u32, directory: &Path) -> MachineOptions {
    let disk = |name: &str| {
        let path = directory.join(name);
        fs::write(&path, vec![0; 1 << 20]).unwrap();
        DiskConfig::new(path)
    };
    let mmio = DiskConfig {
        transport: Transport::Mmio,
        ..disk("mmio")
    };
    let options = bare_metal(name).cpus(cpus);
    options.add_disk(mmio).add_disk(disk("pci"))
}

#[test]
fn a_guest_that_hammers_the_devices_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new(hammering("hammer", 2, directory.path()));
    assert_eq!(fixture.run().0, OFF);
}

#[test]
#[ignore = "takes 10 s"]
fn a_guest_that_hammers_the_devices_for_long_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new(hammering("hammer10s", 4, directory.path()));
    assert_eq!(fixture.run().0, OFF);
}

#[test]
fn a_guest_that_hammers_the_devices_can_be_saved_and_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let options = hammering("hammer10s", 4, directory.path());
    // Each life but the first begins with what the last one has left.
    let mut state = None;
    for _ in 0..3 {
        let mut fixture = Fixture::new(options.clone());
        if let Some(state) = state.take() {
            fixture.machine.restore(&state).unwrap();
        }
        let handle = fixture.machine.handle();
        let stopper = thread::spawn(move || {
            // Each answer means that the machine has run meanwhile.
            let states: Vec<_> = (0..3).map(|_| handle.save().unwrap()).collect();
            handle.stop();
            states
        });
        assert_eq!(fixture.run().0, ExitStatus::Stopped);
        state = join("what stops the machine", stopper).pop();
    }
}

#[test]
fn a_machine_goes_on_from_its_saved_state() {
    let alphabet = alphabet();
    let options = bare_metal("count").cpus(2u32);
    let mut fixture = Fixture::new(options.clone());
    let handle = fixture.machine.handle();
    let output = fixture.output.clone();
    let saver = thread::spawn(move || {
        let mut seen = Vec::new();
        wait_until("seven letters", || {
            seen.extend(output.take());
            seen.len() >= 7
        });
        handle.pause().unwrap();
        let state = handle.save().unwrap();
        seen.extend(output.take());
        // Nothing moves while the machine is paused.
        let later = handle.save().unwrap();
        assert!(output.take().is_empty());
        assert_eq!((&state.vcpus, &state.ram), (&later.vcpus, &later.ram));
        handle.resume().unwrap();
        (state, String::from_utf8(seen).unwrap())
    });
    let (status, rest) = fixture.run();
    let (state, seen) = join("the saved state", saver);
    assert_eq!((status, seen.clone() + &rest), (OFF, alphabet.clone()));

    let mut other = Fixture::new(options);
    other.machine.restore(&state).unwrap();
    assert_eq!(
        other.run(),
        (OFF, alphabet.strip_prefix(&seen).unwrap().to_owned())
    );
}

#[test]
fn a_state_of_another_machine_is_refused() {
    let mut fixture = Fixture::new(bare_metal("nowhere"));
    let handle = fixture.machine.handle();
    let saver = thread::spawn(move || {
        let state = handle.save();
        handle.stop();
        state.unwrap()
    });
    fixture.run();
    let state = join("the saved state", saver);
    for (options, part) in [
        (bare_metal("nowhere").cpus(2u32), "set cpus"),
        (bare_metal("nowhere").memory(ByteSize::mib(8)), "size"),
        (bare_metal("htif"), "`htif`: set kernel"),
    ] {
        let mut other = Fixture::new(options);
        let message = other.machine.restore(&state).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn every_engine_runs_the_guest_and_says_so() {
    for (engine, part) in [
        (EngineChoice::Interp, "interpreter, as engine asks"),
        (EngineChoice::Auto, if SUPPORTED { "JIT" } else { "no JIT" }),
        (EngineChoice::Jit, "JIT, as engine asks"),
    ] {
        if engine == EngineChoice::Jit && !SUPPORTED {
            continue;
        }
        let mut fixture = Fixture::new(bare_metal("count").cpus(2u32).engine(engine));
        let line = fixture.machine.engine();
        assert!(line.contains(part), "{line}");
        assert_eq!(fixture.run().0, OFF);
    }
}

#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn without_memory_for_code_the_guest_is_interpreted_if_that_will_do() {
    let made = |choice| {
        let options = bare_metal("htif").cpus(2u32).engine(choice);
        let mut config = options.build().unwrap();
        config.tiers.code_bytes = usize::MAX;
        Fixture::with(config)
    };
    let error = made(EngineChoice::Jit).err().unwrap();
    let message = error.to_string();
    assert!(
        message.contains("engine jit: ") && message.contains("auto"),
        "{message}"
    );
    let mut fixture = made(EngineChoice::Auto).unwrap();
    let line = fixture.machine.engine();
    assert!(line.contains("interpreter: no memory"), "{line}");
    let vcpus = fixture.machine.hardware().unwrap().vcpus.parked().unwrap();
    assert!(vcpus.iter().all(|vcpu| vcpu.engine() == "interpreter"));
    assert_eq!(fixture.run().1, "hello, host\n");
}

#[test]
fn statistics_add_up_over_resets_and_vcpus() {
    let mut fixture = Fixture::new(bare_metal("count").cpus(2u32));
    assert_eq!(fixture.run().0, OFF);
    let once = fixture.machine.stats().clone();
    assert_eq!((once.vcpus.len(), once.resets), (2, 0));
    let total = once.total();
    assert!(total.instructions > 0 && total.tier0.blocks > 0);
    let tiers = total.tier0.retired + total.tier1.retired;
    assert_eq!(tiers, total.instructions);
    assert_eq!(fixture.run().0, OFF);
    let twice = fixture.machine.stats();
    assert!(twice.wall > once.wall);
    assert!(twice.total().instructions > total.instructions);

    let mut fixture = Fixture::new(bare_metal("reset"));
    let handle = fixture.machine.handle();
    let output = fixture.output.clone();
    let stopper = thread::spawn(move || {
        let mut seen = 0;
        wait_until("three lives", || {
            seen += output.take().len();
            seen >= 3
        });
        handle.stop();
    });
    assert_eq!(fixture.run().0, ExitStatus::Stopped);
    join("what stops the machine", stopper);
    let stats = fixture.machine.stats();
    assert!(stats.resets >= 2 && stats.total().instructions > stats.resets);
}

#[test]
fn what_is_missing_is_named() {
    let refused = |options: MachineOptions| {
        let console = HostConsole::new(Arc::new(MemoryOutput::with_limit(1)));
        let machine = Machine::new(options.build().unwrap(), console);
        machine.err().map(|error| error.to_string()).unwrap()
    };
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    fs::write(&empty, "").unwrap();
    for (options, parts) in [
        (
            MachineOptions::default(),
            ["add `kernel FILE`", "nothing to boot"],
        ),
        (bare_metal("none-such"), ["kernel ", "none-such"]),
        (
            bare_metal("htif").add_disk(DiskConfig::new(empty.as_path())),
            ["disk ", "512"],
        ),
        (
            bare_metal("htif").add_disk(DiskConfig::new("/no/such/disk")),
            ["disk ", "/no/such/disk"],
        ),
        (
            MachineOptions::default().kernel(empty.as_path()),
            ["kernel ", "empty"],
        ),
    ] {
        let message = refused(options);
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn there_are_places_for_a_limited_number_of_disks() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = bare_metal("htif");
    for number in 0..9 {
        let path = directory.path().join(number.to_string());
        fs::write(&path, vec![0; 512]).unwrap();
        let disk = DiskConfig {
            transport: Transport::Mmio,
            ..DiskConfig::new(path)
        };
        options = options.add_disk(disk);
    }
    let console = HostConsole::new(Arc::new(MemoryOutput::with_limit(1)));
    let machine = Machine::new(options.build().unwrap(), console);
    let message = machine.err().unwrap().to_string();
    assert!(message.contains("at most 8"), "{message}");
}
