use vm_cross_arch::guest::riscv64::Helper;

use crate::{
    atomic,
    guest::{
        Exception, Guest, Outcome,
        riscv64::{
            Privilege::{self, Machine, Supervisor, User},
            testing::{Fixture, RAM},
        },
    },
};
use vm_core::AccessSize;

const PC: u64 = 0x8000_4444;
const MTVEC: u64 = 0x8000_1000;
const STVEC: u64 = 0xffff_ffff_8000_2000;
const SIE: u64 = 1 << 1;
const MIE: u64 = 1 << 3;

fn fixture(medeleg: u64) -> Fixture {
    let mut f = Fixture::new();
    f.write(0x305, MTVEC);
    f.write(0x105, STVEC);
    f.write(0x302, medeleg);
    f
}

fn raise(f: &mut Fixture, from: Privilege, cause: u64) -> u64 {
    f.enter(from);
    f.hart.raise(
        &mut f.core,
        PC,
        Exception {
            cause,
            value: 0x1234,
        },
    )
}

#[test]
fn exceptions_go_where_medeleg_says_but_never_down() {
    for cause in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15] {
        for delegated in [false, true] {
            for from in [User, Supervisor, Machine] {
                let mut f = fixture(if delegated { u64::MAX } else { 0 });
                let handler = raise(&mut f, from, cause);
                let to_supervisor = delegated && from != Machine && cause != 11;
                assert_eq!(handler, if to_supervisor { STVEC } else { MTVEC });
                let to = if to_supervisor { Supervisor } else { Machine };
                assert_eq!(f.hart.privilege(), to, "cause {cause} from {from:?}");
                f.enter(Machine);
                let (epc, cause_csr, tval) = if to_supervisor {
                    (0x141, 0x142, 0x143)
                } else {
                    (0x341, 0x342, 0x343)
                };
                assert_eq!(
                    [f.csr(epc), f.csr(cause_csr), f.csr(tval)],
                    [PC, cause, 0x1234]
                );
            }
        }
    }
}

#[test]
fn entering_machine_mode_stacks_privilege_and_enable() {
    let mut f = fixture(0);
    f.write(0x300, MIE | SIE);
    raise(&mut f, User, 2);
    assert_eq!(f.csr(0x300) & 0x1faa, 1 << 7 | SIE);
    raise(&mut f, Supervisor, 2);
    assert_eq!(
        f.csr(0x300) & 0x1faa,
        1 << 11 | SIE,
        "MIE was off, S-mode below"
    );
}

#[test]
fn entering_supervisor_mode_stacks_privilege_and_enable() {
    let mut f = fixture(u64::MAX);
    f.write(0x300, MIE | SIE);
    raise(&mut f, User, 8);
    assert_eq!(f.csr(0x100) & 0x122, 1 << 5);
    raise(&mut f, Supervisor, 8);
    assert_eq!(f.csr(0x100) & 0x122, 1 << 8, "SIE was off");
    assert_eq!(f.enter(Machine).csr(0x300) & MIE, MIE);
}

#[test]
fn only_interrupts_are_vectored() {
    let mut f = fixture(0);
    f.write(0x305, MTVEC | 1);
    assert_eq!(raise(&mut f, User, 13), MTVEC);
    f.write(0x304, 1 << 7);
    f.core.control.set_line(7, true);
    f.enter(User);
    assert_eq!(f.hart.take_interrupt(&mut f.core, PC), Some(MTVEC + 4 * 7));
    assert_eq!(
        [f.csr(0x341), f.csr(0x342), f.csr(0x343)],
        [PC, 1 << 63 | 7, 0]
    );
}

#[test]
fn mret_goes_back_and_drops_mprv_below_machine_mode() {
    for (mpp, to) in [(0, User), (1, Supervisor), (3, Machine)] {
        let mut f = fixture(0);
        f.write(0x341, PC);
        f.write(0x300, mpp << 11 | 1 << 7 | 1 << 17);
        assert_eq!(f.helper(Helper::Mret, [0; 3]), Ok(Outcome::Jump(PC)));
        assert_eq!(f.hart.privilege(), to);
        let status = f.enter(Machine).csr(0x300);
        assert_eq!(status & 0x1888, 1 << 7 | MIE);
        assert_eq!(status & 1 << 17 != 0, to == Machine);
    }
}

#[test]
fn mret_is_for_machine_mode() {
    for from in [User, Supervisor] {
        let mut f = fixture(0);
        f.enter(from);
        let refused = Err(Exception {
            cause: 2,
            value: 0x3020_0073,
        });
        assert_eq!(f.helper(Helper::Mret, [0x3020_0073, 0, 0]), refused);
        assert_eq!(f.hart.privilege(), from);
    }
}

#[test]
fn sret_goes_back_from_supervisor_and_machine_mode() {
    for from in [Supervisor, Machine] {
        for (spp, to) in [(0, User), (1, Supervisor)] {
            let mut f = fixture(0);
            f.write(0x141, PC);
            f.write(0x300, spp << 8 | 1 << 5 | 1 << 17);
            f.enter(from);
            assert_eq!(f.helper(Helper::Sret, [0; 3]), Ok(Outcome::Jump(PC)));
            assert_eq!(f.hart.privilege(), to);
            let status = f.enter(Machine).csr(0x300);
            assert_eq!(status & (1 << 17 | 1 << 8 | 1 << 5 | SIE), 1 << 5 | SIE);
        }
    }
}

#[test]
fn sret_can_be_trapped_and_is_not_for_users() {
    let refused = Err(Exception {
        cause: 2,
        value: 0x1020_0073,
    });
    let args = [0x1020_0073, 0, 0];
    let mut f = fixture(0);
    f.write(0x300, 1 << 22);
    assert_eq!(f.enter(User).helper(Helper::Sret, args), refused);
    assert_eq!(f.enter(Supervisor).helper(Helper::Sret, args), refused);
    assert!(
        f.enter(Machine).helper(Helper::Sret, args).is_ok(),
        "TSR is not for M-mode"
    );
}

#[test]
fn returning_ends_the_reservation() {
    for helper in [Helper::Mret, Helper::Sret] {
        let mut f = fixture(0);
        let size = AccessSize::Double;
        atomic::load_reserved(&mut f.core, &mut f.hart, RAM, size).unwrap();
        f.helper(helper, [0; 3]).unwrap();
        f.enter(Machine);
        let stored = atomic::store_conditional(&mut f.core, &mut f.hart, RAM, size, 1);
        assert_eq!(stored, Ok(false));
    }
}

#[test]
fn environment_calls_and_breakpoints_name_their_origin() {
    for (from, cause) in [(User, 8), (Supervisor, 9), (Machine, 11)] {
        let mut f = fixture(0);
        let call = f.enter(from).helper(Helper::Ecall, [0; 3]);
        assert_eq!(call, Err(Exception { cause, value: 0 }));
    }
    let breakpoint = fixture(0).helper(Helper::Ebreak, [0; 3]);
    assert_eq!(
        breakpoint,
        Err(Exception {
            cause: 3,
            value: RAM
        })
    );
}
