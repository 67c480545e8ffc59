//! How often files were changed, as git tells it. Nothing is changed, and nothing is asked but git itself.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::measured::Measured;

/// How long git may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// More output than this is not read, in bytes.
const MAX_BYTES: u64 = 256 << 20;
const HOW: &str = "run it in a clone with git on `PATH`";

/// Changes of the last twelve months.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Churn {
    /// Commits in which a file was changed, by its path relative to the root.
    pub commits: BTreeMap<String, u32>,
}

/// Counts the commits of the last twelve months for each file below `root`, merges left out.
#[must_use]
pub fn churn(root: &Path) -> Measured<Churn> {
    let not_measured = |why: String| Measured::NotMeasured {
        why,
        how: HOW.to_owned(),
    };
    let child = Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "log",
            "--since=12 months ago",
            "--no-merges",
            "--no-renames",
            "--no-ext-diff",
        ])
        .args(["--format=", "--name-only", "-z", "--relative", "--", "."])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return not_measured(format!("git cannot be started: {error}")),
    };
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return not_measured("git has no output".to_owned());
    };
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let complaint = thread::spawn(move || text(err, 4096));
        let names = text(out, MAX_BYTES);
        // Nobody listens any more if git took too long.
        let _ = sender.send((names, complaint.join().unwrap_or_default()));
    });
    let answer = receiver.recv_timeout(PATIENCE);
    if answer.is_err() {
        // It may just have ended; then there is nothing to kill.
        let _ = child.kill();
    }
    let status = child.wait();
    match (answer, status) {
        (Ok((names, _)), Ok(status)) if status.success() => Measured::Measured {
            value: Churn {
                commits: counted(&names),
            },
        },
        (Ok((_, complaint)), _) => {
            let first = complaint.lines().next().unwrap_or("git failed");
            not_measured(first.to_owned())
        }
        (Err(_), _) => Measured::Failed {
            why: format!("git took longer than {} seconds", PATIENCE.as_secs()),
            how: HOW.to_owned(),
        },
    }
}

fn text(from: impl Read, limit: u64) -> String {
    let mut bytes = Vec::new();
    // What was read until an error is the best there is.
    let _ = from.take(limit).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn counted(names: &str) -> BTreeMap<String, u32> {
    let mut commits = BTreeMap::new();
    for name in names.split(['\0', '\n']).filter(|name| !name.is_empty()) {
        *commits.entry(name.to_owned()).or_default() += 1;
    }
    commits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted() {
        let counts = counted("a.rs\0b c.rs\0\na.rs\0");
        assert_eq!(counts.get("a.rs"), Some(&2));
        assert_eq!(counts.get("b c.rs"), Some(&1));
        assert_eq!(counts.len(), 2);
    }

    #[test]
    fn a_directory_that_is_no_clone_is_not_measured() {
        let directory = tempfile::tempdir().expect("a directory");
        assert!(churn(directory.path()).value().is_none());
    }

    #[test]
    fn commits_are_counted_where_git_is_there() {
        let directory = tempfile::tempdir().expect("a directory");
        let git = |words: &[&str]| {
            let ran = Command::new("git")
                .arg("-C")
                .arg(directory.path())
                .args([
                    "-c",
                    "user.name=a",
                    "-c",
                    "user.email=a@example.org",
                    "-c",
                    "commit.gpgsign=false",
                ])
                .args(words)
                .output();
            ran.is_ok_and(|output| output.status.success())
        };
        if !git(&["init", "-q"]) {
            return;
        }
        for text in ["1", "2"] {
            std::fs::write(directory.path().join("a.rs"), text).expect("it is writable");
            assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", "change"]));
        }
        let measured = churn(directory.path());
        let commits = measured
            .value()
            .map(|churn| churn.commits.get("a.rs").copied());
        assert_eq!(commits, Some(Some(2)), "{measured:?}");
    }
}
