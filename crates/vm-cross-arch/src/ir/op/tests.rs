use std::{collections::HashSet, mem::discriminant};

use super::*;
use crate::ir::{Block, GuestInfo, Terminator};

#[test]
fn every_row_has_sound_examples() {
    let examples = Op::examples();
    let rows: HashSet<_> = examples.iter().map(discriminant).collect();
    assert_eq!(rows.len(), Op::ROWS);
    let whole: HashSet<String> = examples.iter().map(ToString::to_string).collect();
    assert!(whole.len() > 500, "{} ops", whole.len());
    for op in &examples {
        let mark = matches!(op, Op::Insn { .. });
        let body = if mark { String::new() } else { op.to_string() };
        let text = format!("block 1, 4\ninsn 0, 4\n{body}\njump.plain 4");
        let block: Block = text.parse().unwrap();
        assert_eq!(block.verify(&GuestInfo::UNKNOWN), Ok(()), "{op}");
    }
}

#[test]
fn what_is_printed_parses_back() {
    for op in Op::examples() {
        let text = format!("block 1, 4\n {op}\n jump.plain 4");
        let block: Block = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(block.ops, [op]);
    }
    let ends = Terminator::examples();
    let rows: HashSet<_> = ends.iter().map(discriminant).collect();
    assert_eq!(rows.len(), Terminator::ROWS);
    for end in ends {
        let text = format!("block 1, 4\n insn 0, 4\n {end}");
        let block: Block = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(block.end, end);
    }
}

#[test]
fn operands_are_what_the_text_lists() {
    for op in Op::examples() {
        let mut operands = Vec::new();
        op.for_each_operand(|operand| operands.push(operand.to_string()));
        let text = op.to_string();
        let listed = text.split(" = ").last().unwrap().split_once(' ');
        let listed: Vec<&str> = listed.map_or(vec![], |(_, list)| list.split(", ").collect());
        let numbers = listed.len() - operands.len();
        assert!(numbers <= 2, "{text}");
        assert!(
            operands.iter().all(|o| listed.contains(&o.as_str())),
            "{text}"
        );
        let mut changed = op;
        changed.for_each_operand_mut(|operand| *operand = Operand::Imm(77));
        changed.for_each_operand(|operand| assert_eq!(operand, Operand::Imm(77)));
        assert_eq!(changed.dst(), op.dst(), "{text}");
        assert_eq!(op.dst().is_some(), text.contains(" = "), "{text}");
        let mut reads = Vec::new();
        op.for_each_read(|slot| reads.push(slot.to_string()));
        operands.retain(|operand| operand.parse::<i64>().is_err());
        if text.contains(".dyn ") || text.contains(".dyn.") {
            operands.push("fprounding".into());
        }
        reads.sort();
        operands.sort();
        assert_eq!(reads, operands, "{text}");
    }
}

#[test]
fn only_what_computes_is_pure() {
    for op in Op::examples() {
        let pure = matches!(
            op,
            Op::Move { .. }
                | Op::Binary { .. }
                | Op::Unary { .. }
                | Op::SetIf { .. }
                | Op::Select { .. }
                | Op::FpClassify { .. }
        );
        assert_eq!(op.is_pure(), pure, "{op}");
        assert!(!pure || op.dst().is_some(), "{op}");
        assert!(!(pure && (op.may_leave() || op.accrues_flags())), "{op}");
    }
}
