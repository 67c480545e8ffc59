//! One run of a program in a process group of its own, from its start to its end.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::time::{Duration, Instant};

use orchestrate_process::{DRAIN, Group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::{sleep, sleep_until};

use super::ended::{Ended, Kept, Stop};
use super::resources::{CpuTime, LOOK, Watched};

/// A program to be run.
#[derive(Debug)]
pub(crate) struct Program {
    program: PathBuf,
    args: Vec<OsString>,
    directory: PathBuf,
    variables: Vec<(OsString, Option<OsString>)>,
    timeout: Duration,
    most_stdout: usize,
    stdin: Option<File>,
    watched: Option<Watched>,
}

impl Program {
    /// A program that runs in a directory, for at most so long.
    pub(crate) fn new(program: impl Into<PathBuf>, directory: &Path, timeout: Duration) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            directory: directory.to_owned(),
            variables: Vec::new(),
            timeout,
            most_stdout: 0,
            stdin: None,
            watched: None,
        }
    }

    /// Has it read a file on its standard input.
    pub(crate) fn reading(mut self, file: File) -> Self {
        self.stdin = Some(file);
        self
    }

    /// Looks at its memory while it runs, and ends it when it uses more than a limit in bytes.
    pub(crate) fn watched(mut self, limit: Option<u64>) -> Self {
        self.watched = Some(Watched::new(limit));
        self
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), Some(value.into())));
        self
    }

    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.variables.push((name.into(), None));
        self
    }

    /// Lets it run for at most so long.
    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Keeps up to so many bytes of stdout; without this only the tail is kept.
    pub(crate) fn keeping(mut self, bytes: usize) -> Self {
        self.most_stdout = bytes;
        self
    }

    /// The command line, for evidence.
    pub(crate) fn command(&self) -> Vec<String> {
        std::iter::once(self.program.as_os_str())
            .chain(self.args.iter().map(OsString::as_os_str))
            .map(|part| part.to_string_lossy().into_owned())
            .collect()
    }

    /// Runs it to its end. Dropping the future ends the program with all its children.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn run(&self) -> std::io::Result<Ended> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.directory)
            .stdin(match &self.stdin {
                Some(file) => Stdio::from(file.try_clone()?),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // Otherwise it would be counted as time of the first program of all.
        orchestrate_process::make_ready();
        let started = Instant::now();
        let mut group = Group::start(command)?;
        let mut ended = pin!(group.ended());
        let (mut duration, mut cpu) = (None, None);
        let mut watched = self.watched.clone();
        let mut look = started;
        let (_, mut stdout, mut stderr) = group.streams();
        let mut kept = Kept::default();
        let (mut from_out, mut from_err) = (vec![0; 8192], vec![0; 8192]);
        let mut until = tokio::time::Instant::now() + self.timeout;
        let mut stop: Option<Stop> = None;
        while stop.is_none() || stdout.is_some() || stderr.is_some() {
            tokio::select! {
                count = read(&mut stdout, &mut from_out) => match count {
                    0 => stdout = None,
                    count => kept.stdout(from_out.get(..count).unwrap_or_default(), self.most_stdout),
                },
                count = read(&mut stderr, &mut from_err) => match count {
                    0 => stderr = None,
                    count => kept.tail(from_err.get(..count).unwrap_or_default()),
                },
                () = &mut ended, if watched.is_some() && duration.is_none() => {
                    duration = Some(started.elapsed());
                    cpu = group.id().and_then(CpuTime::of);
                }
                status = group.wait(), if stop.is_none() && (duration.is_some() || watched.is_none()) => {
                    stop = Some(Stop::of(status));
                    duration = duration.or_else(|| Some(started.elapsed()));
                    until = tokio::time::Instant::now() + DRAIN;
                }
                () = sleep_until(look.into()), if watched.is_some() && stop.is_none() => {
                    look = Instant::now() + LOOK;
                    let too_much = watched.as_mut().and_then(|it| it.look(group.id()?));
                    if let Some(limit) = too_much {
                        end(&mut group).await;
                        stop = Some(Stop::TookMemory(limit));
                        break;
                    }
                }
                () = sleep_until(until) => {
                    if stop.is_some() {
                        break;
                    }
                    end(&mut group).await;
                    stop = Some(Stop::TimedOut(self.timeout));
                    break;
                }
            }
        }
        Ok(Ended {
            stop: stop.unwrap_or(Stop::Killed),
            tail: kept.readable(),
            stdout: kept.stdout,
            is_cut: kept.is_cut,
            duration: duration.unwrap_or_else(|| started.elapsed()),
            cpu,
            memory: match watched {
                Some(watched) => watched.peak(),
                None => Err("nobody looked".to_owned()),
            },
        })
    }
}

/// Ends a program. It is reaped here, so that nothing of it is left when the caller goes on.
async fn end(group: &mut Group) {
    group.end();
    tokio::select! {
        _ = group.wait() => {}
        () = sleep(DRAIN) => {}
    }
}

/// Reads what there is; 0 at the end and for a stream that cannot be read. Waits for ever on none.
async fn read(stream: &mut Option<impl AsyncRead + Unpin>, into: &mut [u8]) -> usize {
    match stream {
        Some(stream) => stream.read(into).await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::ended::TAIL;
    use std::future::Future;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn shell(script: &str, seconds: u64) -> Program {
        let directory = std::env::temp_dir();
        Program::new("/bin/sh", &directory, Duration::from_secs(seconds)).args(["-c", script])
    }

    fn is_alive(pid: &str) -> bool {
        // A zombie is dead; it only waits for its parent.
        let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        status.is_ok_and(|stat| !stat.contains(") Z "))
    }

    /// The signal is sent by then; the system needs a moment to carry it out. Who is never gone
    /// makes the test run into its time limit.
    fn until_gone(pid: &str) {
        while is_alive(pid) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn codes_output_and_tail_are_those_of_the_program() {
        let ended = block_on(
            shell("echo out; printf '\\033[31mred\\033[0m\\n' >&2; exit 3", 20)
                .keeping(2)
                .run(),
        )
        .unwrap();
        assert_eq!(ended.stop, Stop::Exit(3));
        assert_eq!(
            (ended.stdout.as_slice(), ended.is_cut),
            (b"ou".as_slice(), true)
        );
        let mut lines: Vec<&str> = ended.tail.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["out", "red"]);
        assert!(
            block_on(Program::new("/nowhere/at/all", Path::new("/"), Duration::from_secs(1)).run())
                .is_err()
        );
    }

    #[test]
    fn a_long_tail_is_cut_at_its_beginning() {
        let ended = block_on(
            shell(
                "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done",
                60,
            )
            .run(),
        )
        .unwrap();
        assert!(ended.tail.len() <= 2 * TAIL + 8192);
        assert_eq!(ended.last_line(), "line 19999");
        assert_eq!(ended.last_lines(2), "line 19998\nline 19999");
    }

    /// The clock does not move while a thread reads, so the limit is reached once all have begun.
    #[cfg(target_os = "linux")]
    #[tokio::test(start_paused = true)]
    async fn whoever_takes_too_long_is_ended_with_all_children() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let script = format!("sleep 300 & echo $! > {}; sleep 300", pipe.display());
        let child = tokio::task::spawn_blocking(|| std::fs::read_to_string(pipe).unwrap());
        let ended = shell(&script, 1).run().await.unwrap();
        assert_eq!(ended.stop, Stop::TimedOut(Duration::from_secs(1)));
        until_gone(&child.await.unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_left_in_the_background_ends_with_its_program() {
        let ended = block_on(shell("sleep 300 & echo $!", 60).keeping(100).run()).unwrap();
        assert_eq!(ended.stop, Stop::Exit(0));
        assert!(ended.duration < Duration::from_secs(50));
        until_gone(&String::from_utf8(ended.stdout).unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn whoever_is_left_is_ended_with_all_children() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let script = format!(
            "sleep 300 & echo $! > {0}.tmp; mv {0}.tmp {0}; wait",
            file.display()
        );
        let child = block_on(async {
            let run = tokio::spawn(async move { shell(&script, 60).run().await });
            while !file.exists() {
                tokio::task::yield_now().await;
            }
            run.abort();
            assert!(run.await.is_err());
            std::fs::read_to_string(&file).unwrap()
        });
        until_gone(&child);
    }
}
