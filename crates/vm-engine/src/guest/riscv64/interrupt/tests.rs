use proptest::prelude::*;

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

/// The manual's rules, one interrupt at a time: the privilege that interrupt
/// `number` is taken in, if it is taken now (§3.1.9, §12.1.3).
fn taken_in(
    number: u32,
    [mip, mie, mideleg, status]: [u64; 4],
    from: Privilege,
) -> Option<Privilege> {
    if mip & mie & 1 << number == 0 {
        return None;
    }
    let to = if mideleg >> number & 1 != 0 {
        Supervisor
    } else {
        Machine
    };
    let enable = if to == Machine { MIE } else { SIE };
    (from < to || (from == to && status & enable != 0)).then_some(to)
}

proptest! {
    #[test]
    fn the_most_urgent_one_is_taken(
        mip in any::<u64>(),
        mie in any::<u64>(),
        mideleg in any::<u64>(),
        status in any::<u64>(),
        from in proptest::sample::select(vec![User, Supervisor, Machine]),
    ) {
        let mut f = Fixture::new();
        let state = [mip, mie, f.write(0x303, mideleg), status];
        f.write(0x304, mie);
        f.write(0x300, status & (MIE | SIE));
        ALL.iter().for_each(|&n| f.core.control.set_line(n, mip >> n & 1 != 0));
        let expected = [Machine, Supervisor].into_iter().find_map(|level| {
            let number = ALL.into_iter().find(|&n| taken_in(n, state, from) == Some(level))?;
            Some((level, u64::from(number)))
        });
        f.enter(from);
        let taken = f.hart.take_interrupt(&mut f.core, 0).map(|_| {
            let to = f.hart.privilege();
            let cause = if to == Machine { 0x342 } else { 0x142 };
            (to, f.enter(Machine).csr(cause) & !(1 << 63))
        });
        prop_assert_eq!(taken, expected);
    }
}
