use vm_core::GuestArch;

use super::*;
use crate::guest::riscv64::testing::{Fixture, RAM};

fn general(f: &Fixture) -> GeneralRegisters {
    let registers = f.hart.registers(&f.core, RAM);
    assert_eq!(
        (registers.arch(), registers.pc()),
        (GuestArch::Riscv64, RAM)
    );
    let Registers::Riscv64(general) = registers;
    *general
}

#[test]
fn registers_that_are_set_are_there() {
    let mut f = Fixture::new();
    let wanted = GeneralRegisters {
        pc: RAM + 9,
        x: std::array::from_fn(|n| n as u64 + 100),
        f: std::array::from_fn(|n| n as u64 + 200),
        fcsr: 0x61,
        privilege: 1,
    };
    let registers = Registers::Riscv64(Box::new(wanted));
    let pc = f.hart.set_registers(&mut f.core, &registers).unwrap();
    assert_eq!(pc, RAM + 8, "instructions are aligned");
    let mut x = wanted.x;
    x[0] = 0;
    let seen = general(&f);
    assert_eq!(
        seen,
        GeneralRegisters {
            pc: RAM,
            x,
            ..wanted
        }
    );
    assert_eq!(f.hart.privilege(), Privilege::Supervisor);
    let mut same = Fixture::new();
    same.enter(Privilege::Supervisor);
    assert_eq!(
        f.core.accept, same.core.accept,
        "memory is accessed as S-mode does"
    );
}

#[test]
fn there_is_no_reserved_privilege_mode() {
    let mut f = Fixture::new();
    let before = general(&f);
    let wrong = GeneralRegisters {
        privilege: 2,
        x: [7; 32],
        ..before
    };
    let refused = f
        .hart
        .set_registers(&mut f.core, &Registers::Riscv64(Box::new(wrong)));
    assert!(matches!(
        refused,
        Err(RegisterError::Value { value: 2, .. })
    ));
    assert_eq!(general(&f), before);
}

#[test]
fn system_registers_are_known_by_the_names_of_the_manual() {
    let mut f = Fixture::new();
    // Out of U-mode's reach, but not of a debugger's.
    f.enter(Privilege::User);
    for (name, number, value) in [
        ("mtvec", 0x305, RAM),
        ("sscratch", 0x140, 5),
        ("pmpaddr15", 0x3bf, 77),
        ("satp", 0x180, 8 << 60 | 3),
    ] {
        f.hart
            .set_system_register(&mut f.core, name, value)
            .unwrap();
        assert_eq!(f.hart.system_register(&f.core, name).unwrap(), value);
        assert_eq!(f.hart.privilege(), Privilege::User);
        f.enter(Privilege::Machine);
        assert_eq!(f.csr(number), value, "{name}");
        f.enter(Privilege::User);
    }
    for name in ["mhpmevent3", "hpmcounter31", "pmpcfg2", "time"] {
        f.hart.system_register(&f.core, name).unwrap();
    }
    for name in [
        "",
        "mtvecs",
        "pmpaddr",
        "pmpaddr16",
        "pmpaddr07",
        "pmpcfg1",
        "mhpmevent2",
        "hpmcounter32",
        "x1",
    ] {
        let error = f.hart.system_register(&f.core, name).unwrap_err();
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    let error = f.hart.set_system_register(&mut f.core, "mhartid", 1);
    assert!(matches!(error, Err(RegisterError::ReadOnly(_))));
}

#[test]
fn a_counter_goes_on_from_what_it_is_set_to() {
    let mut f = Fixture::new();
    f.core.retired = 1000;
    f.hart
        .set_system_register(&mut f.core, "minstret", 5)
        .unwrap();
    assert_eq!(f.hart.system_register(&f.core, "minstret").unwrap(), 5);
    f.core.retired += 2;
    assert_eq!(f.hart.system_register(&f.core, "minstret").unwrap(), 7);
}
