//! How a program ended, and what is kept of what it wrote.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use super::resources::CpuTime;

/// How much of the last output is kept for people.
pub(super) const TAIL: usize = 16 << 10;

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// With this exit code.
    Exit(i32),
    /// By a signal, or in another way that has no code.
    Killed,
    /// It took longer than it may, and was ended with all its children.
    TimedOut(Duration),
    /// It used more memory than it may, which is so many bytes, and was ended with all its children.
    TookMemory(u64),
}

impl Stop {
    /// How a program ended that was waited for.
    pub(super) fn of(status: io::Result<ExitStatus>) -> Self {
        let code = status.ok().and_then(|status| status.code());
        code.map_or(Self::Killed, Self::Exit)
    }

    /// Whether it ended with 0.
    pub(crate) fn is_success(self) -> bool {
        self == Self::Exit(0)
    }

    /// The exit code, where there is one.
    pub(crate) fn code(self) -> Option<i32> {
        match self {
            Self::Exit(code) => Some(code),
            Self::Killed | Self::TimedOut(_) | Self::TookMemory(_) => None,
        }
    }

    /// In words: `ended with 2`.
    pub(crate) fn told(self) -> String {
        match self {
            Self::Exit(code) => format!("ended with {code}"),
            Self::Killed => "was ended by a signal".to_owned(),
            Self::TimedOut(limit) => format!("took longer than {} s", limit.as_secs()),
            Self::TookMemory(limit) => format!("used more than {} MB of memory", limit >> 20),
        }
    }
}

/// What a program did.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) stop: Stop,
    /// What it wrote to stdout, up to a limit.
    pub(crate) stdout: Vec<u8>,
    /// Whether there was more.
    pub(crate) is_cut: bool,
    /// The last lines that it wrote to either stream.
    pub(crate) tail: String,
    /// From its start until it ended.
    pub(crate) duration: Duration,
    /// The time of the processor that it used, if somebody looked and it ended by itself.
    pub(crate) cpu: Option<CpuTime>,
    /// The most memory that it was seen to use, in bytes, or why that is not known.
    pub(crate) memory: Result<u64, String>,
}

impl Ended {
    /// The last line that says anything.
    pub(crate) fn last_line(&self) -> &str {
        let mut lines = self.tail.lines().rev().map(str::trim);
        lines
            .find(|line| line.chars().any(char::is_alphanumeric))
            .unwrap_or_default()
    }

    /// The last so many lines.
    pub(crate) fn last_lines(&self, most: usize) -> String {
        let lines: Vec<&str> = self.tail.trim_end().lines().collect();
        let first = lines.len().saturating_sub(most);
        lines.get(first..).unwrap_or_default().join("\n")
    }
}

/// What is kept of a program while it writes.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) stdout: Vec<u8>,
    pub(super) is_cut: bool,
    tail: Vec<u8>,
}

impl Kept {
    pub(super) fn stdout(&mut self, bytes: &[u8], most: usize) {
        let room = most.saturating_sub(self.stdout.len()).min(bytes.len());
        self.stdout
            .extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.is_cut |= room < bytes.len();
        self.tail(bytes);
    }

    pub(super) fn tail(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL {
            let surplus = self.tail.len() - TAIL;
            self.tail.drain(..surplus);
        }
    }

    /// The last lines, for people.
    pub(super) fn readable(&self) -> String {
        readable(&self.tail)
    }
}

/// Text for people: without colours and other control characters.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => {
                if rest.next_if_eq(&'[').is_some() {
                    while rest.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
                }
            }
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
