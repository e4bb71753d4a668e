//! `mcycle` and `minstret`: counters derived from the instructions retired.

/// A counter that advances with the retired instructions unless inhibited.
///
/// `retired` is always the number of instructions retired so far on the hart.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counter {
    /// Added to the instructions retired.
    offset: u64,
    /// The value while it stands still.
    stopped: Option<u64>,
}

impl Counter {
    /// The value.
    pub(super) fn read(&self, retired: u64) -> u64 {
        self.stopped.unwrap_or(retired.wrapping_add(self.offset))
    }

    /// Sets the value.
    pub(super) fn write(&mut self, value: u64, retired: u64) {
        match &mut self.stopped {
            Some(stopped) => *stopped = value,
            None => self.offset = value.wrapping_sub(retired),
        }
    }

    /// Lets the counter stand still, or run again.
    pub(super) fn set_inhibited(&mut self, inhibited: bool, retired: u64) {
        let value = self.read(retired);
        self.stopped = inhibited.then_some(value);
        self.write(value, retired);
    }

    /// Whether it stands still.
    pub(super) fn is_inhibited(&self) -> bool {
        self.stopped.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_what_was_written() {
        let mut c = Counter::default();
        assert_eq!(c.read(5), 5);
        c.write(u64::MAX, 10);
        assert_eq!(c.read(11), 0);
    }

    #[test]
    fn stands_still_and_can_be_written_while_inhibited() {
        let mut c = Counter::default();
        c.set_inhibited(true, 7);
        assert!(c.is_inhibited());
        assert_eq!(c.read(100), 7);
        c.set_inhibited(true, 200);
        assert_eq!(c.read(200), 7);
        c.write(50, 200);
        assert_eq!(c.read(300), 50);
        c.set_inhibited(false, 300);
        assert_eq!(c.read(301), 51);
    }
}
