//! Where blocks end, and the finer points of single instructions.

use super::{super::Rv64, *};
use crate::guest::{Isa, IsaContext};

const NOP: u32 = 0x0000_0013;
const C_NOP: u32 = 0x0001;

/// The lifted block, printed and without indentation.
fn printed(insns: &[u32]) -> String {
    let block = lift(insns, 64).expect("a whole instruction");
    let text = block.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("\n")
}

#[track_caller]
fn assert_lifts(insns: &[u32], expected: &[&str]) {
    assert_eq!(printed(insns), expected.join("\n"));
}

#[test]
fn a_block_ends_at_its_limit() {
    let block = lift(&[NOP, C_NOP, NOP], 2).unwrap();
    assert_eq!((block.insns, block.bytes), (2, 6));
    assert_eq!(block.end.to_string(), "jump.plain 6");
    assert_eq!(lift(&[NOP, NOP], 0).unwrap().insns, 1);
}

#[test]
fn a_block_ends_with_the_code() {
    let block = lift(&[C_NOP, C_NOP], 64).unwrap();
    assert_eq!((block.insns, block.bytes), (2, 4));
    assert_eq!(block.end.to_string(), "jump.plain 4");
}

#[test]
fn a_truncated_instruction_is_left_to_the_next_block() {
    let mut code = bytes(&[C_NOP, NOP]);
    code.truncate(4);
    let block = lift_block(&code, ALL_LEGAL, &LiftLimits::insns(64)).unwrap();
    assert_eq!((block.insns, block.bytes), (1, 2));
    assert_eq!(block.end.to_string(), "jump.plain 2");
}

#[test]
fn a_truncated_first_instruction_is_an_error() {
    for code in [&[][..], &[0x01], &[0x13, 0x00], &[0x13, 0x00, 0x00]] {
        let block = lift_block(code, ALL_LEGAL, &LiftLimits::insns(64));
        assert_eq!(block, Err(Truncated), "{code:?}");
    }
}

#[test]
fn the_longest_block_fits_its_own_length_field() {
    let code = C_NOP.to_le_bytes()[..2].repeat(40_000);
    let block = lift_block(&code, ALL_LEGAL, &LiftLimits::insns(u16::MAX)).unwrap();
    assert_eq!((block.insns, block.bytes), (0x7fff, 0xfffe));
    block.verify(&INFO).unwrap();
}

#[test]
fn an_illegal_instruction_ends_the_block_with_its_bits() {
    assert_lifts(
        &[NOP, 0xffff_ffff],
        &[
            "block 2, 8",
            "insn 0, 4",
            "insn 4, 4",
            "endhelper 0, 4294967295, 0, 0, 8",
        ],
    );
    // The upper half is the next instruction's.
    let block = lift_block(&[0, 0, 0x13, 0], ALL_LEGAL, &LiftLimits::insns(64));
    assert_eq!(block.unwrap().end.to_string(), "endhelper 0, 0, 0, 0, 2");
}

#[test]
fn addresses_are_relative_to_the_block() {
    // nop; auipc a0,0xfffff; c.nop; jal ra,.+0x10
    assert_lifts(
        &[NOP, 0xffff_f517, C_NOP, 0x0100_00ef],
        &[
            "block 4, 14",
            "insn 0, 4",
            "insn 4, 4",
            "s10 = add.w64 pc, -4092",
            "insn 8, 2",
            "insn 10, 4",
            "s1 = add.w64 pc, 14",
            "jump.call 26",
        ],
    );
    // c.nop; bne a0,zero,.-2
    assert_lifts(
        &[C_NOP, 0xfe05_1fe3],
        &[
            "block 2, 6",
            "insn 0, 2",
            "insn 2, 4",
            "branch.ne s10, 0, 0, 6",
        ],
    );
}

#[test]
fn forward_branches_leave_a_block_that_goes_on() {
    // beqz a0,.+12; c.bnez a1,.+6; blt a0,a1,.-6; c.nop
    assert_lifts(
        &[0x0005_0663, 0xe199, 0xfeb5_4de3, C_NOP],
        &[
            "block 3, 10",
            "insn 0, 4",
            "sideexit.eq s10, 0, 12",
            "insn 4, 2",
            "sideexit.ne s11, 0, 10",
            "insn 6, 4",
            "branch.lts s10, s11, 0, 10",
        ],
    );
}

#[test]
fn a_block_that_ends_at_a_branch_has_no_exit_for_it() {
    // beqz a0,.+12: at the limit, and at the end of the code.
    for code in [&[0x0005_0663][..], &[0x0005_0663, NOP]] {
        let block = lift(code, 1).unwrap();
        assert_eq!(block.end.to_string(), "branch.eq s10, 0, 12, 4");
        assert_eq!(block.ops.len(), 1);
    }
}

#[test]
fn a_block_has_so_many_exits_at_most() {
    let limits = LiftLimits {
        max_insns: 64,
        max_exits: 2,
    };
    let code = bytes(&[0x0005_0663; 5]);
    let block = lift_block(&code, ALL_LEGAL, &limits).unwrap();
    assert_eq!((block.insns, block.bytes), (3, 12));
    assert_eq!(block.end.to_string(), "branch.eq s10, 0, 20, 12");
}

#[test]
fn a_block_follows_jumps_ahead() {
    // c.j .+6; two halves of something else; auipc a0,0; jal t0,.+8
    assert_lifts(
        &[0xa019, 0xffff_ffff, 0x0000_0517, 0x0080_02ef],
        &[
            "block 3, 14",
            "insn 0, 2",
            "insn 6, 4",
            "s10 = add.w64 pc, 6",
            "insn 10, 4",
            "s5 = add.w64 pc, 14",
            "jump.call 18",
        ],
    );
    // c.j .+2; j .+4; c.nop
    let block = lift(&[0xa009, 0x0040_006f, C_NOP], 64).unwrap();
    assert_eq!((block.insns, block.bytes), (3, 8));
}

#[test]
fn a_block_ends_at_a_jump_that_leads_out_of_its_code() {
    // nop; j .+8; nop, which is not the target.
    let block = lift(&[NOP, 0x0080_006f, NOP], 64).unwrap();
    assert_eq!((block.insns, block.bytes), (2, 8));
    assert_eq!(block.end.to_string(), "jump.plain 12");
    // j .+8, at the limit
    let block = lift(&[0x0080_006f, NOP, NOP], 1).unwrap();
    assert_eq!((block.insns, block.bytes), (1, 4));
    assert_eq!(block.end.to_string(), "jump.plain 8");
    // nop; j .-4, and j .
    let block = lift(&[NOP, 0xffdf_f06f, NOP], 64).unwrap();
    assert_eq!(block.end.to_string(), "jump.plain 0");
    let block = lift(&[0x0000_006f, NOP], 64).unwrap();
    assert_eq!(block.end.to_string(), "jump.plain 0");
    // jal a0,.+8: it writes a register.
    let block = lift(&[0x0080_056f, NOP, NOP], 64).unwrap();
    assert_eq!(
        (block.insns, block.end.to_string().as_str()),
        (1, "jump.plain 8")
    );
}

#[test]
fn jalr_reads_its_target_before_it_links() {
    // jalr ra,8(ra)
    assert_lifts(
        &[0x0080_80e7],
        &[
            "block 1, 4",
            "insn 0, 4",
            "t0 = add.w64 s1, 8",
            "t0 = and.w64 t0, -2",
            "s1 = add.w64 pc, 4",
            "jumpindirect.call t0",
        ],
    );
    // c.jr ra: no link, no addition
    assert_lifts(
        &[0x8082],
        &[
            "block 1, 2",
            "insn 0, 2",
            "t0 = and.w64 s1, -2",
            "jumpindirect.return t0",
        ],
    );
}

#[test]
fn hints_do_nothing() {
    for insn in [
        0x0100_000f, // pause
        0x0000_000f, // fence 0,0
        0x0000_6013, // prefetch.i 0(zero)
        0x0020_0033, // ntl.p1
        0x00b5_0033, // add zero,a0,a1
        0x0000_1037, // lui zero,1
        0x4105_5013, // srai zero,a0,16
        0x0000_4013, // xori zero,zero,0
        0x900a,      // c.ntl.p1
        0x0005,      // c.nop 1
        0x4005,      // c.li zero,1
        0x6005,      // c.lui zero,1
        0x802a,      // c.mv zero,a0
        0x902a,      // c.add zero,a0
        0x0006,      // c.slli zero,1
    ] {
        let block = lift(&[insn], 1).unwrap();
        assert_eq!(block.ops.len(), 1, "{insn:#x}\n{block}");
        assert!(
            block.end.to_string().starts_with("jump.plain"),
            "{insn:#x}\n{block}"
        );
    }
}

#[test]
fn a_load_for_x0_still_loads() {
    // lw zero,4(a0)
    assert_lifts(
        &[0x0045_2003],
        &[
            "block 1, 4",
            "insn 0, 4",
            "t0 = load.w.sign s10, 4",
            "jump.plain 4",
        ],
    );
}

#[test]
fn fences_order_what_they_name() {
    let ordering = |pred: u32, succ: u32| {
        let block = lift(&[0x0f | pred << 24 | succ << 20], 1).unwrap();
        block.ops.get(1).map(ToString::to_string)
    };
    let fence = |name: &str| Some(format!("fence.{name}"));
    assert_eq!(ordering(0b0011, 0b0011), fence("sequential"));
    assert_eq!(ordering(0b0001, 0b0010), fence("sequential"));
    assert_eq!(ordering(0b0100, 0b1000), fence("sequential"));
    assert_eq!(ordering(0b0010, 0b0011), fence("acquire"));
    assert_eq!(ordering(0b1000, 0b0010), fence("acquire"));
    assert_eq!(ordering(0b0011, 0b0001), fence("release"));
    assert_eq!(ordering(0b0001, 0b0100), fence("release"));
    assert_eq!(ordering(0b0011, 0), None);
    assert_eq!(ordering(0, 0b0011), None);
}

/// Which CSR instructions read and write (Unprivileged §"Zicsr" Table 8).
#[test]
fn csr_instructions() {
    let tail = |insn: u32| {
        printed(&[insn])
            .lines()
            .skip(2)
            .collect::<Vec<_>>()
            .join("; ")
    };
    // csrrs a0,sstatus,zero and csrrci a0,sstatus,0 only read.
    assert_eq!(
        tail(0x1000_2573),
        "s10 = helper 9, 256, 0, 268445043; jump.plain 4"
    );
    assert_eq!(
        tail(0x1000_7573),
        "s10 = helper 9, 256, 0, 268465523; jump.plain 4"
    );
    // csrrs zero,sstatus,zero reads, too.
    assert_eq!(
        tail(0x1000_2073),
        "helper 9, 256, 0, 268443763; jump.plain 4"
    );
    // csrrw zero,sstatus,zero writes 0; csrrwi zero,sstatus,0 likewise.
    assert_eq!(tail(0x1000_1073), "endhelper 10, 256, 0, 268439667, 4");
    assert_eq!(tail(0x1000_5073), "endhelper 10, 256, 0, 268456051, 4");
    // csrrc a0,sstatus,a1 and csrrsi a0,sstatus,31 write.
    assert_eq!(
        tail(0x1005_b573),
        "s10 = endhelper 10, 256, s11, 268809587, 4"
    );
    assert_eq!(
        tail(0x100f_e573),
        "s10 = endhelper 10, 256, 31, 269477235, 4"
    );
}

/// A register of the supervisor that is nothing but storage needs no helper.
#[test]
fn storage_of_the_supervisor() {
    // csrrw a0,sscratch,a0
    assert_lifts(
        &[0x1405_1573],
        &[
            "block 1, 4",
            "insn 0, 4",
            "t0 = move s10",
            "s10 = move s64",
            "s64 = move t0",
            "jump.plain 4",
        ],
    );
    // csrw sepc,a0: bit 0 stays 0.
    assert_lifts(
        &[0x1415_1073],
        &[
            "block 1, 4",
            "insn 0, 4",
            "t0 = and.w64 s10, -2",
            "s65 = move t0",
            "jump.plain 4",
        ],
    );
}

#[test]
fn sign_injection_of_one_register_is_a_move() {
    let ops = |insn: u32| {
        let text = printed(&[insn]);
        let lines = text.lines().skip(2);
        lines.map(str::to_owned).collect::<Vec<_>>()[..2].join("; ")
    };
    assert_eq!(ops(0x22b5_8553), "s42 = move s43; fpdirty = move 1"); // fmv.d
    assert_eq!(
        ops(0x22b5_9553),
        "s42 = xor.w64 s43, -9223372036854775808; fpdirty = move 1"
    );
    assert_eq!(
        ops(0x22b5_a553),
        "s42 = andnot.w64 s43, -9223372036854775808; fpdirty = move 1"
    );
}

#[test]
fn compare_and_swap_with_x0_expects_zero() {
    // amocas.w zero,a1,(a0)
    assert_lifts(
        &[0x28b5_202f],
        &[
            "block 1, 4",
            "insn 0, 4",
            "t0 = cas.w.relaxed s10, 0, s11",
            "jump.plain 4",
        ],
    );
}

#[test]
fn any_thread_lifts_the_same_blocks() {
    let code = bytes(&[0x00b5_0533, 0x0200_7053, 0x8082]);
    for context in [Context::new(0), Context::new(1), Context::ALL] {
        let here = Rv64::lift(context, &code, 64);
        let key = context.key();
        let there = std::thread::scope(|scope| {
            let lifted = scope.spawn(|| Rv64::lift(Context::from_key(key), &code, 64));
            lifted.join().unwrap()
        });
        assert!(here.is_some());
        assert_eq!(here, there);
    }
}
