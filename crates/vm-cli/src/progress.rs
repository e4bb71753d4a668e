//! Progress of a download, as a bar on stderr.

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use vm_image::Progress;

use crate::lines;

/// A bar for each step. Where stderr is not a terminal, a line for each.
#[derive(Default)]
pub struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    /// A bar that shows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

fn style(sized: bool) -> ProgressStyle {
    let template = if sized {
        "{msg:24} {bar:30} {bytes:>10}/{total_bytes:<10} {bytes_per_sec}"
    } else {
        "{msg:24} {spinner} {bytes:>10}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bar {
    fn start(&self, what: &str, total_bytes: Option<u64>) {
        let bar = match total_bytes {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        if bar.is_hidden() {
            lines::err(format_args!("trine: {what}"));
        }
        bar.set_style(style(total_bytes.is_some()));
        bar.set_message(what.to_owned());
        *self.0.lock() = Some(bar);
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = &*self.0.lock() {
            bar.inc(bytes);
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.0.lock().take() {
            bar.finish();
        }
    }
}
