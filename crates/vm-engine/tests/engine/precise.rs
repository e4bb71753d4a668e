//! What a handler sees of the instruction that faulted.

use vm_cross_arch::guest::riscv64::regs;

use crate::{
    common::asm::{reg::*, *},
    machine::{Machine, RAM, RAM_BYTES, SCRATCH},
};

const HANDLER: i32 = 0x400;
/// Nobody answers here.
const NOWHERE: u64 = 0x1000;

/// What the handler found.
#[derive(Debug, PartialEq)]
struct Trap {
    cause: u64,
    /// Offset of the instruction from the program's start.
    at: u64,
    value: u64,
    /// Instructions retired since the last of the set-up.
    retired: u64,
    machine: Vec<u64>,
}

/// Runs `set_up` and `body` with a handler that stops; returns what it found and
/// registers a0 to a7, and the RAM.
fn trap(
    set_up: impl Fn(&mut Program),
    body: impl Fn(&mut Program),
) -> (Trap, std::sync::Arc<vm_engine::vcpu::MachineShared>) {
    let mut p = Program::new();
    p.li(T1, RAM + HANDLER as u64)
        .put([csrrw(ZERO, csr::MTVEC, T1)]);
    set_up(&mut p);
    p.put([csrrs(S0, csr::MINSTRET, ZERO)]);
    body(&mut p);
    p.pad(HANDLER);
    p.put([csrrs(S1, csr::MINSTRET, ZERO)]);
    p.put([csrrs(S2, csr::MCAUSE, ZERO), csrrs(S3, csr::MEPC, ZERO)]);
    p.put([csrrs(T2, csr::MTVAL, ZERO)]).stop_with(ZERO);
    let machine = Machine::new(1, &p);
    let shared = machine.shared.clone();
    let (_, harts) = machine.run();
    let x = |n: u32| harts[0].core.get(regs::x(n as u8));
    let trap = Trap {
        cause: x(S2),
        at: x(S3).wrapping_sub(RAM),
        value: x(T2),
        // The read itself counts, the one in the handler does not.
        retired: x(S1) - x(S0) - 1,
        machine: (10..18).map(x).collect(),
    };
    (trap, shared)
}

#[test]
fn instructions_before_the_faulting_one_are_done_and_no_others() {
    // Each kind of instruction faults in the middle of a block.
    for (insn, cause) in [
        (ld(A1, A0, 0), 5),
        (sd(A1, A0, 0), 7),
        (lr_d(A1, A0), 5),
        (amoadd_w(A1, A2, A0), 7),
        (0xffff_ffff, 2),
        (ECALL, 11),
        (0x0010_0073, 3),
    ] {
        for before in [0, 1, 5, 63, 64, 65] {
            let (found, _) = trap(
                |p| {
                    p.li(A0, NOWHERE).li(A1, 0x55).li(A3, 0);
                },
                |p| {
                    p.put((0..before).map(|_| addi(A3, A3, 1)));
                    p.put([insn, addi(A3, A3, 100), addi(A1, ZERO, 0)]);
                },
            );
            // Set-up: the vector, three constants, the counter.
            let at = 4 * (6 + 15 + 1 + before);
            let value = match cause {
                5 | 7 => NOWHERE,
                2 => 0xffff_ffff,
                3 => RAM + at,
                _ => 0,
            };
            let state = vec![NOWHERE, 0x55, 0, before, 0, 0, 0, 0];
            let want = Trap {
                cause,
                at,
                value,
                retired: before,
                machine: state,
            };
            assert_eq!(found, want, "{insn:#x} after {before}");
        }
    }
}

#[test]
fn no_ops_count_as_instructions() {
    let (found, _) = trap(
        |p| {
            p.li(A0, NOWHERE);
        },
        |p| {
            p.put([NOP, addi(ZERO, A0, 1), NOP, lw(ZERO, A0, 0), NOP]);
        },
    );
    assert_eq!((found.cause, found.retired), (5, 3));
    assert_eq!(found.at, 4 * (6 + 5 + 1 + 3));
}

/// Offset of the first instruction of a body after one constant in the set-up.
const BODY: u64 = 4 * (6 + 5 + 1);

#[test]
fn a_branch_ahead_that_is_taken_counts_with_what_was_before_it() {
    for before in [0, 1, 5, 61, 62, 63, 64] {
        let (found, _) = trap(
            |p| {
                p.li(A3, 0);
            },
            |p| {
                p.put((0..before).map(|_| addi(A3, A3, 1)));
                p.put([beq(A4, A5, 12), addi(A3, A3, 100), addi(A3, A3, 200), ECALL]);
            },
        );
        assert_eq!((found.cause, found.retired), (11, before + 1), "{before}");
        assert_eq!(found.at, BODY + 4 * (before + 3));
        assert_eq!(found.machine[3], before);
    }
}

#[test]
fn a_fault_behind_branches_ahead_is_precise() {
    for branches in [1, 7, 8, 9, 20] {
        for (insn, cause) in [(ld(A3, ZERO, 0), 5), (sd(A3, ZERO, 0), 7), (ECALL, 11)] {
            let (found, _) = trap(
                |p| {
                    p.li(A3, 0);
                },
                |p| {
                    for _ in 0..branches {
                        p.put([bne(A4, A5, 16), addi(A3, A3, 1)]);
                    }
                    p.put([insn, addi(A3, A3, 100), addi(A3, A3, 200)]);
                },
            );
            assert_eq!((found.cause, found.retired), (cause, 2 * branches));
            assert_eq!(found.at, BODY + 8 * branches);
            assert_eq!(found.machine[3], branches);
        }
    }
}

#[test]
fn a_fault_behind_jumps_ahead_is_precise() {
    // Further than a block's source reaches, too.
    for gap in [0, 1, 40, 150] {
        let (found, _) = trap(
            |p| {
                p.li(A3, 0);
            },
            |p| {
                p.put([addi(A3, A3, 1), jal(ZERO, 4 * (gap + 1))]);
                p.put((0..gap).map(|_| addi(A3, A3, 100)));
                p.put([addi(A3, A3, 2), ld(A3, ZERO, 0)]);
            },
        );
        assert_eq!((found.cause, found.retired), (5, 3), "{gap}");
        assert_eq!(found.at, BODY + 4 * (gap as u64 + 3));
        assert_eq!(found.machine[3], 3);
    }
}

#[test]
fn a_fetch_that_faults_reports_where_it_fetched() {
    let (found, _) = trap(
        |p| {
            p.li(A0, NOWHERE + 2);
        },
        |p| {
            p.put([NOP, jalr(RA, A0, 0)]);
        },
    );
    assert_eq!(
        (found.cause, found.value, found.retired),
        (1, NOWHERE + 2, 2)
    );
    assert_eq!(found.at.wrapping_add(RAM), NOWHERE + 2);
}

#[test]
fn an_instruction_whose_second_half_is_nowhere_faults_there() {
    // The first half of a four-byte instruction in the last two bytes of RAM.
    let last = RAM + RAM_BYTES - 2;
    let (found, _) = trap(
        |p| {
            p.li(A0, last).li(A1, 0x13).put([sh(A1, A0, 0)]);
        },
        |p| {
            p.put([jalr(ZERO, A0, 0)]);
        },
    );
    assert_eq!((found.cause, found.value), (1, last + 2));
    assert_eq!((found.at + RAM, found.retired), (last, 1));
    // A two-byte one runs, and the fetch after it faults.
    let (found, _) = trap(
        |p| {
            p.li(A0, last).li(A1, 0x0505).put([sh(A1, A0, 0)]);
        },
        |p| {
            p.put([jalr(ZERO, A0, 0)]);
        },
    );
    assert_eq!((found.cause, found.value, found.retired), (1, last + 2, 2));
    assert_eq!(found.machine[0], last + 1, "c.addi a0, 1");
}

#[test]
fn a_store_into_nothing_stores_nothing() {
    // Across the end of RAM: six bytes would fit.
    let end = RAM + RAM_BYTES;
    let (found, shared) = trap(
        |p| {
            p.li(A0, end - 6).li(A1, 0xffff_ffff);
        },
        |p| {
            p.put([sd(A1, A0, 0)]);
        },
    );
    assert_eq!((found.cause, found.value, found.retired), (7, end, 0));
    let size = vm_core::AccessSize::Double;
    let addr = vm_core::GuestPhysAddr(end - 8);
    assert_eq!(shared.ram.load(addr, size), Some(0));
    let (found, _) = trap(
        |p| {
            p.li(A0, end - 6).li(A1, 0x77);
        },
        |p| {
            p.put([ld(A1, A0, 0)]);
        },
    );
    assert_eq!((found.cause, found.value, found.machine[1]), (5, end, 0x77));
}

#[test]
fn devices_are_not_accessed_across_a_page() {
    for (insn, cause) in [(ld(A1, A0, 0), 5), (sd(A1, A0, 0), 7)] {
        let (found, _) = trap(
            |p| {
                p.li(A0, SCRATCH + 12).li(A2, SCRATCH).put([sd(A0, A2, 8)]);
            },
            |p| {
                p.put([insn]);
            },
        );
        assert_eq!((found.cause, found.value), (cause, SCRATCH + 12));
    }
}

#[test]
fn devices_take_misaligned_accesses_within_a_page() {
    let mut p = Program::new();
    p.li(A0, SCRATCH).li(A1, 0x1122_3344);
    p.put([sw(A1, A0, 3), lhu(A2, A0, 5), ld(A3, A0, 1)]);
    p.put([slli(A2, A2, 48), add(A3, A3, A2)]).stop_with(A3);
    assert_eq!(Machine::new(1, &p).run().0, 0x1122_1122_3344_0000);
}

#[test]
fn physical_protection_ends_execution_within_a_page() {
    let function = 0x2000;
    let whole = addi(A1, A1, 1);
    let compressed = 0x0585;
    // Four instructions, then one of two bytes before one of four.
    let aligned = [whole, whole, whole, whole];
    let straddling = [
        compressed | whole << 16,
        whole >> 16 | compressed << 16,
        0,
        0,
    ];
    for (code, denied, at, ran) in [
        (aligned, 8, 8, 2),
        (aligned, 0, 0, 0),
        (straddling, 4, 2, 1),
        (straddling, 8, 8, 3),
    ] {
        let (found, _) = trap(
            |p| {
                p.li(A0, RAM + function).li(A1, 0);
                for (offset, word) in (0..).step_by(4).zip(code) {
                    p.li(A2, word.into()).put([sw(A2, A0, offset)]);
                }
                deny(p, RAM + function + denied);
            },
            |p| {
                p.put([jalr(ZERO, A0, 0)]);
            },
        );
        assert_eq!(found.cause, 1);
        assert_eq!(
            (found.at, found.value),
            (function + at, RAM + function + denied)
        );
        assert_eq!(found.machine[1], ran, "what ran before");
    }
}

/// Takes all rights to four bytes, also from M-mode: entry 0 of PMP, locked, NA4.
fn deny(p: &mut Program, addr: u64) {
    p.li(A3, addr >> 2).put([csrrw(ZERO, csr::PMPADDR0, A3)]);
    p.li(A3, 0x90).put([csrrw(ZERO, csr::PMPCFG0, A3)]);
}

#[test]
fn protection_of_one_hart_does_not_leak_through_shared_blocks() {
    // The function runs once before the protection and must not run after it.
    let function = 0x2000u64;
    let (found, _) = trap(
        |p| {
            p.li(A0, RAM + function).li(A1, 0);
            p.li(A2, u64::from(addi(A1, A1, 1)));
            p.put([0, 4, 8].map(|offset| sw(A2, A0, offset)));
            p.li(A2, RET.into()).put([sw(A2, A0, 12), FENCE_I]);
            p.put([jalr(RA, A0, 0)]);
            deny(p, RAM + function + 8);
        },
        |p| {
            p.put([jalr(RA, A0, 0)]);
        },
    );
    assert_eq!((found.cause, found.at), (1, function + 8));
    assert_eq!(found.machine[1], 3 + 2);
}

#[test]
fn a_store_across_two_pages_respects_protection_of_every_byte() {
    // Four of the eight bytes are denied: in the first page, in the second.
    let boundary = RAM + 0x3000;
    for denied in [boundary - 4, boundary] {
        let (found, shared) = trap(
            |p| {
                p.li(A0, boundary - 6).li(A1, 0xffff_ffff);
                deny(p, denied);
            },
            |p| {
                p.put([sd(A1, A0, 0)]);
            },
        );
        assert_eq!((found.cause, found.value), (7, denied));
        for at in [boundary - 8, boundary] {
            let size = vm_core::AccessSize::Double;
            let addr = vm_core::GuestPhysAddr(at);
            assert_eq!(shared.ram.load(addr, size), Some(0), "nothing was stored");
        }
    }
}
