//! The table of SPECIFICATION.md that the suites fill in.

use std::{fmt::Write as _, fs};

use anyhow::{Context as _, Result};

use super::promises::Promise;
use crate::workspace;

const FILE: &str = "SPECIFICATION.md";
/// The line before the table's rows, and the one after them.
const BEGIN: &str =
    "| promise of a suite | target | measured | on | command |\n|---|---|---|---|---|\n";
const END: &str = "\n";

/// Writes what was measured on that date into the table, in place of older values.
///
/// # Errors
/// If the file has no such table, or cannot be written.
pub fn write(promises: &[&Promise], measured: &[f64], date: &str) -> Result<()> {
    let path = workspace::root().join(FILE);
    let mut text = fs::read_to_string(&path)?;
    for (promise, value) in promises.iter().zip(measured) {
        text = with_row(&text, promise, *value, date)
            .with_context(|| format!("{FILE} has no table of the suites' promises"))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {FILE}"))
}

/// The text with a row for the promise, which replaces an older one.
fn with_row(text: &str, promise: &Promise, value: f64, date: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (rows, after) = rest.split_once(&format!("\n{END}"))?;
    let key = format!("| {} |", promise.what);
    let row = format!(
        "{key} {} {} | {value:.1} | {date} | `cargo xtask perf suites` (`{}`) |",
        promise.target.describe(),
        promise.unit(),
        promise.suite
    );
    let mut lines: Vec<&str> = rows.lines().collect();
    match lines.iter_mut().find(|line| line.starts_with(&key)) {
        Some(line) => *line = &row,
        None => lines.push(&row),
    }
    let mut new = format!("{before}{BEGIN}");
    for line in lines {
        let _ = writeln!(new, "{line}");
    }
    Some(format!("{new}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perf::promises::PROMISES;

    #[test]
    fn rows_are_added_and_replaced() {
        let promise = &PROMISES[0];
        let text = format!("# S\n\n{BEGIN}| other | x |\n\nMore.\n");
        let once = with_row(&text, promise, 25.04, "2026-01-01").unwrap();
        assert!(once.contains("| other | x |\n| guest code"), "{once}");
        assert!(
            once.contains("| < 50 µs/100 instructions | 25.0 | 2026-01-01 |"),
            "{once}"
        );
        let twice = with_row(&once, promise, 26.0, "2026-01-02").unwrap();
        assert!(
            !twice.contains("2026-01-01") && twice.ends_with(" |\n\nMore.\n"),
            "{twice}"
        );
        assert_eq!(once.lines().count(), twice.lines().count());
        assert_eq!(with_row("# S\n", promise, 1.0, "x"), None);
    }

    #[test]
    fn the_file_has_every_promise() {
        let text = fs::read_to_string(workspace::root().join(FILE)).unwrap();
        for promise in &PROMISES {
            assert!(
                text.contains(&format!("| {} |", promise.what)),
                "{}",
                promise.what
            );
        }
    }
}
