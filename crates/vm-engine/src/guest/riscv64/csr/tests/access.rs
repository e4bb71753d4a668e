use std::collections::HashSet;

use super::super::{GROUPS, Operation, TABLE};
use crate::guest::{
    Exception,
    riscv64::{Privilege, testing::Fixture},
};

const MODES: [Privilege; 3] = [Privilege::User, Privilege::Supervisor, Privilege::Machine];

#[test]
fn names_and_numbers_are_unique() {
    let rows: Vec<_> = GROUPS.into_iter().flatten().collect();
    let names: HashSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len());
    let numbers: usize = rows.iter().map(|row| usize::from(row.count)).sum();
    assert_eq!(TABLE.iter().flatten().count(), numbers);
}

#[test]
fn every_number_obeys_privilege_and_read_only_bits() {
    for mode in MODES {
        for number in 0..0x1000 {
            let mut f = Fixture::new();
            f.write(0x300, 1 << 13);
            f.enter(mode);
            let too_low = number >> 8 & 3 > mode.bits();
            let read = f.try_csr(number);
            assert!(!(too_low && read.is_some()), "{number:#x} read in {mode:?}");
            let written = f.try_write(number, 0).is_some();
            let read_only = number >> 10 == 3;
            assert_eq!(
                written,
                read.is_some() && !read_only,
                "{number:#x} in {mode:?}"
            );
        }
    }
}

#[test]
fn absent_registers_are_illegal_with_the_instruction_as_value() {
    let mut f = Fixture::new();
    let illegal = Err(Exception {
        cause: 2,
        value: 0xabcd,
    });
    // Debug triggers, AIA, state enable, mseccfg, scountovf, odd pmpcfg, the
    // PMP entries beyond 16, hypervisor, vector and user trap registers.
    for number in [
        0x7a0, 0xfb0, 0x35c, 0x30c, 0x747, 0xda0, 0x3a1, 0x3a4, 0x3c0, 0x3ef, 0x600, 0x200, 0x008,
        0x000, 0x744, 0xb01, 0xfff, 0x1000,
    ] {
        assert_eq!(
            f.hart.read_csr(&f.core, number, 0xabcd),
            illegal,
            "{number:#x}"
        );
        let written = f
            .hart
            .write_csr(&mut f.core, number, Operation::Set, 0, 0xabcd);
        assert_eq!(written, illegal, "{number:#x}");
    }
}

#[test]
fn operations_write_set_and_clear_and_return_the_old_value() {
    let mut f = Fixture::new();
    let mut change = |operation, operand| {
        f.hart
            .write_csr(&mut f.core, 0x340, operation, operand, 0)
            .unwrap()
    };
    assert_eq!(change(Operation::Write, 0xf0), 0);
    assert_eq!(change(Operation::Set, 0x0f), 0xf0);
    assert_eq!(change(Operation::Clear, 0x18), 0xff);
    assert_eq!(f.csr(0x340), 0xe7);
}

#[test]
fn operation_is_in_funct3() {
    assert_eq!(Operation::of(1 << 12), Some(Operation::Write));
    assert_eq!(Operation::of(6 << 12), Some(Operation::Set));
    assert_eq!(Operation::of(7 << 12), Some(Operation::Clear));
    assert_eq!(Operation::of(4 << 12), None);
}
