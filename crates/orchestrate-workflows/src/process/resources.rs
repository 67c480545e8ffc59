//! What a program uses, looked at from outside. Only Linux tells.
//!
//! Memory: the system keeps the most that each process ever held. It is read as long as the process is there, so
//! what is told is the most until the last look: less than the truth by what came in the last moments. The time of
//! the processor is read once the program has ended and before it is waited for, so it is all of it.

use std::time::Duration;

/// How long until the next look.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// A program whose memory is looked at.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    limit: Option<u64>,
    most: u64,
    looks: u32,
}

impl Watched {
    /// Nothing was seen yet of a program that may use so many bytes.
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            most: 0,
            looks: 0,
        }
    }

    /// Looks once. Gives the limit if it is exceeded.
    pub(super) fn look(&mut self, process: u32) -> Option<u64> {
        let used = used(process)?;
        self.looks = self.looks.saturating_add(1);
        self.most = self.most.max(used);
        self.limit.filter(|limit| used > *limit)
    }

    /// The most that was seen, in bytes.
    pub(super) fn peak(&self) -> Result<u64, String> {
        match self.looks {
            _ if !cfg!(target_os = "linux") => Err("only Linux tells it".to_owned()),
            // The first look is at a program that has hardly begun.
            0 | 1 => Err(format!(
                "it ended within {} ms, before it could be looked at",
                LOOK.as_millis()
            )),
            _ => Ok(self.most),
        }
    }
}

/// The time of the processor that a program used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CpuTime {
    /// In milliseconds, that of the children included that it waited for.
    pub(crate) ms: f64,
    /// How exactly it is known, in milliseconds: threads and children are counted in ticks.
    pub(crate) exact_to_ms: f64,
    /// How long its first thread waited for a processor that others used, in milliseconds.
    pub(crate) waited_ms: f64,
}

/// A tick of the clock that `/proc` counts in, in milliseconds.
#[cfg(target_os = "linux")]
const TICK_MS: f64 = 10.0;

impl CpuTime {
    /// That of a process that has ended and was not waited for.
    #[cfg(target_os = "linux")]
    pub(super) fn of(process: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name of the process may hold anything, so what stands behind it is counted.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| -> Option<f64> { fields.get(at)?.parse().ok() };
        let (own, children) = (ticks(11)? + ticks(12)?, ticks(13)? + ticks(14)?);
        let exact = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok();
        let exact = exact.unwrap_or_default();
        let nanoseconds = |at: usize| exact.split(' ').nth(at)?.parse::<f64>().ok();
        let milliseconds = |at: usize| nanoseconds(at).unwrap_or_default() / 1e6;
        let (first_thread, counted) = (milliseconds(0), own * TICK_MS);
        // What its first thread used is known to the nanosecond; if ticks say more, there were others.
        let is_exact = children == 0.0 && first_thread > 0.0 && counted < first_thread + TICK_MS;
        Some(Self {
            ms: if is_exact {
                first_thread
            } else {
                counted.max(first_thread) + children * TICK_MS
            },
            exact_to_ms: if is_exact { 0.0 } else { TICK_MS },
            waited_ms: milliseconds(1),
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: u32) -> Option<Self> {
        None
    }
}

/// The most that a process held until now; with children, what they and it hold now. In bytes.
#[cfg(target_os = "linux")]
fn used(process: u32) -> Option<u64> {
    let mut all = vec![process];
    let mut at = 0;
    while let Some(one) = all.get(at).copied() {
        at += 1;
        let path = format!("/proc/{one}/task/{one}/children");
        let children = std::fs::read_to_string(path).unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|it| it.parse::<u32>().ok()),
        );
    }
    match &*all {
        [only] => field(*only, "VmHWM:"),
        several => {
            let held = several.iter().filter_map(|it| field(*it, "VmRSS:"));
            Some(held.sum())
        }
    }
}

#[cfg(target_os = "linux")]
fn field(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(not(target_os = "linux"))]
fn used(_: u32) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_process_is_told() {
        let mut sum = 0_u64;
        let own = || CpuTime::of(std::process::id()).unwrap();
        while own().ms < 20.0 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert_eq!(CpuTime::of(u32::MAX), None);
    }

    #[test]
    fn a_process_is_seen_and_a_limit_that_it_is_above_is_told() {
        let own = std::process::id();
        let mut watched = Watched::new(Some(1 << 10));
        assert!(watched.peak().is_err());
        assert_eq!(watched.look(own), Some(1 << 10));
        watched.look(own);
        assert!(watched.peak().unwrap() > 1 << 20);
        assert_eq!(Watched::new(Some(1 << 50)).look(own), None);
    }
}
