mod effects;

use vm_cross_arch::{
    guest::riscv64::{Helper, regs},
    ir::HelperId,
};

use crate::cache::JumpFlush;
use crate::guest::{
    Exception, Guest, HelperCall, Outcome,
    riscv64::{
        Extensions, HartConfig,
        Privilege::{Machine, Supervisor, User},
        testing::{Fixture, RAM},
    },
};

const DONE: Result<Outcome, Exception> = Ok(Outcome::Value(0));

fn illegal(bits: u64) -> Result<Outcome, Exception> {
    Err(Exception {
        cause: 2,
        value: bits,
    })
}

/// A hart in the given mode with `menvcfg` and `senvcfg` set, all memory open.
fn with_envcfg(menvcfg: u64, senvcfg: u64) -> Fixture {
    let mut f = Fixture::new();
    f.write(0x30a, menvcfg);
    f.write(0x10a, senvcfg);
    f.write(0x3b0, u64::MAX);
    f.write(0x3a0, 0x1f);
    f
}

#[test]
fn unknown_and_illegal_helpers_raise_illegal_instruction() {
    let mut f = Fixture::new();
    assert_eq!(f.helper(Helper::Illegal, [0x77, 0, 0]), illegal(0x77));
    let call = HelperCall {
        id: HelperId(999),
        args: [5, 0, 0],
        pc: 0,
        next: 4,
    };
    assert_eq!(f.hart.helper(&mut f.core, &call), illegal(5));
}

#[test]
fn csr_instructions_pass_operation_and_operand() {
    let mut f = Fixture::new();
    let csrrw = |funct3: u64| funct3 << 12 | 0x73;
    assert_eq!(f.helper(Helper::CsrWrite, [0x340, 6, csrrw(1)]), DONE);
    assert_eq!(
        f.helper(Helper::CsrWrite, [0x340, 1, csrrw(6)]),
        Ok(Outcome::Value(6))
    );
    assert_eq!(
        f.helper(Helper::CsrWrite, [0x340, 2, csrrw(3)]),
        Ok(Outcome::Value(7))
    );
    assert_eq!(
        f.helper(Helper::CsrRead, [0x340, 0, 0]),
        Ok(Outcome::Value(5))
    );
    assert_eq!(f.helper(Helper::CsrWrite, [0x340, 2, 0x73]), illegal(0x73));
    assert_eq!(
        f.helper(Helper::CsrWrite, [0xf14, 0, csrrw(2)]),
        illegal(csrrw(2))
    );
}

#[test]
fn waiting_is_allowed_by_mode_and_tw() {
    let mut f = Fixture::new();
    for (tw, supervisor) in [(0, Ok(Outcome::Halt)), (1 << 21, illegal(1))] {
        f.enter(Machine).write(0x300, tw);
        assert_eq!(f.helper(Helper::Wfi, [1, 0, 0]), Ok(Outcome::Halt));
        assert_eq!(
            f.enter(Supervisor).helper(Helper::Wfi, [1, 0, 0]),
            supervisor
        );
        assert_eq!(f.enter(User).helper(Helper::Wfi, [1, 0, 0]), illegal(1));
        assert_eq!(f.helper(Helper::Wrs, [1, 0, 0]), DONE);
    }
}

#[test]
fn instruction_fence_starts_an_epoch() {
    let mut f = Fixture::new();
    let epoch = f.core.machine.blocks.epoch();
    f.core.jump_flush = JumpFlush::default();
    assert_eq!(f.helper(Helper::FenceI, [0; 3]), DONE);
    assert!(f.core.jump_flush.is_pending());
    assert_ne!(f.core.machine.blocks.epoch(), epoch);
}

#[test]
fn ordering_fences_are_not_for_users() {
    let mut f = Fixture::new();
    assert_eq!(f.helper(Helper::SfenceOrder, [9, 0, 0]), DONE);
    assert_eq!(
        f.enter(Supervisor).helper(Helper::SfenceOrder, [9, 0, 0]),
        DONE
    );
    assert_eq!(
        f.enter(User).helper(Helper::SfenceOrder, [9, 0, 0]),
        illegal(9)
    );
}

#[test]
fn cbo_zero_clears_the_aligned_block() {
    let mut f = Fixture::new();
    for i in 0..10 {
        f.poke(RAM + 0x38 + 8 * i, u64::MAX);
    }
    assert_eq!(f.helper(Helper::CboZero, [RAM + 0x7b, 0, 0]), DONE);
    assert_eq!(
        (f.peek(RAM + 0x38), f.peek(RAM + 0x80)),
        (u64::MAX, u64::MAX)
    );
    assert!((0..8).all(|i| f.peek(RAM + 0x40 + 8 * i) == 0));
}

#[test]
fn cbo_zero_needs_permission_of_all_higher_modes() {
    let args = [RAM, 0, 3];
    for (menvcfg, senvcfg, supervisor, user) in [
        (0, 0x80, illegal(3), illegal(3)),
        (0x80, 0, DONE, illegal(3)),
        (0x80, 0x80, DONE, DONE),
    ] {
        let mut f = with_envcfg(menvcfg, senvcfg);
        assert_eq!(f.helper(Helper::CboZero, args), DONE);
        assert_eq!(
            f.enter(Supervisor).helper(Helper::CboZero, args),
            supervisor
        );
        assert_eq!(f.enter(User).helper(Helper::CboZero, args), user);
    }
}

#[test]
fn cbo_management_needs_permission_by_kind() {
    // CLEAN and FLUSH want CBCFE, INVAL wants CBIE.
    for (imm, bit) in [(0, 1 << 4), (0, 3 << 4), (1, 1 << 6), (2, 1 << 6)] {
        let bits = imm << 20 | 3;
        let args = [RAM, 0, bits];
        let mut f = with_envcfg(0xf0 & !(bit | (0x30 * u64::from(imm == 0))), 0xf0);
        assert_eq!(f.helper(Helper::CboManage, args), DONE, "M-mode");
        assert_eq!(
            f.enter(Supervisor).helper(Helper::CboManage, args),
            illegal(bits)
        );
        let mut f = with_envcfg(bit, bit);
        assert_eq!(f.enter(Supervisor).helper(Helper::CboManage, args), DONE);
        assert_eq!(f.enter(User).helper(Helper::CboManage, args), DONE);
    }
}

#[test]
fn cache_blocks_fault_as_stores_at_the_given_address() {
    let mut f = Fixture::new();
    let fault = |value| Err(Exception { cause: 7, value });
    assert_eq!(f.helper(Helper::CboZero, [0x123, 0, 0]), fault(0x123));
    // CBO.CLEAN: what is not RAM has no cache blocks.
    assert_eq!(
        f.helper(Helper::CboManage, [0x123, 0, 1 << 20]),
        fault(0x123)
    );
    f.write(0x30a, 0xf0);
    f.enter(Supervisor);
    assert_eq!(
        f.helper(Helper::CboManage, [RAM + 9, 0, 1 << 20]),
        fault(RAM + 9)
    );
    assert_eq!(f.helper(Helper::CboZero, [RAM + 9, 0, 0]), fault(RAM + 9));
}

/// `amocas.q x<rd>, x<rs2>, (..)`, as far as the helper looks.
fn amocas(rd: u64, rs2: u64) -> u64 {
    rs2 << 20 | rd << 7
}

fn pair(f: &Fixture, n: u8) -> (u64, u64) {
    (f.slot(regs::x(n)), f.slot(regs::x(n + 1)))
}

fn set_pair(f: &mut Fixture, n: u8, low: u64, high: u64) {
    f.core.set(regs::x(n), low);
    f.core.set(regs::x(n + 1), high);
}

#[test]
fn amocas_q_swaps_equal_pairs_only() {
    let mut f = Fixture::new();
    f.poke(RAM + 0x10, 1);
    f.poke(RAM + 0x18, 2);
    set_pair(&mut f, 12, 1, 3);
    set_pair(&mut f, 14, 7, 8);
    assert_eq!(
        f.helper(Helper::AmoCasQ, [RAM + 0x10, 0, amocas(12, 14)]),
        DONE
    );
    assert_eq!((f.peek(RAM + 0x10), f.peek(RAM + 0x18)), (1, 2));
    assert_eq!(pair(&f, 12), (1, 2), "the old value");
    assert_eq!(
        f.helper(Helper::AmoCasQ, [RAM + 0x10, 0, amocas(12, 14)]),
        DONE
    );
    assert_eq!((f.peek(RAM + 0x10), f.peek(RAM + 0x18)), (7, 8));
    assert_eq!(pair(&f, 12), (1, 2));
}

#[test]
fn amocas_q_takes_x0_for_a_pair_of_zeros() {
    let mut f = Fixture::new();
    f.core.set(regs::x(1), 5);
    set_pair(&mut f, 14, 7, 8);
    assert_eq!(f.helper(Helper::AmoCasQ, [RAM, 0, amocas(0, 14)]), DONE);
    assert_eq!((f.peek(RAM), f.peek(RAM + 8)), (7, 8));
    assert_eq!(pair(&f, 0), (0, 5), "nothing is written back");
    set_pair(&mut f, 12, 7, 8);
    assert_eq!(f.helper(Helper::AmoCasQ, [RAM, 0, amocas(12, 0)]), DONE);
    assert_eq!((f.peek(RAM), f.peek(RAM + 8)), (0, 0));
}

#[test]
fn amocas_q_refuses_odd_registers_misalignment_and_devices() {
    let mut f = Fixture::new();
    for bits in [amocas(3, 4), amocas(4, 3)] {
        assert_eq!(f.helper(Helper::AmoCasQ, [RAM, 0, bits]), illegal(bits));
    }
    let bits = amocas(4, 6);
    let refused = |cause, value| Err(Exception { cause, value });
    assert_eq!(
        f.helper(Helper::AmoCasQ, [RAM + 8, 0, bits]),
        refused(6, RAM + 8)
    );
    assert_eq!(
        f.helper(Helper::AmoCasQ, [0x1000, 0, bits]),
        refused(7, 0x1000)
    );
    // PMP that allows the lower half only.
    f.write(0x3b0, (RAM + 8) >> 2);
    f.write(0x3a0, 0x0f);
    f.enter(User);
    assert_eq!(f.helper(Helper::AmoCasQ, [RAM, 0, bits]), refused(7, RAM));
}

#[test]
fn amocas_q_needs_one_pmp_entry_for_all_its_bytes() {
    let mut f = Fixture::new();
    let bits = amocas(4, 6);
    // Entry 0 allows everything below the upper half, entry 1 the rest.
    f.write(0x3b0, (RAM + 8) >> 2);
    f.write(0x3b1, u64::MAX >> 10);
    f.write(0x3a0, 0x0f0f);
    f.enter(User);
    let refused = Err(Exception {
        cause: 7,
        value: RAM,
    });
    assert_eq!(f.helper(Helper::AmoCasQ, [RAM, 0, bits]), refused);
    assert_eq!(f.helper(Helper::AmoCasQ, [RAM + 16, 0, bits]), DONE);
}

#[test]
fn amocas_q_is_illegal_without_zacas() {
    let config = HartConfig {
        extensions: Extensions {
            zacas: false,
            ..Extensions::default()
        },
        ..HartConfig::default()
    };
    let mut f = Fixture::with(config);
    let bits = amocas(4, 6);
    assert_eq!(f.helper(Helper::AmoCasQ, [RAM, 0, bits]), illegal(bits));
}
