//! The host: which of its processors is used, how much time children took, and
//! what it is.

use std::fs;

use anyhow::Result;

/// Time that a process spent.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct CpuTime {
    /// Seconds in user mode.
    pub user: f64,
    /// Seconds in the kernel.
    pub system: f64,
}

/// The name of the host's processor.
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

/// Runs `start`, whose child processes stay on one processor: the same one each
/// time, the last of those that this process may use. Where processes cannot be
/// bound, they are free.
///
/// # Errors
/// Those of `start`.
pub fn on_one_processor<T>(start: impl FnOnce() -> Result<T>) -> Result<T> {
    sys::on_one_processor(start)
}

/// The time of all child processes that have been waited for.
///
/// # Errors
/// If the host does not tell.
pub fn children() -> Result<CpuTime> {
    sys::children()
}

impl std::ops::Sub for CpuTime {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user - earlier.user,
            system: self.system - earlier.system,
        }
    }
}

impl CpuTime {
    /// All of it, in seconds.
    pub fn total(self) -> f64 {
        self.user + self.system
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use anyhow::{Context as _, Result};
    use nix::{
        sched::{CpuSet, sched_getaffinity, sched_setaffinity},
        sys::{
            resource::{UsageWho, getrusage},
            time::TimeValLike as _,
        },
        unistd::Pid,
    };

    use super::CpuTime;

    pub fn on_one_processor<T>(start: impl FnOnce() -> Result<T>) -> Result<T> {
        let own = Pid::from_raw(0);
        let before = sched_getaffinity(own).context("cannot ask for the processors")?;
        let last = (0..CpuSet::count())
            .rev()
            .find(|n| before.is_set(*n).unwrap_or(false))
            .context("this process may use no processor")?;
        let mut one = CpuSet::new();
        one.set(last)?;
        // Children inherit the set; so do threads, which `start` must not make.
        sched_setaffinity(own, &one).context("cannot bind to one processor")?;
        let started = start();
        sched_setaffinity(own, &before).context("cannot go back to all processors")?;
        started
    }

    pub fn children() -> Result<CpuTime> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 * 1e-6;
        Ok(CpuTime {
            user: seconds(usage.user_time()),
            system: seconds(usage.system_time()),
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use anyhow::{Result, bail};

    use super::CpuTime;

    pub fn on_one_processor<T>(start: impl FnOnce() -> Result<T>) -> Result<T> {
        start()
    }

    pub fn children() -> Result<CpuTime> {
        bail!("the time of child processes is known on Linux only")
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::process;

    #[test]
    fn children_are_bound_and_their_time_is_counted() {
        let before = children().unwrap();
        let script = "nproc; i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done";
        let mut shell = process::command("sh");
        let output = on_one_processor(|| process::output(shell.args(["-c", script]))).unwrap();
        assert_eq!(output.trim(), "1");
        let spent = children().unwrap() - before;
        assert!(spent.total() > 0.0);
    }
}
