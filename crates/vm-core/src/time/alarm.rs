//! Calls a function when the guest's clock reaches a deadline.

use std::{
    sync::{Arc, Weak},
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

use super::{Clock, Counter};

/// One thread that fires the alarms of a machine.
///
/// Dropping the service stops the thread; alarms that outlive it never fire.
pub struct AlarmService {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// One for each frequency.
    counters: Mutex<Vec<Arc<Counter>>>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    alarms: Vec<Weak<Entry>>,
    stop: bool,
}

struct Entry {
    /// Guest time in nanoseconds; `None` when disarmed.
    deadline: Mutex<Option<u64>>,
    action: Box<dyn Fn() + Send + Sync>,
}

/// A one-shot alarm, initially disarmed. Dropping it disarms it.
pub struct Alarm {
    shared: Weak<Shared>,
    entry: Arc<Entry>,
}

impl AlarmService {
    /// Starts the service's thread.
    ///
    /// # Errors
    /// The host's error if it cannot start a thread.
    pub fn start(clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            clock,
            state: Mutex::default(),
            changed: Condvar::default(),
        });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("alarms".into())
            .spawn(move || for_thread.run())?;
        Ok(Self {
            shared,
            thread: Some(thread),
            counters: Mutex::default(),
        })
    }

    /// The clock that deadlines are measured against.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The machine's counter of `hz`: the same one for everybody who asks.
    pub fn counter(&self, hz: u64) -> Arc<Counter> {
        let mut counters = self.counters.lock();
        if let Some(counter) = counters.iter().find(|counter| counter.hz() == hz) {
            return Arc::clone(counter);
        }
        let counter = Arc::new(Counter::new(Arc::clone(self.clock()), hz));
        counters.push(Arc::clone(&counter));
        counter
    }

    /// A new alarm that runs `action`, on the service's thread, each time a
    /// deadline passes. The action must be short and must not block.
    pub fn alarm(&self, action: impl Fn() + Send + Sync + 'static) -> Alarm {
        let entry = Arc::new(Entry {
            deadline: Mutex::new(None),
            action: Box::new(action),
        });
        self.shared.state.lock().alarms.push(Arc::downgrade(&entry));
        Alarm {
            shared: Arc::downgrade(&self.shared),
            entry,
        }
    }
}

impl Drop for AlarmService {
    fn drop(&mut self) {
        self.shared.state.lock().stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // An action that panicked already reported itself on stderr.
            let _ = thread.join();
        }
    }
}

impl Alarm {
    /// Arms the alarm for `deadline_ns` of guest time, or disarms it with `None`.
    /// A deadline that has passed fires at once.
    pub fn set(&self, deadline_ns: Option<u64>) {
        let previous = std::mem::replace(&mut *self.entry.deadline.lock(), deadline_ns);
        let sooner = deadline_ns.is_some_and(|new| previous.is_none_or(|old| new < old));
        if sooner && let Some(shared) = self.shared.upgrade() {
            // Taking the lock orders this with the thread's decision to sleep.
            drop(shared.state.lock());
            shared.changed.notify_one();
        }
    }
}

impl Shared {
    fn run(&self) {
        let mut state = self.state.lock();
        while !state.stop {
            state.alarms.retain(|alarm| alarm.strong_count() > 0);
            let (due, next) = due_alarms(&state.alarms, self.clock.now_ns());
            if !due.is_empty() {
                // Actions may create or set alarms: not under the lock.
                parking_lot::MutexGuard::unlocked(&mut state, || {
                    due.iter().for_each(|entry| (entry.action)());
                });
                continue;
            }
            match next {
                None => self.changed.wait(&mut state),
                Some(deadline) => {
                    let wait = deadline.saturating_sub(self.clock.now_ns());
                    self.changed
                        .wait_for(&mut state, Duration::from_nanos(wait));
                }
            }
        }
    }
}

/// Disarms and returns the alarms that are due, with the next deadline after them.
fn due_alarms(alarms: &[Weak<Entry>], now: u64) -> (Vec<Arc<Entry>>, Option<u64>) {
    let mut due = Vec::new();
    let mut next: Option<u64> = None;
    for entry in alarms.iter().filter_map(Weak::upgrade) {
        let mut deadline = entry.deadline.lock();
        match *deadline {
            Some(at) if at <= now => {
                *deadline = None;
                drop(deadline);
                due.push(entry);
            }
            Some(at) => next = Some(next.map_or(at, |n| n.min(at))),
            None => {}
        }
    }
    (due, next)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use vm_testing::receive;

    use super::*;
    use crate::time::{HostClock, ManualClock};

    #[test]
    fn fires_once_per_arming() {
        let service = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let (tx, rx) = mpsc::channel();
        let alarm = service.alarm(move || tx.send(()).unwrap());
        alarm.set(Some(service.clock().now_ns() + 1_000_000));
        receive("the alarm", &rx);
        assert!(rx.try_recv().is_err());
        alarm.set(Some(0));
        receive("the alarm", &rx);
    }

    #[test]
    fn fires_in_order_of_deadlines() {
        let service = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let (tx, rx) = mpsc::channel();
        let now = service.clock().now_ns();
        let alarms: Vec<_> = [3u64, 1, 2]
            .into_iter()
            .map(|n| {
                let tx = tx.clone();
                let alarm = service.alarm(move || tx.send(n).unwrap());
                alarm.set(Some(now + n * 20_000_000));
                alarm
            })
            .collect();
        assert_eq!([(); 3].map(|()| receive("an alarm", &rx)), [1, 2, 3]);
        drop(alarms);
    }

    #[test]
    fn disarmed_and_dropped_alarms_are_not_due() {
        let clock = Arc::new(ManualClock::default());
        let service = AlarmService::start(clock).unwrap();
        let (kept, dropped) = (service.alarm(|| ()), service.alarm(|| ()));
        kept.set(Some(5));
        dropped.set(Some(1));
        drop(dropped);
        let alarms = service.shared.state.lock().alarms.clone();
        let (due, next) = due_alarms(&alarms, 4);
        assert!(due.is_empty());
        assert_eq!(next, Some(5));
        kept.set(None);
        let (due, next) = due_alarms(&alarms, 9);
        assert!(due.is_empty() && next.is_none());
    }
}
