//! What embedders see of a machine that does not run, and why it stopped.

use vm_core::PowerEvent;
use vm_loader::Elf;

use super::*;

/// The address of a symbol of a guest.
fn symbol(name: &str, of: &str) -> u64 {
    let file = fs::read(guest(of)).unwrap();
    let elf = Elf::parse(&file).unwrap();
    let mut symbols = elf.symbols().unwrap();
    let found = symbols.find(|symbol| symbol.name == name);
    found.unwrap().address
}

/// Runs a machine until it stops; stops it for good if that takes too long.
fn run_until_stop(machine: &mut Machine) -> StopReason {
    let (done, running) = channel::<()>();
    let handle = machine.handle();
    let watchdog = thread::spawn(move || {
        let late = running.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout);
        late.then(|| handle.stop()).is_some()
    });
    let result = machine.run_until_stop();
    drop(done);
    assert!(!watchdog.join().unwrap(), "a stop: not within {DEADLINE:?}");
    result.unwrap()
}

fn general(machine: &mut Machine, vcpu: usize) -> Registers {
    machine.registers(vcpu).unwrap()
}

/// Register x19, in which the guest `count` has its next letter.
fn letter(registers: &mut Registers) -> &mut u64 {
    match registers {
        Registers::Riscv64(hart) => &mut hart.x[19],
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_changed_at_a_breakpoint_is_what_the_guest_goes_on_with() {
    let print = symbol("print", "count");
    for engine in engines() {
        let options = bare_metal("count").cpus(2u32).engine(engine);
        let mut fixture = Fixture::new(options.jit_threshold(0u32));
        let machine = &mut fixture.machine;
        machine.set_breakpoint(print);
        for (turn, expected) in "aAbB".chars().enumerate() {
            let (vcpu, pc) = (turn % 2, print);
            let stop = StopReason::Breakpoint { vcpu, pc };
            assert_eq!(run_until_stop(machine), stop, "{engine:?}");
            let mut registers = general(machine, vcpu);
            assert_eq!(registers.pc(), print);
            assert_eq!(*letter(&mut registers), u64::from(u32::from(expected)));
        }
        // One letter is another, and the next is printed by a step.
        assert_eq!(
            run_until_stop(machine),
            StopReason::Breakpoint { vcpu: 0, pc: print }
        );
        let mut registers = general(machine, 0);
        *letter(&mut registers) = u64::from(b'-');
        machine.set_registers(0, &registers).unwrap();
        machine.single_step(0).unwrap();
        assert_eq!(general(machine, 0).pc(), print + 4);
        assert_eq!(fixture.output.take(), b"aAbB-");
        let mut registers = general(machine, 0);
        *letter(&mut registers) = u64::from(b'c');
        machine.set_registers(0, &registers).unwrap();
        assert!(machine.remove_breakpoint(print) && !machine.remove_breakpoint(print));
        let rest = alphabet().split_off(5);
        assert_eq!(run_until_stop(machine), StopReason::Ended(OFF));
        assert_eq!(fixture.output.take(), rest.as_bytes(), "{engine:?}");
    }
}

#[test]
fn vcpus_that_come_to_a_breakpoint_together_are_all_told_of() {
    let start = symbol("_start", "count");
    let mut fixture = Fixture::new(bare_metal("count").cpus(2u32));
    fixture.machine.set_breakpoint(start);
    let mut vcpus = [0, 1].map(|_| match run_until_stop(&mut fixture.machine) {
        StopReason::Breakpoint { vcpu, pc } if pc == start => vcpu,
        other => panic!("{other:?}"),
    });
    vcpus.sort_unstable();
    assert_eq!(vcpus, [0, 1]);
    // Who runs to the end does not stop.
    fixture.machine.set_breakpoint(symbol("print", "count"));
    assert_eq!(fixture.run(), (OFF, alphabet()));
}

#[test]
fn breakpoints_outlive_a_reset() {
    let start = symbol("_start", "reset");
    let mut fixture = Fixture::new(bare_metal("reset"));
    fixture.machine.set_breakpoint(start);
    for life in 0..3 {
        let stop = run_until_stop(&mut fixture.machine);
        assert_eq!(stop, StopReason::Breakpoint { vcpu: 0, pc: start });
        assert_eq!(fixture.machine.stats().resets, life);
    }
}

#[test]
fn a_machine_that_was_paused_can_be_looked_at_saved_and_run_on() {
    let options = bare_metal("nowhere").cpus(2u32);
    let mut fixture = Fixture::new(options.clone());
    let machine = &mut fixture.machine;
    machine.handle().pause().unwrap();
    assert_eq!(run_until_stop(machine), StopReason::Paused);
    machine.set_system_register(1, "mscratch", 0x1234).unwrap();
    machine.write_physical(0x8000_1000, b"physical").unwrap();
    machine.write_virtual(0, 0x8000_1ffc, b"two pages").unwrap();
    let state = machine.save().unwrap();
    machine.handle().stop();
    assert_eq!(
        run_until_stop(machine),
        StopReason::Ended(ExitStatus::Stopped)
    );

    let mut other = Fixture::new(options);
    let machine = &mut other.machine;
    machine.restore(&state).unwrap();
    assert_eq!(machine.system_register(1, "mscratch").unwrap(), 0x1234);
    assert_eq!(machine.system_register(0, "mscratch").unwrap(), 0);
    let (mut first, mut second) = ([0; 8], [0; 9]);
    machine.read_virtual(1, 0x8000_1000, &mut first).unwrap();
    machine.read_physical(0x8000_1ffc, &mut second).unwrap();
    assert_eq!((&first, &second), (b"physical", b"two pages"));
    machine.handle().pause().unwrap();
    assert_eq!(run_until_stop(machine), StopReason::Paused);
}

#[test]
fn a_reset_that_the_guest_has_come_to_is_before_a_pause() {
    let mut fixture = Fixture::new(bare_metal("nowhere"));
    let machine = &mut fixture.machine;
    machine.handle().pause().unwrap();
    let reset = Event::Power {
        life: machine.life,
        event: PowerEvent::Reset,
    };
    machine.sender.send(reset).unwrap();
    assert_eq!(run_until_stop(machine), StopReason::Paused);
    assert_eq!(machine.stats().resets, 1);
}

#[test]
fn what_is_not_there_is_named() {
    let mut fixture = Fixture::new(bare_metal("nowhere"));
    let machine = &mut fixture.machine;
    let registers = general(machine, 0);
    let mut byte = [0];
    for (error, part) in [
        (
            machine.registers(1).map(drop),
            "no vCPU 1: the machine has 1",
        ),
        (machine.set_registers(7, &registers), "no vCPU 7"),
        (machine.single_step(1), "no vCPU 1"),
        (machine.system_register(0, "cr3").map(drop), "`cr3`"),
        (machine.set_system_register(0, "mhartid", 1), "`mhartid`"),
        (machine.read_physical(0, &mut byte), "memory"),
        (
            machine.write_virtual(0, 0x8000_0000 + (4 << 20) - 1, b"12"),
            "0x80400000",
        ),
    ] {
        let message = error.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    machine.read_physical(0x803f_ffff, &mut byte).unwrap();
    assert_eq!(byte, [0], "nothing was written");
}
