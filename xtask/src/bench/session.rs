//! A guest that runs commands given on its console.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::host;

/// What the guest's first program prints when it waits for commands.
const READY: &str = "bench: ready";
/// What it prints after each: status, and the uptime before and after.
const END: &str = "bench: end ";

/// Lines that are shown when something is wrong.
const LAST_LINES: usize = 15;

/// A guest's clock may differ from the host's by this much: two roundings to
/// 10 ms, and the way through the console.
const CLOCK_SLACK: f64 = 0.15;
/// And by this part.
const CLOCK_DRIFT: f64 = 0.05;

/// A running emulator, killed when this is dropped.
pub struct Session {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    last: VecDeque<String>,
}

impl Session {
    /// Starts the emulator and waits until the guest is ready.
    ///
    /// # Errors
    /// If it does not start, or the guest is not ready in time.
    pub fn start(mut command: Command, timeout: Duration) -> Result<Self> {
        command.stdin(Stdio::piped());
        let (mut child, lines) = spawn(&mut command)?;
        let input = child.stdin.take().context("no standard input")?;
        let mut session = Self {
            lines,
            child,
            input,
            last: VecDeque::new(),
        };
        let deadline = Instant::now() + timeout;
        while session.line(deadline).context("the guest did not start")? != READY {}
        Ok(session)
    }

    /// Runs one command; returns what it printed.
    ///
    /// # Errors
    /// If it fails, does not end in time, or the guest's clock is not the host's.
    /// After the second, the guest is of no more use.
    pub fn run(&mut self, command: &str, timeout: Duration) -> Result<Vec<String>> {
        let start = Instant::now();
        let (printed, end) = self.answer(command, start + timeout)?;
        end.check_clock(start.elapsed().as_secs_f64())?;
        Ok(printed)
    }

    /// What a command printed, and how it ended: with success.
    fn answer(&mut self, command: &str, deadline: Instant) -> Result<(Vec<String>, End)> {
        writeln!(self.input, "{command}").context("the emulator has ended")?;
        self.input.flush()?;
        let mut printed = Vec::new();
        loop {
            let line = self.line(deadline)?;
            let Some(end) = line.strip_prefix(END) else {
                printed.push(line);
                continue;
            };
            let end = End::parse(end).with_context(|| format!("not understood: `{line}`"))?;
            ensure!(
                end.status == 0,
                "exit status {}:\n{}",
                end.status,
                printed.join("\n")
            );
            return Ok((printed, end));
        }
    }

    /// Whether the emulator still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn line(&mut self, deadline: Instant) -> Result<String> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => {
                if self.last.len() == LAST_LINES {
                    self.last.pop_front();
                }
                self.last.push_back(line.clone());
                Ok(line)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.kill();
                bail!("no answer in time, {}", self.last_words());
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                bail!("the emulator ended ({status}), {}", self.last_words());
            }
        }
    }

    fn last_words(&self) -> String {
        if self.last.is_empty() {
            return "and nothing was printed".to_owned();
        }
        let lines: Vec<&str> = self.last.iter().map(String::as_str).collect();
        format!("its last lines:\n  {}", lines.join("\n  "))
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a program on the one processor; the lines that it prints, on either output,
/// are sent.
///
/// # Errors
/// If it does not start, or a thread that reads from it.
pub(super) fn spawn(command: &mut Command) -> Result<(Child, Receiver<String>)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().display().to_string();
    let mut child = host::on_one_processor(|| {
        command
            .spawn()
            .with_context(|| format!("cannot start {program}"))
    })?;
    let lines = forward(&mut child).inspect_err(|_| {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    })?;
    Ok((child, lines))
}

fn forward(child: &mut Child) -> Result<Receiver<String>> {
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        send_lines(stdout, sender.clone())?;
    }
    if let Some(stderr) = child.stderr.take() {
        send_lines(stderr, sender)?;
    }
    Ok(lines)
}

/// Sends every line of `from`, until nobody listens.
fn send_lines(from: impl std::io::Read + Send + 'static, to: mpsc::Sender<String>) -> Result<()> {
    let forward = move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|count| count > 0)
        {
            let text = String::from_utf8_lossy(&bytes);
            if to.send(text.trim_end().to_owned()).is_err() {
                return;
            }
            bytes.clear();
        }
    };
    let thread = thread::Builder::new().name("lines".to_owned());
    thread.spawn(forward).context("cannot start a thread")?;
    Ok(())
}

/// How a command ended.
#[derive(Debug, PartialEq)]
struct End {
    status: i32,
    /// Seconds of the guest's clock.
    elapsed: f64,
}

impl End {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let status = words.next()?.parse().ok()?;
        let before: f64 = words.next()?.parse().ok()?;
        let after: f64 = words.next()?.parse().ok()?;
        Some(Self {
            status,
            elapsed: after - before,
        })
    }

    /// All speeds are by the guest's clock: one that is slow or fast would lie.
    fn check_clock(&self, host: f64) -> Result<()> {
        let off = (self.elapsed - host).abs();
        ensure!(
            off <= CLOCK_SLACK + host * CLOCK_DRIFT,
            "the guest's clock is wrong: {:.2} s went by there, {host:.2} s here",
            self.elapsed
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;

    const SECONDS: Duration = Duration::from_secs(60);

    /// A shell in the place of an emulator.
    fn shell(script: &str) -> Command {
        let mut command = process::command("sh");
        command.args(["-c", script]);
        command
    }

    const LOOP: &str = "echo noise; echo 'bench: ready'; while read -r line; do \
                        eval \"$line\"; echo \"bench: end $? 1.00 1.00\"; done";

    #[test]
    fn commands_run_one_after_the_other() {
        let mut session = Session::start(shell(LOOP), SECONDS).unwrap();
        // The shell's clock stands still, which nobody looks at here.
        let deadline = Instant::now() + SECONDS;
        let (printed, end) = session.answer("echo a; echo b", deadline).unwrap();
        assert_eq!(
            (printed, end.elapsed),
            (vec!["a".to_owned(), "b".to_owned()], 0.0)
        );
        let error = session.answer("echo why; false", deadline).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("status 1") && error.contains("why"),
            "{error}"
        );
        assert!(session.is_alive());
        assert!(session.answer("true", deadline).unwrap().0.is_empty());
    }

    #[test]
    fn an_end_and_a_hang_are_told_apart_and_show_the_last_lines() {
        let mut session = Session::start(shell(LOOP), SECONDS).unwrap();
        let error = session.run("echo panic; exit 3", SECONDS).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("ended") && error.contains("panic"),
            "{error}"
        );
        let script = "echo 'bench: ready'; echo stuck; exec sleep 100";
        let mut session = Session::start(shell(script), SECONDS).unwrap();
        assert_eq!(session.line(Instant::now() + SECONDS).unwrap(), "stuck");
        let error = session.line(Instant::now()).unwrap_err().to_string();
        assert!(
            error.contains("no answer") && error.contains("stuck"),
            "{error}"
        );
    }

    #[test]
    fn clocks_are_compared() {
        let end = End::parse("0 10.50 12.50").unwrap();
        assert_eq!((end.status, end.elapsed), (0, 2.0));
        assert!(end.check_clock(2.1).is_ok());
        assert!(end.check_clock(2.5).is_err());
        assert!(end.check_clock(1.5).is_err());
        assert_eq!(End::parse("0 x 1"), None);
    }
}
