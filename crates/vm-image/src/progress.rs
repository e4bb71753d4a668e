//! How a long operation tells its caller how far it is.

/// Receives the progress of a pull, one step after another.
///
/// Steps do not overlap: every `start` is followed by its `finish` unless the
/// operation fails.
pub trait Progress {
    /// A step begins. `what` is short and for people; `total_bytes` is what
    /// [`Progress::advance`] will add up to, where that is known.
    fn start(&self, what: &str, total_bytes: Option<u64>);

    /// `bytes` more of the step are done.
    fn advance(&self, bytes: u64);

    /// The step is complete.
    fn finish(&self);
}

/// Progress that goes nowhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _what: &str, _total_bytes: Option<u64>) {}
    fn advance(&self, _bytes: u64) {}
    fn finish(&self) {}
}
