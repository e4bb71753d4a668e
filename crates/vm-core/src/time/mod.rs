//! Guest time and alarms.

mod alarm;
mod clock;

pub use alarm::{Alarm, AlarmService};
pub use clock::{Clock, HostClock, ManualClock};
