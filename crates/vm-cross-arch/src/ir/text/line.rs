//! A line: a result, a name with its qualifiers, operands.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::names::Named;
use crate::ir::{Operand, Slot};

/// A line being written.
pub(in crate::ir) struct Text {
    result: Option<Slot>,
    name: Vec<&'static str>,
    operands: Vec<String>,
}

impl Text {
    /// A line whose name starts with `name`, unless that is empty.
    pub(in crate::ir) fn new(name: &'static str) -> Self {
        Self {
            result: None,
            name: Some(name)
                .filter(|name| !name.is_empty())
                .into_iter()
                .collect(),
            operands: Vec::new(),
        }
    }

    pub(in crate::ir) fn result(&mut self, slot: Slot) {
        self.result = Some(slot);
    }

    pub(in crate::ir) fn qualifier(&mut self, name: &'static str) {
        self.name.push(name);
    }

    pub(in crate::ir) fn operand(&mut self, operand: impl Display) {
        self.operands.push(operand.to_string());
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(result) = self.result {
            write!(f, "{result} = ")?;
        }
        f.write_str(&self.name.join("."))?;
        if !self.operands.is_empty() {
            write!(f, " {}", self.operands.join(", "))?;
        }
        Ok(())
    }
}

/// A line, taken apart.
pub(in crate::ir) struct Line<'a> {
    result: Option<Slot>,
    name: Vec<&'a str>,
    operands: Vec<&'a str>,
}

impl<'a> Line<'a> {
    pub(super) fn split(line: &'a str) -> Option<Self> {
        let (result, rest) = match line.split_once(" = ") {
            Some((result, rest)) => (Some(result.parse().ok()?), rest),
            None => (None, line),
        };
        let (name, operands) = rest.split_once(' ').unwrap_or((rest, ""));
        let operands = operands.split(',').map(str::trim);
        Some(Self {
            result,
            name: name.split('.').collect(),
            operands: operands.filter(|operand| !operand.is_empty()).collect(),
        })
    }

    /// What there is to read after the first part of the name, which must be
    /// `name` unless that is empty.
    pub(in crate::ir) fn words(&self, name: &str) -> Option<Words<'_>> {
        let rest = match self.name.split_first() {
            _ if name.is_empty() => &self.name,
            Some((&first, rest)) if first == name => rest,
            _ => return None,
        };
        Some(Words {
            result: self.result,
            qualifiers: rest,
            operands: &self.operands,
        })
    }
}

/// What is still to be read of a line.
pub(in crate::ir) struct Words<'a> {
    result: Option<Slot>,
    qualifiers: &'a [&'a str],
    operands: &'a [&'a str],
}

impl Words<'_> {
    pub(in crate::ir) fn result(&mut self) -> Option<Slot> {
        self.result.take()
    }

    pub(in crate::ir) fn qualifier<T: Named>(&mut self) -> Option<T> {
        T::from_name(self.qualifiers.split_off_first()?)
    }

    pub(in crate::ir) fn operand(&mut self) -> Option<Operand> {
        self.number()
    }

    /// The next operand as a number of whatever type is wanted.
    pub(in crate::ir) fn number<T: FromStr>(&mut self) -> Option<T> {
        self.operands.split_off_first()?.parse().ok()
    }

    /// Whether all has been read.
    pub(in crate::ir) fn end(self) -> Option<()> {
        let all = self.result.is_none() && self.qualifiers.is_empty() && self.operands.is_empty();
        all.then_some(())
    }
}
