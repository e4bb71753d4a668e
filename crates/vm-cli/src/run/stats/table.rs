//! The statistics as a table for people.

use std::fmt::Write as _;

use vm_engine::vcpu::VcpuStats;
use vm_mem::tlb::LevelStats;

use super::Report;

/// With more vCPUs than this, only their sum is shown.
const MAX_COLUMNS: usize = 8;

type Row = (&'static str, fn(&VcpuStats) -> String);

const ROWS: [Row; 27] = [
    ("guest instructions", |s| count(s.instructions)),
    ("  interpreted", |s| share(s.tier0.retired, s.instructions)),
    ("  in compiled code", |s| {
        share(s.tier1.retired, s.instructions)
    }),
    ("CPU time", |s| seconds(s.cpu_ns)),
    ("million instructions/s", |s| decimal(s.mips())),
    ("blocks translated", |s| count(s.tier0.blocks)),
    ("  time", |s| milliseconds(s.tier0.translate_ns)),
    ("  µs per 100 instructions", |s| {
        decimal(s.tier0.translate_us_per_100())
    }),
    ("blocks compiled", |s| count(s.tier1.code.blocks)),
    ("  instructions in them", |s| {
        count(s.tier1.code.instructions)
    }),
    ("  time", |s| milliseconds(s.tier1.code.compile_ns)),
    ("  µs per 100 instructions", |s| {
        decimal(s.tier1.compile_us_per_100())
    }),
    ("  host code", |s| bytes(s.tier1.code.bytes)),
    ("  links between them", |s| count(s.tier1.code.links)),
    ("  dropped: code modified", |s| count(s.tier1.code.dropped)),
    ("  oldest dropped: cache full", |s| {
        count(s.tier1.code.evictions)
    }),
    ("calls from compiled code", |s| {
        let c = s.tier1.calls;
        count(c.loads + c.stores + c.ops + c.helpers + c.jumps + c.polls)
    }),
    ("  loads, no short TLB entry", |s| {
        count(s.tier1.calls.loads)
    }),
    ("  stores, no short TLB entry", |s| {
        count(s.tier1.calls.stores)
    }),
    ("  operations", |s| count(s.tier1.calls.ops)),
    ("  system instructions", |s| count(s.tier1.calls.helpers)),
    ("  jumps", |s| count(s.tier1.calls.jumps)),
    ("  polls", |s| count(s.tier1.calls.polls)),
    ("TLB level 1: look-ups", |s| lookups(s.tlb.l1)),
    ("  hits", |s| share(s.tlb.l1.hits, asked(s.tlb.l1))),
    ("TLB level 2: hits", |s| {
        share(s.tlb.l2.hits, asked(s.tlb.l2))
    }),
    ("page walks", |s| count(s.tlb.l2.misses)),
];

/// The whole table, without a newline at its end.
pub(super) fn format(report: &Report<'_>) -> String {
    let mut text = format!(
        "trine: ran {}: CPU {} user, {} system; peak memory {}",
        seconds(report.wall_ns),
        seconds(report.user_ns),
        seconds(report.system_ns),
        bytes(report.peak_memory)
    );
    let _ = write!(
        text,
        " ({} of it guest RAM, {} compiled code, {} the rest)",
        bytes(report.memory.guest_ram),
        bytes(report.memory.code),
        bytes(report.memory.rest)
    );
    if report.resets != 0 {
        let _ = write!(text, "; resets: {}", report.resets);
    }
    let mut columns = vec![(String::from("total"), report.total)];
    if (2..=MAX_COLUMNS).contains(&report.vcpus.len()) {
        let vcpus = report.vcpus.iter().enumerate();
        columns.extend(vcpus.map(|(index, &stats)| (format!("vCPU {index}"), stats)));
    }
    let label_width = ROWS.iter().map(|row| row.0.chars().count()).max();
    let label_width = label_width.unwrap_or(0);
    let cells: Vec<Vec<String>> = columns.iter().map(column).collect();
    let rows = std::iter::once("").chain(ROWS.iter().map(|row| row.0));
    let heading = columns.len() == 1;
    for (number, label) in rows.enumerate().skip(usize::from(heading)) {
        let _ = write!(text, "\n  {label:label_width$}");
        for cells in &cells {
            let width = cells.iter().map(|cell| cell.chars().count()).max();
            let cell = cells.get(number).map_or("", String::as_str);
            let _ = write!(text, "  {cell:>width$}", width = width.unwrap_or(0));
        }
    }
    text
}

/// The heading of a column and its cells.
fn column((heading, stats): &(String, VcpuStats)) -> Vec<String> {
    let cells = ROWS.iter().map(|(_, cell)| cell(stats));
    std::iter::once(heading.clone()).chain(cells).collect()
}

/// A number with its digits in groups of three.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn decimal(number: f64) -> String {
    format!("{number:.1}")
}

fn seconds(ns: u64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}

fn milliseconds(ns: u64) -> String {
    format!("{:.1} ms", ns as f64 / 1e6)
}

fn bytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// How much of a whole it is; nothing of nothing is no number.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.2} %", part as f64 / whole as f64 * 100.0)
}

fn asked(level: LevelStats) -> u64 {
    level.hits.saturating_add(level.misses)
}

fn lookups(level: LevelStats) -> String {
    count(asked(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let counts = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(share(1, 8), "12.50 %");
        assert_eq!(share(0, 0), "-");
        assert_eq!(seconds(1_500_000_000), "1.500 s");
        assert_eq!(bytes(3 << 19), "1.5 MiB");
    }

    fn table(vcpus: usize) -> String {
        let stats = vm_machine::MachineStats {
            vcpus: (1..=vcpus as u64)
                .map(|n| VcpuStats {
                    instructions: n * 1000,
                    ..VcpuStats::default()
                })
                .collect(),
            ..vm_machine::MachineStats::default()
        };
        format(&Report::new("", &stats))
    }

    #[test]
    fn columns_are_the_vcpus_as_long_as_they_fit() {
        let one = table(1);
        assert_eq!(one.lines().count(), 1 + ROWS.len());
        assert!(!one.contains("vCPU"), "{one}");
        let two = table(2);
        let widths: Vec<_> = two
            .lines()
            .skip(1)
            .map(|line| line.chars().count())
            .collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{two}");
        let row = two
            .lines()
            .find(|line| line.contains("guest inst"))
            .unwrap();
        let numbers: Vec<_> = row.split_whitespace().skip(2).collect();
        assert_eq!(numbers, ["3,000", "1,000", "2,000"]);
        let many = table(MAX_COLUMNS + 1);
        assert!(many.contains("45,000") && !many.contains("vCPU"), "{many}");
    }
}
