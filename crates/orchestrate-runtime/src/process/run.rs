//! One program from its start to its end. Whatever happens to who waits for it, its whole group ends.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use orchestrate_core::evidence::Evidence;
use orchestrate_process::{DRAIN, Group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::{Instant, timeout};

use super::environment::Environment;
use super::error::ProgramError;

/// Bytes of each stream that are kept unless somebody says otherwise.
pub const KEPT: usize = 4 << 20;
/// How much is told of what a program wrote that took too long, in characters.
const LAST: usize = 1000;

/// A program that is to be run. No shell reads its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Which of our variables it is given.
    pub environment: Environment,
    /// What it reads; nothing when absent.
    pub input: Option<Vec<u8>>,
    /// Bytes of each stream that are kept; the rest is read, dropped and counted.
    pub keep: usize,
    /// How long it may take; for as long as somebody waits for it when absent.
    pub timeout: Option<Duration>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, or the signal that ended it.
    pub status: ExitStatus,
    /// What it wrote.
    pub stdout: Written,
    /// What it complained.
    pub stderr: Written,
    /// How long it took.
    pub took: Duration,
}

/// What a program wrote to one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The beginning, as much of it as was to be kept.
    pub bytes: Vec<u8>,
    /// How many bytes came behind it.
    pub dropped: u64,
}

impl Program {
    /// A program with the usual variables that reads nothing, without a limit of time.
    #[must_use]
    pub fn new(argv: Vec<String>, directory: impl Into<PathBuf>) -> Self {
        Self {
            argv,
            directory: directory.into(),
            environment: Environment::usual(),
            input: None,
            keep: KEPT,
            timeout: None,
        }
    }

    /// Runs it to its end. Dropping the future ends the program and its children.
    ///
    /// # Errors
    /// [`ProgramError`] when it did not start, was too slow or was lost. An exit code is no error.
    pub async fn run(self) -> Result<Ended, ProgramError> {
        let program = self.argv.first().cloned().ok_or(ProgramError::Empty)?;
        let began = Instant::now();
        let mut group = match self.start() {
            Ok(group) => group,
            Err(source) => return Err(ProgramError::Start { program, source }),
        };
        let (mut stdout, mut stderr) = (Written::default(), Written::default());
        let end = self.until_it_ends(&mut group, &mut stdout, &mut stderr);
        let status = match self.timeout {
            None => end.await,
            Some(limit) => match timeout(limit, end).await {
                Ok(status) => status,
                Err(_) => {
                    group.end();
                    // Waited for here, so that nothing of it is left when the caller goes on.
                    let _ = timeout(DRAIN, group.wait()).await;
                    return Err(ProgramError::TimedOut {
                        program,
                        timeout: limit,
                        last: last_of(&stdout, &stderr),
                    });
                }
            },
        };
        Ok(Ended {
            status: status.map_err(|source| ProgramError::Lost { program, source })?,
            stdout,
            stderr,
            took: began.elapsed(),
        })
    }

    /// Feeds and reads it until it has ended and all that it wrote is read.
    async fn until_it_ends(
        &self,
        group: &mut Group,
        out: &mut Written,
        complaints: &mut Written,
    ) -> io::Result<ExitStatus> {
        let (stdin, stdout, stderr) = group.streams();
        let mut streams = pin!(async {
            tokio::join!(
                feed(stdin, self.input.as_deref()),
                out.read(stdout, self.keep),
                complaints.read(stderr, self.keep),
            )
        });
        let mut end = pin!(group.wait());
        tokio::select! {
            status = &mut end => {
                let _ = timeout(DRAIN, streams).await;
                status
            }
            _ = &mut streams => end.await,
        }
    }

    fn start(&self) -> io::Result<Group> {
        let (program, arguments) = self.argv.split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.directory)
            .stdin(match self.input {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        self.environment.set(&mut command);
        Group::start(command)
    }
}

impl Ended {
    /// Its exit code; none when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// In words: `ended with exit code 3`.
    #[must_use]
    pub fn told(&self) -> String {
        match self.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended by {}", self.status),
        }
    }

    /// How what it gave came to be; `command` is its command line as it may be shown.
    #[must_use]
    pub fn evidence(&self, tool: impl Into<String>, command: Vec<String>) -> Evidence {
        let dropped = [("stdout", &self.stdout), ("stderr", &self.stderr)];
        let dropped = dropped.into_iter().filter(|(_, it)| it.dropped > 0);
        Evidence {
            method: "a program in a process group of its own".to_owned(),
            tool: tool.into(),
            version: "not asked".to_owned(),
            command: Some(command),
            exit_code: self.code(),
            duration_ms: Some(self.took.as_secs_f64() * 1e3),
            notes: dropped
                .map(|(name, it)| format!("{} bytes of {name} were not kept", it.dropped))
                .collect(),
            ..Evidence::default()
        }
    }
}

impl Written {
    /// It as a text; what is none is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    async fn read(&mut self, stream: Option<impl AsyncRead + Unpin>, keep: usize) {
        let Some(mut stream) = stream else {
            return;
        };
        let mut buffer = vec![0; 16 * 1024];
        // What could be read before a fault is what there is.
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            let room = keep.saturating_sub(self.bytes.len()).min(count);
            self.bytes.extend(buffer.iter().take(room));
            self.dropped += (count - room) as u64;
        }
    }
}

/// The last of what a program wrote, for people: its complaints behind its output.
fn last_of(stdout: &Written, stderr: &Written) -> String {
    let texts = [stdout.text(), stderr.text()];
    let texts: Vec<&str> = texts
        .iter()
        .map(|it| it.trim())
        .filter(|it| !it.is_empty())
        .collect();
    let text = texts.join("\n");
    let skip = text.chars().count().saturating_sub(LAST);
    text.chars().skip(skip).collect()
}

async fn feed(stdin: Option<ChildStdin>, input: Option<&[u8]>) {
    if let (Some(mut stdin), Some(input)) = (stdin, input) {
        // A program may end without reading everything.
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn program(argv: &[&str]) -> Program {
        Program {
            keep: 1000,
            timeout: Some(Duration::from_secs(20)),
            ..Program::new(
                argv.iter().map(|it| (*it).to_owned()).collect(),
                std::env::temp_dir(),
            )
        }
    }

    fn is_alive(pid: &str) -> bool {
        // A killed child that nobody has waited for yet is dead all the same.
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        state.is_ok_and(|state| !state.contains(") Z "))
    }

    #[tokio::test]
    async fn it_reads_writes_and_ends_with_its_status() {
        let script = "cat; echo bad >&2; exit 3";
        let mut it = program(&["sh", "-c", script]);
        it.input = Some(b"hello".to_vec());
        let ended = it.run().await.unwrap();
        assert_eq!(
            (ended.code(), ended.stdout.text(), ended.stderr.text()),
            (Some(3), "hello".to_owned(), "bad\n".to_owned())
        );
    }

    #[tokio::test]
    async fn what_is_too_much_is_dropped_and_counted() {
        let mut it = program(&["sh", "-c", "head -c 5000 /dev/zero"]);
        it.keep = 10;
        let ended = it.run().await.unwrap();
        assert_eq!((ended.stdout.bytes.len(), ended.stdout.dropped), (10, 4990));
        let notes = ended.evidence("sh", Vec::new()).notes;
        assert_eq!(notes, ["4990 bytes of stdout were not kept"]);
    }

    #[tokio::test]
    async fn no_variable_that_is_not_named_is_passed_on() {
        // PATH is set wherever tests run; the variable of the test harness stands for a key.
        let shown = |environment| async move {
            let mut it = program(&["env"]);
            it.keep = KEPT;
            it.environment = environment;
            it.run().await.unwrap().stdout.text()
        };
        let usual = shown(Environment::usual()).await;
        assert!(
            usual.contains("PATH=") && !usual.contains("CARGO_MANIFEST_DIR="),
            "{usual}"
        );
        let named = Environment::Usual {
            and: vec!["CARGO_MANIFEST_DIR".into()],
        };
        for environment in [named, Environment::Whole] {
            assert!(shown(environment).await.contains("CARGO_MANIFEST_DIR="));
        }
    }

    /// Its child sleeps for long; both are gone once the program is given up.
    ///
    /// The clock does not move while a thread reads, so the limit is reached once both have begun.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_is_given_up_ends_with_its_children() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let script = "echo began; echo bad >&2; sleep 300 & echo $! > pipe; wait";
        let mut it = Program::new(
            vec!["sh".into(), "-c".into(), script.into()],
            directory.path(),
        );
        it.timeout = Some(Duration::from_millis(400));
        let child = tokio::task::spawn_blocking(|| std::fs::read_to_string(pipe).unwrap());
        let error = it.run().await.unwrap_err();
        assert_eq!(
            error.told(),
            "`sh` took longer than 0.4 s and was ended; the last it wrote: began\nbad"
        );
        // The signal is sent by then. A child that never ends makes the test run into its limit.
        let child = child.await.unwrap();
        while is_alive(child.trim()) {
            std::thread::yield_now();
        }
    }

    #[tokio::test]
    async fn a_child_that_is_left_behind_does_not_keep_anybody_waiting() {
        let ended = program(&["sh", "-c", "sleep 300 & echo done"])
            .run()
            .await
            .unwrap();
        assert_eq!(ended.stdout.text(), "done\n");
        assert!(ended.took < Duration::from_secs(10));
    }

    /// Who left the group is nobody's child any more; that it holds the stream open keeps nobody for long.
    #[cfg(target_os = "linux")]
    #[tokio::test(start_paused = true)]
    async fn who_left_the_group_does_not_keep_anybody_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid").display().to_string();
        // Who leaves the group says so in the file, and holds the output open.
        let script = format!(
            "setsid sh -c 'echo $$ > {file}; exec sleep 300' & until [ -s {file} ]; do :; done; echo done"
        );
        let mut it = program(&["sh", "-c", &script]);
        it.timeout = None;
        let ended = it.run().await.unwrap();
        assert_eq!(
            (ended.code(), ended.stdout.text()),
            (Some(0), "done\n".to_owned())
        );
        let pid = std::fs::read_to_string(&file).unwrap();
        assert!(is_alive(pid.trim()));
        let killed = std::process::Command::new("kill").arg(pid.trim()).status();
        assert!(killed.unwrap().success());
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told() {
        let error = program(&["no-such-program-here"]).run().await.unwrap_err();
        assert_eq!(
            error.told(),
            "`no-such-program-here` cannot be started: No such file or directory (os error 2)"
        );
    }
}
