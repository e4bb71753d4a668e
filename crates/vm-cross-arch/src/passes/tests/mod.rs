//! Golden texts of what the passes make.

mod random;

use super::optimize;
use crate::ir::{Block, GuestInfo, HelperEffects, Slot, SlotSet};

/// Optimises `body`, which ends with the terminator, and prints it without marks. A new
/// instruction begins where it says `insn`, and at what could not fault otherwise.
fn optimized(body: &str) -> String {
    optimized_of(&GuestInfo::UNKNOWN, body)
}

/// The same for a block of that guest.
fn optimized_of(guest: &GuestInfo, body: &str) -> String {
    let (mut insns, mut ops) = (0, String::new());
    let mut mark = |ops: &mut String| {
        *ops += &format!("insn {}, 4\n", 4 * insns);
        insns += 1;
    };
    mark(&mut ops);
    for line in body.lines() {
        let name = line.trim().split(" = ").last().unwrap();
        if ["load", "store", "helper", "insn"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            mark(&mut ops);
        }
        if name != "insn" {
            ops += &format!("{line}\n");
        }
    }
    let text = format!("block {insns}, {}\n{ops}", 4 * insns);
    let mut block: Block = text.parse().unwrap();
    optimize(&mut block, guest);
    let text = block.to_string();
    let lines = text.lines().skip(1).map(str::trim);
    let ops = lines.filter(|line| !line.starts_with("insn"));
    ops.collect::<Vec<_>>().join("; ")
}

#[test]
fn lui_addi_is_one_constant() {
    let body = "s5 = move 4096\ns5 = add.w64 s5, 5\njump.plain 8";
    assert_eq!(optimized(body), "s5 = move 4101; jump.plain 8");
}

#[test]
fn auipc_pairs_are_one_op() {
    let auipc = "s5 = add.w64 pc, 4096\n";
    assert_eq!(
        optimized(&format!("{auipc}s5 = add.w64 s5, -8\njump.plain 8")),
        "s5 = add.w64 pc, 4088; jump.plain 8"
    );
    assert_eq!(
        optimized(&format!("{auipc}s5 = load.d.zero s5, 16\njump.plain 8")),
        "s5 = add.w64 pc, 4096; s5 = load.d.zero pc, 4112; jump.plain 8",
        "the load may fault: s5 must be up to date"
    );
    assert_eq!(
        optimized(&format!(
            "{auipc}t0 = add.w64 s5, 20\ns1 = add.w64 pc, 8\njumpindirect.call t0"
        )),
        "s5 = add.w64 pc, 4096; s1 = add.w64 pc, 8; jump.call 4116"
    );
}

#[test]
fn floating_point_changes_the_flags() {
    let body = "s5 = move fpflags\nfpflags = move 0\ns40 = fadd.f64.rne s41, s42\n\
                s6 = move fpflags\ns7 = move s5\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = move fpflags; fpflags = move 0; s40 = fadd.f64.rne s41, s42; \
         s6 = move fpflags; s7 = move s5; jump.plain 8"
    );
}

#[test]
fn shift_pairs_extend() {
    let pair = |right: &str, n: u8| {
        optimized(&format!(
            "s5 = shl.w64 s6, {n}\ns5 = {right}.w64 s5, {n}\njump.plain 8"
        ))
    };
    assert_eq!(pair("shr", 32), "s5 = zext32 s6; jump.plain 8");
    assert_eq!(pair("sar", 56), "s5 = sext8 s6; jump.plain 8");
    assert_eq!(pair("shr", 60), "s5 = and.w64 s6, 15; jump.plain 8");
    let overwritten = "s5 = shl.w64 s6, 32\ns6 = move 0\ns5 = shr.w64 s5, 32\njump.plain 8";
    assert!(optimized(overwritten).contains("shr.w64 s5, 32"));
}

#[test]
fn compare_and_branch_fuse() {
    let body = "s5 = set.ltu s6, s7\nbranch.ne s5, 0, 16, 8";
    assert_eq!(
        optimized(body),
        "s5 = set.ltu s6, s7; branch.ltu s6, s7, 16, 8"
    );
    let body = "t0 = set.lts s6, 3\nbranch.eq t0, 0, 16, 8";
    assert_eq!(optimized(body), "branch.ges s6, 3, 16, 8");
    let body = "branch.eq 0, 0, 16, 8";
    assert_eq!(optimized(body), "jump.plain 16");
}

#[test]
fn dead_writes_go_but_not_before_faults_and_helpers() {
    assert_eq!(
        optimized("s5 = move 1\ns5 = move 2\njump.plain 8"),
        "s5 = move 2; jump.plain 8"
    );
    let body = "s5 = move 1\nstore.d s6, s7, 0\ns5 = move 2\njump.plain 8";
    assert!(optimized(body).starts_with("s5 = move 1; store"));
    let body = "s5 = move 1\nhelper 9, 0, 0, 0\ns6 = move s5\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = move 1; helper 9, 0, 0, 0; s6 = move s5; jump.plain 8"
    );
}

/// Helpers: 1 computes, 2 reads s5, 3 changes s5, 4 faults, 5 changes the system.
const GUEST: GuestInfo = GuestInfo {
    helper: |id| {
        const NONE: HelperEffects = HelperEffects::NONE;
        const S5: SlotSet = SlotSet::of(&[Slot(5)]);
        match id.0 {
            1 => Some(&NONE),
            2 => Some(&HelperEffects { reads: S5, ..NONE }),
            3 => Some(&HelperEffects { writes: S5, ..NONE }),
            4 => Some(&HelperEffects {
                may_fault: true,
                ..NONE
            }),
            5 => Some(&HelperEffects {
                changes_system: true,
                ..NONE
            }),
            _ => None,
        }
    },
    ..GuestInfo::UNKNOWN
};

#[test]
fn only_what_a_helper_may_change_is_forgotten() {
    let after = |helper: u8| {
        let body = format!(
            "s5 = move 1\ns6 = move 2\nt0 = move 3\nhelper {helper}, 0, 0, 0\n\
             s7 = add.w64 s5, 0\ns8 = add.w64 s6, 0\ns9 = move t0\njump.plain 4"
        );
        let text = optimized_of(&GUEST, &body);
        text.split_once("s7").unwrap().1.to_owned()
    };
    let known = " = move 1; s8 = move 2; s9 = move 3; jump.plain 4";
    for helper in [1, 2, 4, 5] {
        assert_eq!(after(helper), known);
    }
    let forgotten = " = move s5; s8 = move 2; s9 = move 3; jump.plain 4";
    assert_eq!(after(3), forgotten);
    let body = "s5 = move 1\ns6 = move s5\nhelper 3, 0, 0, 0\ns7 = move s6\n\
                s8 = sext32 s5\njump.plain 4";
    assert!(optimized_of(&GUEST, body).contains("s7 = move 1; s8 = sext32 s5"));
    let body = "s6 = move s5\nhelper 3, 0, 0, 0\ns7 = move s6\njump.plain 4";
    assert!(
        optimized_of(&GUEST, body).contains("s7 = move s6"),
        "no copy of s5 any more"
    );
}

#[test]
fn a_helper_keeps_the_writes_that_it_may_read() {
    let first = |helper: u8| {
        let body = format!(
            "s5 = move 1\ns6 = move 2\ns9 = helper {helper}, 0, 0, 0\n\
             s5 = move 3\ns6 = move 4\njump.plain 4"
        );
        let text = optimized_of(&GUEST, &body);
        text.split_once("; s5 = move 3").unwrap().0.to_owned()
    };
    assert_eq!(first(2), "s5 = move 1; s9 = helper 2, 0, 0, 0");
    assert_eq!(
        first(3),
        "s9 = helper 3, 0, 0, 0",
        "what it may write, it need not"
    );
    assert_eq!(first(4), "s5 = move 1; s6 = move 2; s9 = helper 4, 0, 0, 0");
    assert_eq!(first(5), "s9 = helper 5, 0, 0, 0");
    let body = "s5 = move 1\nhelper 3, 0, 0, 0\njump.plain 4";
    assert!(optimized_of(&GUEST, body).starts_with("s5 = move 1; helper"));
}

#[test]
fn a_helper_that_only_computes_goes_with_its_result() {
    let kept = |helper: u8, rest: &str| {
        let body = format!("s6 = helper {helper}, s5, 0, 0\n{rest}jump.plain 4");
        optimized_of(&GUEST, &body).contains("helper")
    };
    for helper in 1..=5 {
        assert!(kept(helper, ""), "somebody reads it");
        let needed = helper > 2;
        assert_eq!(kept(helper, "s6 = move 1\n"), needed, "{helper}");
    }
    assert_eq!(
        optimized_of(&GUEST, "helper 1, s5, 0, 0\njump.plain 4"),
        "jump.plain 4"
    );
}

#[test]
fn exits_see_every_write_before_them() {
    let body = "s5 = move 1\nt0 = move 2\nt1 = move t0\nsideexit.eq s6, s7, 16\n\
                insn\ns5 = move 3\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = move 1; sideexit.eq s6, s7, 16; s5 = move 3; jump.plain 8"
    );
}

#[test]
fn compare_and_exit_fuse() {
    let body = "s5 = set.ltu s6, s7\nsideexit.ne s5, 0, 16\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = set.ltu s6, s7; sideexit.ltu s6, s7, 16; jump.plain 8"
    );
    let body = "t0 = set.lts s6, 3\nsideexit.eq t0, 0, 16\njump.plain 8";
    assert_eq!(optimized(body), "sideexit.ges s6, 3, 16; jump.plain 8");
}

#[test]
fn exits_of_known_outcome_go_or_end_the_block() {
    let body = "s5 = move 1\nsideexit.eq s5, 2, 16\ninsn\ns5 = move 3\njump.plain 8";
    assert_eq!(optimized(body), "s5 = move 3; jump.plain 8");
    let text = "block 3, 12\ninsn 0, 4\ns5 = move 2\ninsn 4, 2\nsideexit.eq s5, 2, 16\n\
                insn 6, 6\ns5 = move 3\njump.plain 8";
    let mut block: Block = text.parse().unwrap();
    optimize(&mut block, &GuestInfo::UNKNOWN);
    assert_eq!((block.insns, block.bytes), (2, 6));
    assert_eq!(block.end.to_string(), "jump.plain 16");
    assert_eq!(block.ops.len(), 3);
    block.verify(&GuestInfo::UNKNOWN).unwrap();
}

#[test]
fn what_is_known_carries_on_past_an_exit() {
    let body = "s5 = add.w64 pc, 4096\nsideexit.lts s6, s7, 16\ninsn\n\
                s5 = add.w64 s5, 4\njump.plain 8";
    assert_eq!(
        optimized(body),
        "s5 = add.w64 pc, 4096; sideexit.lts s6, s7, 16; s5 = add.w64 pc, 4100; jump.plain 8"
    );
    let body = "sideexit.ne s6, 7, 16\ninsn\ns5 = add.w64 s6, 1\njump.plain 8";
    assert_eq!(
        optimized(body),
        "sideexit.ne s6, 7, 16; s5 = move 8; jump.plain 8"
    );
    let body = "sideexit.eq s6, 7, 16\ninsn\ns5 = add.w64 s6, 1\njump.plain 8";
    assert!(optimized(body).contains("add.w64 s6, 1"));
}

#[test]
fn what_is_extended_is_not_extended_again() {
    for (first, extended) in [
        ("s5 = add.w32s s6, s7", true),
        ("s5 = load.w.sign s6, 0", true),
        ("s5 = load.w.zero s6, 0", false),
        ("s5 = load.h.zero s6, 0", true),
        ("s5 = and.w64 s6, 2147483647", true),
        ("s5 = and.w64 s6, 2147483648", false),
        ("s5 = and.w64 s6, -1", false),
        ("s5 = set.ltu s6, s7", true),
        ("s5 = shr.w64 s6, 33", true),
        ("s5 = shr.w64 s6, 32", false),
        ("s5 = sar.w64 s6, 32", true),
        ("s5 = zext32 s6", false),
    ] {
        let text = optimized(&format!("{first}\ns8 = add.w32s s5, 0\njump.plain 8"));
        let expected = if extended {
            "s8 = move s5"
        } else {
            "s8 = sext32 s5"
        };
        assert!(text.contains(expected), "{text}");
    }
    let body = "s5 = load.w.sign s9, 0\ns6 = load.w.sign s9, 4\ns5 = xor.w64 s5, s6\n\
                s5 = add.w32s s5, 0\njump.plain 8";
    assert!(!optimized(body).contains("sext32"), "nor is what both are");
}

#[test]
fn two_shifts_that_rotate_are_one() {
    let shifts = |width: &str, left: u8, right: u8, join: &str| {
        optimized(&format!(
            "t0 = shl.{width} s6, {left}\nt1 = shr.{width} s6, {right}\n\
             s5 = {join}.w64 t0, t1\njump.plain 8"
        ))
    };
    assert_eq!(
        shifts("w64", 10, 54, "or"),
        "s5 = ror.w64 s6, 54; jump.plain 8"
    );
    assert_eq!(
        shifts("w32s", 25, 7, "xor"),
        "s5 = ror.w32s s6, 7; jump.plain 8"
    );
    assert!(shifts("w32s", 25, 8, "or").contains("or.w64"));
    let body = "t0 = shl.w32s s6, 25\ns6 = move 1\nt1 = shr.w32s s6, 7\n\
                s5 = or.w64 t0, t1\njump.plain 8";
    assert!(!optimized(body).contains("ror"), "two values");
}
