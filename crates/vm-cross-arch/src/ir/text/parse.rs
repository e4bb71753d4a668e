//! Parsing.

use std::str::FromStr;

use super::names::Named;
use crate::ir::{
    BinaryOp, Block, FpBinaryOp, FpCompareOp, HelperId, Op, Operand, Slot, Terminator, UnaryOp,
    fixed,
};

/// A text that is no block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}: `{text}`")]
pub struct ParseError {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
    /// The line.
    pub text: String,
}

impl FromStr for Block {
    type Err = ParseError;

    /// Parses what `Display` prints. Empty lines and `#` comments are skipped.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.split('#').next().unwrap_or("").trim()))
            .filter(|(_, line)| !line.is_empty());
        let error = |line, problem, text: &str| ParseError {
            line,
            problem,
            text: text.into(),
        };
        let (number, line) = lines.next().ok_or(error(1, "no block here", ""))?;
        let (insns, bytes) = parse_header(line)
            .ok_or_else(|| error(number, "expected `block INSNS, BYTES`", line))?;
        let mut block = None::<(Vec<Op>, Option<Terminator>)>;
        for (number, line) in lines {
            let (ops, end) = block.get_or_insert_default();
            if end.is_some() {
                return Err(error(number, "an op after the terminator", line));
            }
            let tokens = Line::split(line).ok_or_else(|| error(number, "not an op", line))?;
            if let Some(op) = parse_op(&tokens) {
                ops.push(op);
            } else if let Some(terminator) = parse_terminator(&tokens) {
                *end = Some(terminator);
            } else {
                return Err(error(number, "unknown op or wrong operands", line));
            }
        }
        match block {
            Some((ops, Some(end))) => Ok(Self {
                ops,
                end,
                insns,
                bytes,
            }),
            _ => Err(error(number, "the block has no terminator", line)),
        }
    }
}

fn parse_header(line: &str) -> Option<(u16, u16)> {
    let (insns, bytes) = line.strip_prefix("block ")?.split_once(", ")?;
    Some((insns.parse().ok()?, bytes.parse().ok()?))
}

/// A line, taken apart.
struct Line<'a> {
    dst: Option<Slot>,
    name: Vec<&'a str>,
    operands: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn split(line: &'a str) -> Option<Self> {
        let (dst, rest) = match line.split_once(" = ") {
            Some((dst, rest)) => (Some(parse_slot(dst)?), rest),
            None => (None, line),
        };
        let (name, operands) = rest.split_once(' ').unwrap_or((rest, ""));
        let operands = operands
            .split(',')
            .map(str::trim)
            .filter(|o| !o.is_empty())
            .collect();
        Some(Self {
            dst,
            name: name.split('.').collect(),
            operands,
        })
    }

    /// The `i`-th operand as a number of whatever type is wanted.
    fn number<T: FromStr>(&self, i: usize) -> Option<T> {
        self.operands.get(i)?.parse().ok()
    }

    fn operand(&self, i: usize) -> Option<Operand> {
        let text = self.operands.get(i)?;
        text.parse()
            .map(Operand::Imm)
            .ok()
            .or_else(|| parse_slot(text).map(Operand::Slot))
    }

    fn args(&self, first: usize) -> Option<[Operand; 3]> {
        Some([
            self.operand(first)?,
            self.operand(first + 1)?,
            self.operand(first + 2)?,
        ])
    }

    fn helper(&self) -> Option<HelperId> {
        self.number(0).map(HelperId)
    }
}

fn parse_slot(text: &str) -> Option<Slot> {
    match text {
        "pc" => return Some(fixed::PC),
        "fpflags" => return Some(fixed::FP_FLAGS),
        "fprounding" => return Some(fixed::FP_ROUNDING),
        "fpdirty" => return Some(fixed::FP_DIRTY),
        _ => {}
    }
    let (kind, number) = text.split_at_checked(1)?;
    let number: u8 = number.parse().ok()?;
    match kind {
        "s" => (number < Slot::FIRST_TEMP).then_some(Slot(number)),
        "t" => number.checked_add(Slot::FIRST_TEMP).map(Slot),
        _ => None,
    }
}

fn parse_op(line: &Line<'_>) -> Option<Op> {
    let operands = line.operands.len();
    let op = match (line.dst, line.name.as_slice()) {
        (None, ["insn"]) => Op::Insn {
            offset: line.number(0)?,
            len: line.number(1)?,
        },
        (None, ["store", size]) => Op::Store {
            src: line.operand(0)?,
            base: line.operand(1)?,
            offset: line.number(2)?,
            size: Named::from_name(size)?,
        },
        (None, ["zeroblock"]) => Op::ZeroBlock {
            addr: line.operand(0)?,
        },
        (None, ["fence", ordering]) => Op::Fence {
            ordering: Named::from_name(ordering)?,
        },
        (None, ["sideexit", cond]) => Op::SideExit {
            cond: Named::from_name(cond)?,
            a: line.operand(0)?,
            b: line.operand(1)?,
            offset: line.number(2)?,
        },
        (dst, ["helper"]) => Op::Helper {
            helper: line.helper()?,
            dst,
            args: line.args(1)?,
        },
        (Some(dst), name) => {
            parse_integer(line, dst, name).or_else(|| parse_float(line, dst, name))?
        }
        (None, _) => return None,
    };
    (operands == operand_count(&op)).then_some(op)
}

/// How many operands the op's text has: those it reads, and plain numbers.
fn operand_count(op: &Op) -> usize {
    let mut count = match op {
        Op::Insn { .. } => 2,
        Op::Load { .. } | Op::Store { .. } | Op::Helper { .. } | Op::SideExit { .. } => 1,
        _ => 0,
    };
    op.for_each_operand(|_| count += 1);
    count
}

fn parse_integer(line: &Line<'_>, dst: Slot, name: &[&str]) -> Option<Op> {
    let (a, b) = (line.operand(0), line.operand(1));
    Some(match name {
        ["move"] => Op::Move { dst, src: a? },
        ["select"] => Op::Select {
            dst,
            test: a?,
            a: b?,
            b: line.operand(2)?,
        },
        ["set", cond] => Op::SetIf {
            cond: Named::from_name(cond)?,
            dst,
            a: a?,
            b: b?,
        },
        ["load", size, extend] => Op::Load {
            dst,
            base: a?,
            offset: line.number(1)?,
            size: Named::from_name(size)?,
            extend: Named::from_name(extend)?,
        },
        ["amo", op, size, ordering] => Op::AtomicRmw {
            op: Named::from_name(op)?,
            size: Named::from_name(size)?,
            dst,
            addr: a?,
            src: b?,
            ordering: Named::from_name(ordering)?,
        },
        ["cas", size, ordering] => Op::CompareExchange {
            size: Named::from_name(size)?,
            dst,
            addr: a?,
            expected: b?,
            new: line.operand(2)?,
            ordering: Named::from_name(ordering)?,
        },
        ["lr", size, ordering] => Op::LoadReserved {
            size: Named::from_name(size)?,
            dst,
            addr: a?,
            ordering: Named::from_name(ordering)?,
        },
        ["sc", size, ordering] => Op::StoreConditional {
            size: Named::from_name(size)?,
            dst,
            addr: a?,
            src: b?,
            ordering: Named::from_name(ordering)?,
        },
        [op] => Op::Unary {
            op: UnaryOp::from_name(op)?,
            dst,
            a: a?,
        },
        [op, width] => Op::Binary {
            op: BinaryOp::from_name(op)?,
            width: Named::from_name(width)?,
            dst,
            a: a?,
            b: b?,
        },
        _ => return None,
    })
}

fn parse_float(line: &Line<'_>, dst: Slot, name: &[&str]) -> Option<Op> {
    let a = line.operand(0)?;
    Some(match name {
        ["fmuladd", format, rounding, product, addend] => Op::FpMulAdd {
            format: Named::from_name(format)?,
            rounding: Named::from_name(rounding)?,
            negate_product: Named::from_name(product)?,
            negate_addend: Named::from_name(addend)?,
            dst,
            a,
            b: line.operand(1)?,
            c: line.operand(2)?,
        },
        ["fsqrt", format, rounding] => Op::FpSqrt {
            format: Named::from_name(format)?,
            rounding: Named::from_name(rounding)?,
            dst,
            a,
        },
        ["fclass", format] => Op::FpClassify {
            format: Named::from_name(format)?,
            dst,
            a,
        },
        ["ftoint", from, to, rounding] => Op::FpToInt {
            from: Named::from_name(from)?,
            to: Named::from_name(to)?,
            rounding: Named::from_name(rounding)?,
            dst,
            a,
        },
        ["inttof", from, to, rounding] => Op::IntToFp {
            from: Named::from_name(from)?,
            to: Named::from_name(to)?,
            rounding: Named::from_name(rounding)?,
            dst,
            a,
        },
        ["ftof", from, to, rounding] => Op::FpToFp {
            from: Named::from_name(from)?,
            to: Named::from_name(to)?,
            rounding: Named::from_name(rounding)?,
            dst,
            a,
        },
        [op, format] => Op::FpCompare {
            op: FpCompareOp::from_name(op)?,
            format: Named::from_name(format)?,
            dst,
            a,
            b: line.operand(1)?,
        },
        [op, format, rounding] => Op::FpBinary {
            op: FpBinaryOp::from_name(op)?,
            format: Named::from_name(format)?,
            rounding: Named::from_name(rounding)?,
            dst,
            a,
            b: line.operand(1)?,
        },
        _ => return None,
    })
}

fn parse_terminator(line: &Line<'_>) -> Option<Terminator> {
    Some(match (line.dst, line.name.as_slice()) {
        (None, ["jump", hint]) => Terminator::Jump {
            offset: line.number(0)?,
            hint: Named::from_name(hint)?,
        },
        (None, ["jumpindirect", hint]) => Terminator::JumpIndirect {
            target: line.operand(0)?,
            hint: Named::from_name(hint)?,
        },
        (None, ["branch", cond]) => Terminator::Branch {
            cond: Named::from_name(cond)?,
            a: line.operand(0)?,
            b: line.operand(1)?,
            taken: line.number(2)?,
            fallthrough: line.number(3)?,
        },
        (dst, ["endhelper"]) => Terminator::Helper {
            helper: line.helper()?,
            dst,
            args: line.args(1)?,
            next: line.number(4)?,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each op, with every qualifier somewhere.
    const ALL: &str = include_str!("all_ops.ir");

    #[test]
    fn prints_what_it_parsed() {
        let block: Block = ALL.parse().unwrap();
        assert_eq!(block.to_string(), ALL);
    }

    #[test]
    fn names_are_unique() {
        fn check<T: Named + std::fmt::Debug>() {
            for (name, value) in T::NAMES {
                assert_eq!(T::from_name(name), Some(*value));
                assert_eq!(value.name(), *name);
            }
        }
        check::<BinaryOp>();
        check::<UnaryOp>();
        check::<FpBinaryOp>();
        check::<FpCompareOp>();
        check::<crate::ir::Rounding>();
        check::<crate::ir::Ordering>();
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, problem) in [
            ("", 1, "no block here"),
            ("blok 1, 2", 1, "expected `block INSNS, BYTES`"),
            (
                "block 1, 2\n  s1 = move 1",
                1,
                "the block has no terminator",
            ),
            (
                "block 1, 2\n  s1 = frob 1\n  jump.plain 2",
                2,
                "unknown op or wrong operands",
            ),
            (
                "block 1, 2\n  s1 = move 1, 2\n  jump.plain 2",
                2,
                "unknown op or wrong operands",
            ),
            ("block 1, 2\n  q1 = move 1\n  jump.plain 2", 2, "not an op"),
            (
                "block 1, 2\n  jump.plain 2\n  s1 = move 1",
                3,
                "an op after the terminator",
            ),
        ] {
            let error = text.parse::<Block>().unwrap_err();
            assert_eq!((error.line, error.problem), (line, problem), "{text}");
        }
    }
}
