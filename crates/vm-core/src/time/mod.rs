//! Guest time and alarms.

mod alarm;
mod clock;
mod comparator;
mod counter;

pub use alarm::{Alarm, AlarmService};
pub use clock::{Clock, HostClock, ManualClock};
pub use comparator::Comparator;
pub use counter::Counter;
