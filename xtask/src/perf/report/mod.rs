//! One HTML page that shows what is remembered: for each machine and workload, how time
//! and instructions went from commit to commit.

mod page;
mod plot;
mod series;

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};

use super::db::{Database, Metric};
use series::Trend;

/// Writes the page.
///
/// # Errors
/// If the database holds nothing, or the file cannot be written.
pub fn write(database: &Path, out: &Path) -> Result<()> {
    let database = Database::open(database)?;
    let mut trends = Vec::new();
    for metric in [Metric::Time, Metric::Instructions, Metric::Promise] {
        trends.extend(series::trends(metric, &database.recordings(metric)?));
    }
    if trends.is_empty() {
        bail!("nothing has been measured yet: `cargo xtask perf record` does that");
    }
    let machines = series::machines(&trends);
    let drawn = trends
        .iter()
        .map(|trend| Ok((trend, plot::draw(trend, &machines)?)));
    let drawn: Vec<(&Trend, String)> = drawn.collect::<Result<_>>()?;
    fs::write(out, page::html(&drawn, &machines))
        .with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}", out.display());
    Ok(())
}
