use crate::guest::{
    Guest,
    riscv64::{
        Privilege::{self, Machine, Supervisor, User},
        testing::Fixture,
    },
};

const ALL: [u32; 6] = [11, 3, 7, 9, 1, 5];
const SIE: u64 = 1 << 1;
const MIE: u64 = 1 << 3;

fn take(f: &mut Fixture) -> Option<u64> {
    let handler = f.hart.take_interrupt(&mut f.core, 0x100)?;
    let cause = if f.hart.privilege() == Machine {
        0x342
    } else {
        0x142
    };
    assert_eq!(handler, 0);
    Some(f.enter(Machine).csr(cause) & !(1 << 63))
}

/// A hart with all lines up and all interrupts enabled in `mie`.
fn storm(from: Privilege, status: u64, mideleg: u64) -> Fixture {
    let mut f = Fixture::new();
    f.write(0x300, status);
    f.write(0x303, mideleg);
    f.write(0x304, u64::MAX);
    ALL.iter()
        .for_each(|&line| f.core.control.set_line(line, true));
    f.enter(from);
    f
}

#[test]
fn urgency_is_external_software_timer_machine_first() {
    let mut f = storm(User, 0, 0);
    for line in ALL {
        assert_eq!(take(&mut f), Some(line.into()));
        f.core.control.set_line(line, false);
        f.enter(User);
    }
    assert_eq!(take(&mut f), None);
}

#[test]
fn delegated_ones_wait_behind_the_others() {
    let mut f = storm(User, 0, 0x222);
    for line in ALL {
        f.enter(User);
        assert_eq!(f.hart.take_interrupt(&mut f.core, 0), Some(0));
        let expected = if [9, 1, 5].contains(&line) {
            Supervisor
        } else {
            Machine
        };
        assert_eq!(f.hart.privilege(), expected, "line {line}");
        f.core.control.set_line(line, false);
    }
}

#[test]
fn partial_delegation_puts_machine_level_first() {
    // SSI stays with M-mode and comes before SEI, which is delegated.
    let mut f = storm(User, 0, 1 << 9);
    [11, 3, 7]
        .iter()
        .for_each(|&line| f.core.control.set_line(line, false));
    assert_eq!(take(&mut f), Some(1));
    f.core.control.set_line(1, false);
    f.enter(User);
    assert_eq!(take(&mut f), Some(5));
    f.core.control.set_line(5, false);
    f.enter(User);
    assert_eq!(take(&mut f), Some(9));
}

#[test]
fn privilege_and_global_enables_decide() {
    for (from, status, machine, supervisor) in [
        (User, 0, true, true),
        (Supervisor, 0, true, false),
        (Supervisor, SIE, true, true),
        (Machine, SIE, false, false),
        (Machine, MIE, true, false),
        (Machine, MIE | SIE, true, false),
    ] {
        for (line, taken) in [(7, machine), (5, supervisor)] {
            let mut f = Fixture::new();
            f.write(0x300, status);
            f.write(0x303, 0x222);
            f.write(0x304, u64::MAX);
            f.core.control.set_line(line, true);
            f.enter(from);
            assert!(
                f.hart.wake_pending(&f.core),
                "WFI ends whatever mstatus says"
            );
            assert_eq!(
                take(&mut f).is_some(),
                taken,
                "line {line} in {from:?}, {status:#x}"
            );
        }
    }
}

#[test]
fn masked_interrupts_neither_arrive_nor_wake() {
    let mut f = storm(User, 0, 0);
    f.enter(Machine).write(0x304, 0);
    f.enter(User);
    assert!(!f.hart.wake_pending(&f.core));
    assert_eq!(take(&mut f), None);
}

#[test]
fn lines_that_are_no_interrupts_are_ignored() {
    let mut f = Fixture::new();
    f.write(0x304, u64::MAX);
    [0, 2, 13, 63]
        .iter()
        .for_each(|&line| f.core.control.set_line(line, true));
    f.enter(User);
    assert!(!f.hart.wake_pending(&f.core));
    assert_eq!(take(&mut f), None);
}

#[test]
fn software_bits_interrupt_as_lines_do() {
    for bit in [1, 5, 9] {
        let mut f = Fixture::new();
        f.write(0x304, u64::MAX);
        f.write(0x344, 1 << bit);
        f.enter(User);
        assert_eq!(take(&mut f), Some(bit));
    }
}
