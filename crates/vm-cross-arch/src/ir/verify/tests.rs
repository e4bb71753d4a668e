use super::*;
use crate::ir::HelperKind;

const S1: SlotSet = SlotSet::of(&[Slot(1)]);

/// A guest with ten registers, the last read-only, and some helpers.
const GUEST: GuestInfo = GuestInfo {
    readable: SlotSet::range(Slot(0), Slot(9)).union(GuestInfo::FIXED_READABLE),
    writable: SlotSet::range(Slot(0), Slot(8)).union(GuestInfo::FIXED_WRITABLE),
    helper: |id| match id.0 {
        1 => Some(&HelperEffects::NONE),
        2 => Some(&HelperEffects {
            kind: HelperKind::Terminator,
            may_fault: true,
            ..HelperEffects::NONE
        }),
        4 => Some(&HelperEffects {
            writes: S1,
            may_fault: true,
            ..HelperEffects::NONE
        }),
        _ => None,
    },
};

fn verify_block(text: &str) -> Result<(), VerifyError> {
    text.parse::<Block>().unwrap().verify(&GUEST)
}

/// Verifies a block of one instruction.
fn verify(body: &str) -> Result<(), VerifyError> {
    verify_block(&format!("block 1, 4\ninsn 0, 4\n{body}\njump.plain 4"))
}

fn op(text: &str) -> String {
    text.into()
}

#[test]
fn accepts_a_sound_block() {
    verify("t0 = add.w64 s1, 1\ns2 = add.w64 t0, pc\ns3 = move s9").unwrap();
    verify("sideexit.eq s1, 1, 8\nsideexit.ne s1, s2, -8").unwrap();
    verify("s1 = helper 1, s2, 0, 0\nfpdirty = move 1\ns1 = fadd.f64.dyn s2, s3").unwrap();
    verify_block("block 1, 4\ninsn 0, 4\ns1 = endhelper 2, s9, 0, 0, 4").unwrap();
    verify_block("block 2, 8\ninsn 0, 4\ninsn 6, 2\njump.plain 8").expect("a jump over 2 bytes");
}

#[test]
fn marks_tell_where_instructions_are() {
    assert_eq!(
        verify_block("block 1, 4\ns1 = move 1\njump.plain 4"),
        Err(VerifyError::NoMark)
    );
    assert_eq!(
        verify_block("block 1, 4\ninsn 2, 4\njump.plain 4"),
        Err(VerifyError::MarkOutOfOrder { offset: 2 })
    );
    assert_eq!(
        verify_block("block 2, 8\ninsn 0, 4\ninsn 2, 4\njump.plain 8"),
        Err(VerifyError::MarkOutOfOrder { offset: 2 })
    );
    assert_eq!(
        verify_block("block 1, 4\ninsn 0, 2\ninsn 2, 2\njump.plain 4"),
        Err(VerifyError::WrongCount { marks: 2, insns: 1 })
    );
    assert_eq!(
        verify_block("block 2, 8\ninsn 0, 4\ninsn 4, 2\njump.plain 8"),
        Err(VerifyError::WrongLength { bytes: 8, end: 6 })
    );
    let empty = op("insn 4, 0");
    assert_eq!(
        verify_block("block 2, 4\ninsn 0, 4\ninsn 4, 0\njump.plain 4"),
        Err(VerifyError::NoLength { op: empty })
    );
}

#[test]
fn tiers_can_number_the_ops() {
    let body = "s1 = move 1\n".repeat(0x1_0000);
    assert_eq!(
        verify(&body),
        Err(VerifyError::TooManyOps { ops: 0x1_0001 })
    );
}

#[test]
fn nothing_follows_an_exit_in_its_instruction() {
    let after = op("s1 = move 1");
    assert_eq!(
        verify("sideexit.eq s1, 1, 8\ns1 = move 1"),
        Err(VerifyError::AfterExit { op: after })
    );
}

#[test]
fn nothing_faults_after_a_write_of_its_instruction() {
    let store = "store.d 0, s2, 0";
    for write in [
        "s1 = move 1",
        "fpdirty = move 1",
        "t0 = fsqrt.f64.rne s2",
        "helper 4, 0, 0, 0",
        "s1 = load.d.zero s2, 0",
    ] {
        for op in [store, "t0 = load.d.zero s2, 0", "helper 4, 0, 0, 0"] {
            let error = VerifyError::FaultAfterWrite { op: op.into() };
            assert_eq!(verify(&format!("{write}\n{op}")), Err(error));
        }
        verify(&format!("{write}\nhelper 1, 0, 0, 0")).unwrap();
        let two = format!("block 2, 8\ninsn 0, 4\n{write}\ninsn 4, 4\n{store}\njump.plain 8");
        verify_block(&two).expect("the next instruction may fault");
        let op = "endhelper 2, 0, 0, 0, 4".to_owned();
        let end = verify_block(&format!("block 1, 4\ninsn 0, 4\n{write}\n{op}"));
        assert_eq!(end, Err(VerifyError::FaultAfterWrite { op }));
    }
    verify(&format!("t0 = move 1\n{store}\n{store}\ns1 = move 1")).unwrap();
}

#[test]
fn operations_exist_in_their_width() {
    for name in ["mulhs", "mulhu", "mulhsu", "clmulh", "clmulr"] {
        verify(&format!("s1 = {name}.w64 s1, s2")).unwrap();
        for width in ["w32s", "w32z"] {
            let op = format!("s1 = {name}.{width} s1, s2");
            assert_eq!(verify(&op), Err(VerifyError::Width { op }));
        }
    }
    verify("s1 = shl.w32s s1, 63").expect("amounts count modulo the width");
}

#[test]
fn atomics_are_of_words_and_doubles() {
    for (name, operands) in [
        ("amo.add", "s1, s2"),
        ("cas", "s1, s2, s3"),
        ("lr", "s1"),
        ("sc", "s1, s2"),
    ] {
        for (size, sound) in [("b", false), ("h", false), ("w", true), ("d", true)] {
            let op = format!("s1 = {name}.{size}.relaxed {operands}");
            let want = if sound {
                Ok(())
            } else {
                Err(VerifyError::Size { op: op.clone() })
            };
            assert_eq!(verify(&op), want);
        }
    }
}

#[test]
fn temporaries_are_written_before_they_are_read() {
    let op = op("s1 = move t3");
    let slot = Slot::temp(3);
    assert_eq!(
        verify("s1 = move t3"),
        Err(VerifyError::UnwrittenTemp { op, slot })
    );
    let op = "jumpindirect.plain t0".to_owned();
    let slot = Slot::temp(0);
    assert_eq!(
        verify_block("block 1, 4\ninsn 0, 4\njumpindirect.plain t0"),
        Err(VerifyError::UnwrittenTemp { op, slot })
    );
    let end = "t0 = endhelper 2, 0, 0, 0, 4";
    assert_eq!(
        verify_block(&format!("block 1, 4\ninsn 0, 4\n{end}")),
        Err(VerifyError::LostResult {
            op: end.into(),
            slot
        })
    );
}

#[test]
fn slots_are_those_of_the_guest() {
    for (op, slot) in [
        ("pc = move 3", Slot(128)),
        ("fprounding = move 3", Slot(130)),
        ("s9 = move 3", Slot(9)),
        ("s10 = move 3", Slot(10)),
        ("s132 = move 3", Slot(132)),
    ] {
        let error = VerifyError::ReadOnlySlot {
            op: op.into(),
            slot,
        };
        assert_eq!(verify(op), Err(error));
    }
    for (op, slot) in [("s1 = move s10", 10), ("s1 = move s140", 140)] {
        let error = VerifyError::UnknownSlot {
            op: op.into(),
            slot: Slot(slot),
        };
        assert_eq!(verify(op), Err(error));
    }
    let without_rounding = GuestInfo {
        readable: SlotSet::range(Slot(0), Slot(9)),
        ..GUEST
    };
    let op = "s1 = fsqrt.f64.dyn s2";
    let block = format!("block 1, 4\ninsn 0, 4\n{op}\njump.plain 4");
    let error = VerifyError::UnknownSlot {
        op: op.into(),
        slot: Slot(130),
    };
    assert_eq!(
        block.parse::<Block>().unwrap().verify(&without_rounding),
        Err(error),
        "the op reads the mode without naming it"
    );
}

#[test]
fn helpers_are_those_of_the_guest_and_in_their_place() {
    let end = |helper: u16| {
        let op = format!("endhelper {helper}, 0, 0, 0, 4");
        (verify_block(&format!("block 1, 4\ninsn 0, 4\n{op}")), op)
    };
    let op = op("helper 3, 0, 0, 0");
    assert_eq!(verify(&op), Err(VerifyError::UnknownHelper { op }));
    let (result, op) = end(3);
    assert_eq!(result, Err(VerifyError::UnknownHelper { op }));
    let op = "helper 2, 0, 0, 0".to_owned();
    assert_eq!(verify(&op), Err(VerifyError::MisplacedHelper { op }));
    let (result, op) = end(1);
    assert_eq!(result, Err(VerifyError::MisplacedHelper { op }));
}
