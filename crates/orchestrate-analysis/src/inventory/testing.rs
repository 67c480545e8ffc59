//! For tests of files that must not be read: pipes, and a guard against waiting for them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Makes a pipe; `None`, said aloud, where there is no program for it.
pub(crate) fn pipe(directory: &Path, name: &str) -> Option<PathBuf> {
    let path = directory.join(name);
    let made = Command::new("mkfifo").arg(&path).status();
    if made.is_ok_and(|status| status.success()) {
        return Some(path);
    }
    eprintln!("SKIPPED: `mkfifo` made no pipe at {}", path.display());
    None
}

/// What `work` gives; fails if it does not end, as reading a pipe does not.
pub(crate) fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, result) = mpsc::channel();
    thread::spawn(move || send.send(work()));
    result
        .recv_timeout(Duration::from_secs(20))
        .expect("it ends and does not wait for a pipe")
}
