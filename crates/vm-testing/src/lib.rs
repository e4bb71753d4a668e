//! Deadlines for tests: what could only hang fails by an assertion that names
//! what was waited for. The deadlines are long, for hosts that are busy: no test
//! measures speed.
//!
//! Knows no other crate, and is never shipped.

use std::{
    panic::resume_unwind,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{Builder, JoinHandle, current, sleep},
    time::{Duration, Instant},
};

/// How long anything may take that takes no time when all is well.
pub const DEADLINE: Duration = Duration::from_secs(300);

/// How often a condition is looked at that is not fulfilled at once.
const POLL: Duration = Duration::from_micros(100);
/// So often it is looked at without sleeping in between.
const SPINS: u32 = 100;

/// What `work`, done on another thread, returns.
///
/// # Panics
/// If it takes longer than [`DEADLINE`]: then `what` was waited for. The thread
/// is left alone. Also if `work` does, likewise.
#[track_caller]
pub fn within<R: Send + 'static>(what: &str, work: impl FnOnce() -> R + Send + 'static) -> R {
    within_time(DEADLINE, what, work)
}

/// The same, for work that takes its time.
///
/// # Panics
/// As for [`within`].
#[track_caller]
pub fn within_time<R: Send + 'static>(
    limit: Duration,
    what: &str,
    work: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (sender, result) = channel();
    // A panic names the thread.
    let name = current().name().unwrap_or("test").to_owned();
    let thread = Builder::new().name(name).spawn(move || {
        // Whoever waited may have given up.
        let _ = sender.send(work());
    });
    let thread = thread.unwrap_or_else(|error| panic!("no thread for {what}: {error}"));
    match result.recv_timeout(limit) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("{}", late(what, limit)),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => panic!("{what}: no result"),
        },
    }
}

/// Waits until `condition` holds.
///
/// # Panics
/// After [`DEADLINE`]: then `what` was waited for.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(what, || condition().then_some(()));
}

/// Waits until `find` finds something.
///
/// # Panics
/// After [`DEADLINE`]: then `what` was waited for.
#[track_caller]
pub fn wait_for<T>(what: &str, find: impl FnMut() -> Option<T>) -> T {
    wait_for_time(DEADLINE, what, find)
}

#[track_caller]
fn wait_for_time<T>(limit: Duration, what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    let mut looks = 0u32;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(begin.elapsed() < limit, "{}", late(what, limit));
        looks = looks.saturating_add(1);
        if looks < SPINS {
            std::thread::yield_now();
        } else {
            sleep(POLL);
        }
    }
}

/// What comes through `receiver`.
///
/// # Panics
/// After [`DEADLINE`], or if nothing will ever come: then `what` was waited for.
#[track_caller]
pub fn receive<T>(what: &str, receiver: &Receiver<T>) -> T {
    match receiver.recv_timeout(DEADLINE) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("{}", late(what, DEADLINE)),
        Err(RecvTimeoutError::Disconnected) => panic!("{what}: nobody is left who could send it"),
    }
}

/// What the thread returns.
///
/// # Panics
/// After [`DEADLINE`]: then `what` was waited for. If the thread panics, so
/// does this.
#[track_caller]
pub fn join<T>(what: &str, thread: JoinHandle<T>) -> T {
    wait_until(what, || thread.is_finished());
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

fn late(what: &str, limit: Duration) -> String {
    format!("{what}: not within {limit:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(10);

    #[test]
    fn results_and_panics_come_through() {
        assert_eq!(within("a sum", || 1 + 1), 2);
        assert_eq!(wait_for("a number", || Some(3)), 3);
        assert_eq!(join("a thread", std::thread::spawn(|| 4)), 4);
        let (sender, receiver) = channel();
        sender.send(5).unwrap();
        assert_eq!(receive("a message", &receiver), 5);
        let panic = std::panic::catch_unwind(|| within("a panic", || panic!("inside")));
        assert_eq!(*panic.unwrap_err().downcast::<&str>().unwrap(), "inside");
    }

    #[test]
    #[should_panic = "the end of time: not within 10ms"]
    fn work_that_hangs_fails() {
        within_time(SHORT, "the end of time", || {
            loop {
                std::thread::park();
            }
        })
    }

    #[test]
    #[should_panic = "a miracle: not within 10ms"]
    fn a_condition_that_never_holds_fails() {
        wait_for_time(SHORT, "a miracle", || None::<()>);
    }
}
