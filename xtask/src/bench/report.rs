//! Results as a table and as JSON.

use std::fmt::Write as _;

use super::{boot, machine::Kind, results::Results, stats::median};

/// Columns of text, all but the first two aligned to the right.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = Self::default();
        table.row(headings.iter().map(|&heading| heading.to_owned()));
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The text.
    pub fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                let _ = match column {
                    0 | 1 => write!(line, "{cell:<width$}  "),
                    _ => write!(line, "{cell:>width$}  "),
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A ratio with three digits, or a dash.
fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value >= 99.95 => format!("{value:.0}"),
        Some(value) if value >= 9.995 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

/// What columns compare: heading, and the two machines whose speeds are divided.
const COMPARED: [(&str, Kind, Kind); 3] = [
    ("Trine/QEMU", Kind::Trine, Kind::Qemu),
    ("native/QEMU", Kind::Native, Kind::Qemu),
    ("native/Trine", Kind::Native, Kind::Trine),
];

/// The table of a suite's results, for those machines that took part.
pub fn suite(results: &Results, machines: &[Kind]) -> String {
    let compared: Vec<_> = COMPARED
        .into_iter()
        .filter(|(_, a, b)| machines.contains(a) && machines.contains(b))
        .collect();
    let mut headings = vec!["program", "class"];
    headings.extend(machines.iter().map(|machine| machine.name()));
    headings.extend(compared.iter().map(|(heading, ..)| heading));
    let mut table = Table::new(&headings);
    for row in &results.rows {
        let rates = machines.iter().map(|machine| number(row.rate(*machine)));
        let ratios = compared.iter().map(|(_, a, b)| number(row.ratio(*a, *b)));
        let names = [row.name.to_owned(), row.class.name().to_owned()];
        table.row(names.into_iter().chain(rates).chain(ratios));
    }
    let mut text = table.render();
    if !compared.is_empty() {
        text.push('\n');
        text.push_str(&means(results, &compared));
    }
    text
}

fn means(results: &Results, compared: &[(&str, Kind, Kind)]) -> String {
    let mut headings = vec!["geometric mean", ""];
    headings.extend(compared.iter().map(|(heading, ..)| heading));
    let mut table = Table::new(&headings);
    let columns: Vec<_> = compared
        .iter()
        .map(|(_, a, b)| results.means(*a, *b))
        .collect();
    let names = columns.first().into_iter().flatten().map(|mean| mean.name);
    for (at, name) in names.enumerate() {
        let ratios = columns
            .iter()
            .map(|column| number(column.get(at).and_then(|mean| mean.ratio)));
        let names = [name.to_owned(), String::new()];
        table.row(names.into_iter().chain(ratios));
    }
    table.render()
}

/// The table of the measured starts.
pub fn boots(measured: &[boot::Measured]) -> String {
    let headings = [
        "start of the process to",
        "",
        "wall s",
        "user s",
        "system s",
        "CPU s",
    ];
    let mut table = Table::new(&headings);
    for boot in measured {
        let middle = |part: fn(&boot::Sample) -> f64| {
            let samples: Vec<f64> = boot.samples.iter().map(part).collect();
            median(&samples).map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"))
        };
        table.row([
            boot.scenario.to_owned(),
            boot.machine.name().to_owned(),
            middle(|s| s.wall),
            middle(|s| s.cpu.user),
            middle(|s| s.cpu.system),
            middle(|s| s.cpu.total()),
        ]);
    }
    let mut text = table.render();
    for ratio in boot::ratios(measured) {
        let _ = writeln!(
            text,
            "{}: Trine takes {} of QEMU's wall time, {} of its CPU time",
            ratio.scenario,
            number(ratio.wall),
            number(ratio.cpu)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["a", "b", "right"]);
        table.row(["long".to_owned(), String::new(), "1".to_owned()]);
        assert_eq!(table.render(), "a     b  right\nlong         1\n");
    }

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [None, Some(0.125), Some(9.996), Some(123.4)].map(number);
        assert_eq!(numbers, ["-", "0.12", "10.0", "123"]);
    }

    #[test]
    fn only_machines_that_took_part_are_compared() {
        let (_, results) = results::tests::example();
        let text = suite(&results, &[Kind::Trine, Kind::Qemu]);
        assert!(
            text.contains("Trine/QEMU") && !text.contains("native"),
            "{text}"
        );
        let first = text.lines().nth(1).unwrap();
        assert!(
            first.starts_with("sha256") && first.ends_with("4.00"),
            "{text}"
        );
        let alone = suite(&results, &[Kind::Trine]);
        assert!(!alone.contains("mean"), "{alone}");
    }
}
