//! The page around the images.

use std::fmt::Write as _;

use super::{plot, series::Trend};
use crate::perf::{db::Metric, fingerprint::Fingerprint};

const STYLE: &str = "
body { font: 15px/1.5 sans-serif; color: #222; max-width: 1360px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; border-bottom: 1px solid #ccc; }
.plots { display: flex; flex-wrap: wrap; gap: 1em; }
figure { margin: 0; flex: 1 1 30em; max-width: 40em; } figcaption { font-weight: bold; }
svg { width: 100%; height: auto; }
.legend { margin: 0; padding: 0; list-style: none; font-size: 14px; }
.key { display: inline-block; width: 22px; height: 4px; margin-right: 6px; vertical-align: middle; }
table { border-collapse: collapse; font-size: 14px; } td, th { text-align: left; padding: 2px 12px 2px 0; }
code { font-size: 13px; }
";

/// The page with these images.
pub fn html(drawn: &[(&Trend, String)], machines: &[&Fingerprint]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>Trine: measurements</title><style>{STYLE}</style></head><body>\n\
         <h1>Trine: measurements</h1>\n\
         <p>Every point is a commit, oldest first. Lower is better but where the name says \
         otherwise. A point is the median of its samples, the line through it their middle \
         half. Times of different machines do not compare; instructions are counted exactly, \
         and depend on the compiler and the processor's extensions.</p>\n{}\n",
        legend(machines)
    );
    section(&mut page, "Workloads", drawn, |metric| {
        metric != Metric::Promise
    });
    section(&mut page, "Promises", drawn, |metric| {
        metric == Metric::Promise
    });
    commits(&mut page, drawn);
    page.push_str("</body></html>\n");
    page
}

fn section(page: &mut String, title: &str, drawn: &[(&Trend, String)], shows: fn(Metric) -> bool) {
    let mut shown: Vec<_> = drawn
        .iter()
        .filter(|(trend, _)| shows(trend.metric))
        .collect();
    if shown.is_empty() {
        return;
    }
    shown.sort_by_key(|(trend, _)| &trend.benchmark);
    let _ = writeln!(page, "<h2>{title}</h2>\n<div class=\"plots\">");
    for (trend, svg) in shown {
        let _ = writeln!(
            page,
            "<figure><figcaption>{}</figcaption>{svg}</figure>",
            escape(&caption(trend))
        );
    }
    page.push_str("</div>\n");
}

fn caption(trend: &Trend) -> String {
    match trend.metric {
        Metric::Time => format!("{}: time", trend.benchmark),
        Metric::Instructions => format!("{}: instructions", trend.benchmark),
        Metric::Promise => trend.benchmark.clone(),
    }
}

/// Which colour is which machine, on the whole page.
fn legend(machines: &[&Fingerprint]) -> String {
    let mut list = "<ul class=\"legend\">".to_owned();
    for (index, machine) in machines.iter().enumerate() {
        let plotters::style::RGBColor(r, g, b) = plot::colour(index);
        let _ = write!(
            list,
            "<li><span class=\"key\" style=\"background:#{r:02x}{g:02x}{b:02x}\"></span>\
             {}, {} processors, Linux {}, {}, guest code {}</li>",
            escape(&machine.cpu),
            machine.cores,
            escape(&machine.kernel),
            escape(&machine.rustc),
            escape(&machine.code)
        );
    }
    list + "</ul>"
}

/// Which commits the short names on the axes are.
fn commits(page: &mut String, drawn: &[(&Trend, String)]) {
    let mut all = Vec::new();
    for commit in drawn.iter().flat_map(|(trend, _)| &trend.commits) {
        if !all.contains(&commit) {
            all.push(commit);
        }
    }
    page.push_str(
        "<h2>Commits</h2>\n<table><tr><th>commit</th><th>date</th><th>subject</th></tr>\n",
    );
    for commit in all {
        let _ = writeln!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            commit.short(),
            escape(&commit.date),
            escape(&commit.subject)
        );
    }
    page.push_str("</table>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perf::{
        git::Commit,
        report::series::{Line, machines},
    };

    #[test]
    fn what_people_wrote_is_text() {
        let text = str::to_owned;
        let trend = Trend {
            benchmark: text("<tlb>"),
            metric: Metric::Time,
            unit: "ms",
            commits: vec![Commit {
                id: text("0123456789abcdef"),
                date: text("2026"),
                subject: text("a & b <script>"),
            }],
            lines: vec![Line {
                machine: Fingerprint {
                    cpu: text("CPU"),
                    cores: 2,
                    kernel: text("6"),
                    rustc: text("rustc 1"),
                    code: text("g"),
                },
                points: Vec::new(),
            }],
        };
        let trends = [trend];
        let machines = machines(&trends);
        let svg = plot::draw(&trends[0], &machines).unwrap();
        let page = html(&[(&trends[0], svg)], &machines);
        assert!(page.contains("a &amp; b &lt;script&gt;") && page.contains("&lt;tlb&gt;: time"));
        assert!(page.contains("<svg") && page.contains("0123456789<"));
    }
}
