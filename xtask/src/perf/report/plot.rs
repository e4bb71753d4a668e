//! A trend as an SVG image.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::series::{Line, Quartiles, Trend};
use crate::perf::fingerprint::Fingerprint;

/// Size of an image, in CSS pixels.
const SIZE: (u32, u32) = (640, 320);
const FONT: &str = "sans-serif";
/// Commits whose names fit below the axis.
const LABELS: usize = 5;
/// Colours that differ in lightness, too, for each machine in turn.
const COLOURS: [RGBColor; 5] = [
    RGBColor(0x1f, 0x5f, 0xa8),
    RGBColor(0xd9, 0x5f, 0x02),
    RGBColor(0x1b, 0x7f, 0x4e),
    RGBColor(0x7a, 0x3d, 0x9a),
    RGBColor(0x66, 0x66, 0x66),
];

/// The colour of the machine with that number.
pub fn colour(number: usize) -> RGBColor {
    COLOURS[number % COLOURS.len()]
}

/// Draws a trend, in the colours of these machines.
///
/// # Errors
/// If the image cannot be made.
pub fn draw(trend: &Trend, machines: &[&Fingerprint]) -> Result<String> {
    let mut svg = String::new();
    draw_to(trend, machines, &mut svg)
        .map_err(|error| anyhow!("cannot draw {}: {error}", trend.benchmark))?;
    Ok(svg)
}

fn draw_to(
    trend: &Trend,
    machines: &[&Fingerprint],
    svg: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let last = trend.commits.len().saturating_sub(1) as f64;
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .margin_right(24)
        .x_label_area_size(48)
        .y_label_area_size(76)
        .build_cartesian_2d(-0.5..last + 0.5, range(trend))?;
    let label = |place: &f64| {
        let whole = (place - place.round()).abs() < 1e-6 && *place >= 0.0;
        let commit = whole.then(|| trend.commits.get(place.round() as usize));
        commit
            .flatten()
            .map_or_else(String::new, |commit| commit.short().to_owned())
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(0xdd, 0xdd, 0xdd))
        .x_labels(LABELS.min(trend.commits.len() + 1))
        .x_label_formatter(&label)
        .y_label_formatter(&|value| number(*value))
        .y_labels(6)
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .x_desc("commit, oldest first")
        .y_desc(trend.unit)
        .draw()?;
    for line in &trend.lines {
        let number = machines
            .iter()
            .position(|machine| **machine == line.machine);
        let colour = colour(number.unwrap_or_default());
        let points = line.points.iter();
        chart.draw_series(LineSeries::new(
            points
                .clone()
                .map(|(place, value)| (*place as f64, value.middle)),
            colour.stroke_width(2),
        ))?;
        chart.draw_series(points.clone().map(|(place, value)| {
            let (x, Quartiles { low, high, .. }) = (*place as f64, *value);
            PathElement::new(vec![(x, low), (x, high)], colour.stroke_width(1))
        }))?;
        chart.draw_series(points.map(|(place, value)| {
            Circle::new((*place as f64, value.middle), 4, colour.filled())
        }))?;
    }
    root.present()?;
    Ok(())
}

/// From zero, so that heights compare as the values do, to a little above all.
fn range(trend: &Trend) -> std::ops::Range<f64> {
    let points = |line: &Line| {
        line.points
            .iter()
            .map(|(_, value)| value.high)
            .fold(0.0, f64::max)
    };
    let highest = trend.lines.iter().map(points).fold(0.0, f64::max);
    0.0..if highest > 0.0 { highest * 1.15 } else { 1.0 }
}

/// A number with as many digits as it deserves.
pub fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [0.0, 0.126, 12.34, 4567.8].map(number);
        assert_eq!(numbers, ["0", "0.13", "12.3", "4568"]);
    }
}
