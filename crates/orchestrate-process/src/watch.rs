//! What ends programs when this process dies in a way in which it can end nothing itself: killed with
//! `kill -9`, or for want of memory.
//!
//! A shell is told of each program: the number of its group, and when its leader began. The shell reads until
//! our end of the pipe closes, which the system does however we end, and then ends each group whose leader
//! still is the one that it was told of; a number that belongs to somebody else by then does not match. It is
//! started with the first program. Where no shell is to be had nothing is told, and nothing fails for it. A
//! program that is being started in the moment in which this process dies may not have been told of.

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use process_wrap::tokio::{CommandWrap, CommandWrapper};

/// It keeps the beginnings in variables by the number, so that a number that is used again counts once.
const SCRIPT: &str = r#"
while read -r pid began; do eval "watched_$pid=$began"; done
set | while IFS='=' read -r name began; do
    case $name in watched_*) ;; *) continue ;; esac
    pid=${name#watched_}
    began=${began#\'}
    began=${began%\'}
    read -r stat < "/proc/$pid/stat" || continue
    set -- ${stat##*) }
    [ "${20}" = "$began" ] && kill -9 "-$pid"
done
"#;

static WATCHER: Mutex<Option<Child>> = Mutex::new(None);

/// Has a program watched that leads a group of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched;

impl CommandWrapper for Watched {
    /// The shell is there before the program is, so that little time passes until it is told.
    fn pre_spawn(&mut self, _: &mut tokio::process::Command, _: &CommandWrap) -> io::Result<()> {
        make_ready();
        Ok(())
    }

    fn post_spawn(
        &mut self,
        _: &mut tokio::process::Command,
        child: &mut tokio::process::Child,
        _: &CommandWrap,
    ) -> io::Result<()> {
        if let Some((pid, began)) = child.id().and_then(|pid| Some((pid, began(pid)?))) {
            tell(&format!("{pid} {began}\n"));
        }
        Ok(())
    }
}

/// Starts what watches, unless it is there.
pub(super) fn make_ready() {
    let mut watcher = WATCHER.lock().unwrap_or_else(PoisonError::into_inner);
    if watcher.is_none() {
        *watcher = start().ok();
    }
}

/// When a process began, in ticks since the system did.
fn began(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name may hold anything, so what stands behind the name is counted.
    let (_, behind) = stat.rsplit_once(") ")?;
    behind.split(' ').nth(19)?.parse().ok()
}

fn tell(line: &str) {
    let mut watcher = WATCHER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(it) = watcher.as_mut()
        && write(it, line).is_err()
    {
        // Somebody ended it; the next program has another.
        let _ = it.try_wait();
        *watcher = None;
    }
}

fn write(watcher: &mut Child, line: &str) -> io::Result<()> {
    let pipe = watcher.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
    pipe.write_all(line.as_bytes())
}

fn start() -> io::Result<Child> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", SCRIPT]).env_clear().current_dir("/");
    shell.stdin(Stdio::piped());
    // What it held open of ours would keep whoever reads our output waiting.
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    // What is sent to our group, from the terminal or to kill us, is not to reach it.
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell.spawn()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt as _;

    fn sleeper() -> (Child, u64) {
        let child = Command::new("sleep").arg("600").process_group(0).spawn();
        let child = child.unwrap();
        let began = began(child.id()).unwrap();
        (child, began)
    }

    #[test]
    fn only_who_is_still_the_one_that_was_told_of_is_ended() {
        let ((mut known, known_began), (mut other, other_began)) = (sleeper(), sleeper());
        let mut watcher = start().unwrap();
        write(&mut watcher, &format!("{} 1\n", known.id())).unwrap();
        write(&mut watcher, &format!("{} {known_began}\n", known.id())).unwrap();
        write(
            &mut watcher,
            &format!("{} {}\n", other.id(), other_began + 1),
        )
        .unwrap();
        drop(watcher.stdin.take());
        watcher.wait().unwrap();
        assert_eq!(known.wait().unwrap().code(), None);
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
