//! Blocks as text.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::line::Line;
use crate::ir::{Block, Op, Terminator};

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "block {}, {}", self.insns, self.bytes)?;
        for op in &self.ops {
            let indent = if matches!(op, Op::Insn { .. }) {
                " "
            } else {
                "  "
            };
            writeln!(f, "{indent}{op}")?;
        }
        writeln!(f, "  {}", self.end)
    }
}

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
            let parts = Line::split(line).ok_or_else(|| error(number, "not an op", line))?;
            if let Some(op) = Op::parse(&parts) {
                ops.push(op);
            } else if let Some(terminator) = Terminator::parse(&parts) {
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

#[cfg(test)]
mod tests;
