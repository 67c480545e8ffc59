//! A worker as a child process: what it said, how it ended, and ways to end it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::stage::{Check, Faults, Place, Stage};
use super::worker::{Line, parse};

/// A worker that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a worker is to do.
#[derive(Debug, Clone)]
pub(crate) struct Orders<'a> {
    pub(crate) url: String,
    pub(crate) place: &'a Place,
    pub(crate) plan: &'a str,
    pub(crate) runs: usize,
    pub(crate) flags: &'a [&'a str],
    pub(crate) faults: Faults,
}

impl<'a> Orders<'a> {
    pub(crate) fn new(place: &'a Place, plan: &'a str, runs: usize) -> Self {
        Self {
            url: place.url(),
            place,
            plan,
            runs,
            flags: &[],
            faults: Faults::default(),
        }
    }

    pub(crate) fn with(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All runs ended.
    Done,
    /// It said why it could not go on.
    Refused,
    Killed,
}

/// What a worker said from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) end: End,
    pub(crate) lines: Vec<Line>,
}

impl Heard {
    /// The codes with which runs or the store refused to go on.
    pub(crate) fn codes(&self) -> Vec<&str> {
        let mut codes = Vec::new();
        for line in &self.lines {
            if let Line::Refused { code, .. } = line {
                codes.push(code.as_str());
            }
        }
        codes
    }
}

/// A worker that is under way; it is killed with this value.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    told: Receiver<Line>,
    errors: Option<thread::JoinHandle<String>>,
    lines: Vec<Line>,
}

impl Worker {
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(stage: &Stage, orders: &Orders<'_>) -> Check<Self> {
        let failed = |error: std::io::Error| format!("no worker: {error}");
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command
            .args(["worker", "--store", &orders.url, "--plan", orders.plan])
            .args(["--runs", &orders.runs.to_string()])
            .arg("--effects")
            .arg(orders.place.effects())
            .args(orders.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        stage.arm(&mut command, &orders.place.store(), &orders.faults);
        let mut child = command.spawn().map_err(failed)?;
        let (tell, told) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = parse(&line).map(|line| tell.send(line));
                }
            });
        }
        let errors = child.stderr.take().map(|mut errors| {
            thread::spawn(move || {
                let mut text = String::new();
                let _ = errors.read_to_string(&mut text);
                text
            })
        });
        Ok(Self {
            child,
            told,
            errors,
            lines: Vec::new(),
        })
    }

    /// Waits until it has said so many lines more; false when it ended before.
    ///
    /// # Errors
    /// When it hangs.
    pub(crate) fn says(&mut self, lines: u64) -> Check<bool> {
        for _ in 0..lines {
            match self.told.recv_timeout(PATIENCE) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
                Err(RecvTimeoutError::Timeout) => return Err("a worker hangs".to_owned()),
            }
        }
        Ok(true)
    }

    /// Ends it without mercy.
    pub(crate) fn kill(&mut self) {
        // One that has ended by itself cannot be killed, and need not be.
        let _ = self.child.kill();
    }

    /// Sends it a signal, for example `STOP`.
    ///
    /// # Errors
    /// When there is no program that sends signals.
    pub(crate) fn signal(&self, name: &str) -> Check {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status();
        match sent {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("no signal {name} was sent: {other:?}")),
        }
    }

    /// Waits until it is stopped, so that nothing of it is under way any more.
    ///
    /// # Errors
    /// When it does not stop.
    pub(crate) fn stopped(&self) -> Check {
        let until = Instant::now() + PATIENCE;
        let file = format!("/proc/{}/stat", self.child.id());
        while Instant::now() < until {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let state = text
                .rsplit(") ")
                .next()
                .and_then(|rest| rest.chars().next());
            if matches!(state, Some('T' | 'Z') | None) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err("a worker does not stop".to_owned())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it hangs, or falls over instead of saying why it cannot go on.
    pub(crate) fn end(mut self) -> Check<Heard> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.told.recv_timeout(left) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => return Err("a worker hangs".to_owned()),
            }
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let said = self.errors.take().and_then(|it| it.join().ok());
        let said = said.unwrap_or_default();
        let end = match (status.code(), status.signal()) {
            (Some(0), _) => End::Done,
            (Some(3), _) => End::Refused,
            (None, Some(9)) => End::Killed,
            _ => return Err(format!("a worker fell over ({status}): {}", said.trim())),
        };
        if !said.is_empty() && end != End::Killed {
            return Err(format!(
                "a worker said on its error output: {}",
                said.trim()
            ));
        }
        let lines = std::mem::take(&mut self.lines);
        Ok(Heard { end, lines })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}

/// Lets a worker work to its end.
///
/// # Errors
/// As [`Worker::end`].
pub(crate) fn work(stage: &Stage, orders: &Orders<'_>) -> Check<Heard> {
    Worker::start(stage, orders)?.end()
}
