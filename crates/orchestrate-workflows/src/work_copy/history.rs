//! The version history in a copy: objects are shared with the original, everything else is its own.

use std::path::Path;
use std::process::{Command, Stdio};

/// Gives the copy a history of its own that reads the objects of the original. Tells whether it has one.
pub(super) fn share(original: &Path, copy: &Path) -> bool {
    if !original.join(".git").exists() {
        return false;
    }
    let clone = git(original)
        .args(["clone", "--quiet", "--shared", "--no-checkout"])
        .arg(original)
        .arg(copy)
        .status();
    if !clone.is_ok_and(|status| status.success()) {
        // Half a history is none: tests would see a repository that does not hold together.
        let _ = std::fs::remove_dir_all(copy);
        return false;
    }
    // Nothing that runs in the copy can send anything to the original.
    let removed = git(copy).args(["remote", "remove", "origin"]).status();
    removed.is_ok_and(|status| status.success())
}

/// Makes the index that of the last commit, now that the files lie there.
pub(super) fn settle(copy: &Path) {
    // Without it all files look new, which no test can mind much.
    let _ = git(copy).args(["reset", "--quiet"]).status();
}

fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(directory)
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
        ])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
