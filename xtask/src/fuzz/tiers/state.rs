//! What is compared.

use std::fmt::Write as _;

use serde_json::Value;
use vm_core::snapshot::{Kind, SavedState};

use super::layout::{DEVICE, RAM, RAM_BYTES};

/// Words of memory that a report shows, at most.
const MAX_WORDS: usize = 40;

/// The state of a machine between two instructions.
#[derive(PartialEq)]
pub struct State {
    /// It runs, but no instruction retires: an exception whose handler raises it.
    pub stuck: bool,
    /// Instructions retired.
    pub retired: u64,
    /// The hart: registers and CSRs.
    pub hart: SavedState,
    /// RAM and the device's page; empty if they were not asked for.
    pub memory: Vec<u8>,
}

impl State {
    /// The fields that differ, with the values of both.
    pub fn differences(&self, jit: &Self) -> String {
        let mut text = format!("{:22} {:>16} {:>16}\n", "", "interpreter", "JIT");
        let mut line = |name: &str, a: u64, b: u64| {
            if a != b {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name:22} {a:16x} {b:16x}");
            }
        };
        line("stuck", self.stuck.into(), jit.stuck.into());
        line("instructions retired", self.retired, jit.retired);
        for ((name, a), (_, b)) in self.fields().into_iter().zip(jit.fields()) {
            line(&name, a, b);
        }
        let words = self.memory.chunks(8).zip(jit.memory.chunks(8)).enumerate();
        let differ = words.filter(|(_, (a, b))| a != b);
        for (index, (a, b)) in differ.take(MAX_WORDS) {
            line(
                &format!("[{:#x}]", address(8 * index as u64)),
                word(a),
                word(b),
            );
        }
        text
    }

    /// The hart's registers and CSRs by name.
    fn fields(&self) -> Vec<(String, u64)> {
        let mut fields = Vec::new();
        let hart = &self.hart;
        // Saved by this very build, it can be read back.
        let kind = Kind::<Value>::new("riscv64-hart", hart.version);
        if let Ok(value) = kind.load(hart) {
            flatten("", &value, &mut fields);
        }
        fields
    }
}

/// The numbers in a tree of values, each with its path.
fn flatten(path: &str, value: &Value, fields: &mut Vec<(String, u64)>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{name}"), value, fields);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                flatten(&format!("{path}{index}"), value, fields);
            }
        }
        Value::Bool(value) => fields.push((path.to_owned(), u64::from(*value))),
        other => fields.extend(other.as_u64().map(|value| (path.to_owned(), value))),
    }
}

fn address(offset: u64) -> u64 {
    match offset.checked_sub(RAM_BYTES) {
        Some(offset) => DEVICE + offset,
        None => RAM + offset,
    }
}

fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |all, byte| all << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use vm_engine::vcpu::Engine;

    use crate::fuzz::tiers::{compiled::Compiled, side::Side};

    #[test]
    fn differences_are_named() {
        let side = Side::new(64, Engine::Interpreter, false, &Compiled::default()).unwrap();
        let a = side.state(true).unwrap();
        let mut b = side.state(true).unwrap();
        assert!(a == b);
        assert_eq!(a.differences(&b).lines().count(), 1);
        b.retired = 3;
        b.memory[9] = 1;
        let text = a.differences(&b);
        assert!(
            text.contains("retired") && text.contains("[0x80000008]"),
            "{text}"
        );
        let names: Vec<String> = a.fields().into_iter().map(|(name, _)| name).collect();
        for name in ["x31", "f0", "mepc", "fcsr", "minstret", "privilege", "pc"] {
            assert!(names.iter().any(|n| n == name), "{name} of {names:?}");
        }
    }
}
