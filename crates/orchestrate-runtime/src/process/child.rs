//! One program from its start to its end. Whatever happens to who waits for it, its whole group ends.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

/// The variables that a program is given beside those that are named for it. Keys are not among them.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "TMPDIR",
    "TZ",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GOPATH",
    "GOCACHE",
    "PYENV_ROOT",
    "NVM_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "SYSTEMROOT",
    "PATHEXT",
    "COMSPEC",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// A program that is to be run. No shell reads its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Names of variables that it is given beside the usual ones.
    pub variables: Vec<String>,
    /// What it reads; nothing when absent.
    pub input: Option<Vec<u8>>,
    /// Bytes of each stream that are kept; the rest is read and dropped.
    pub keep: usize,
    /// How long it may take.
    pub timeout: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; none when a signal ended it.
    pub status: Option<i32>,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it complained.
    pub stderr: Vec<u8>,
    /// Bytes of both streams that were not kept.
    pub dropped: u64,
    /// How long it took.
    pub took: Duration,
}

/// Why a program did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no argument at all.
    #[error("there is no program to run")]
    Empty,
    /// It is not there or may not be run.
    #[error("`{program}` cannot be started")]
    Start {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took longer than it may; it was ended with all its children.
    #[error("`{program}` took longer than {} s and was ended", timeout.as_secs_f64())]
    TimedOut {
        /// The program.
        program: String,
        /// How long it may take.
        timeout: Duration,
    },
    /// Its end could not be seen.
    #[error("`{program}` was lost")]
    Lost {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A child whose group ends when this is dropped.
struct Group(Box<dyn ChildWrapper>);

impl Drop for Group {
    fn drop(&mut self) {
        // Whatever is left of the group is killed; one that is gone needs nothing.
        let _ = self.0.start_kill();
    }
}

impl Program {
    /// Runs it to its end. Dropping the future ends the program and its children.
    ///
    /// # Errors
    /// [`ProgramError`] when it did not start, was too slow or was lost. An exit status is no error.
    pub async fn run(self) -> Result<Ended, ProgramError> {
        let program = self.argv.first().cloned().ok_or(ProgramError::Empty)?;
        let timeout = self.timeout;
        match tokio::time::timeout(timeout, self.ended(&program)).await {
            Ok(ended) => ended,
            Err(_) => Err(ProgramError::TimedOut { program, timeout }),
        }
    }

    async fn ended(self, program: &str) -> Result<Ended, ProgramError> {
        let began = Instant::now();
        let lost = |source| ProgramError::Lost {
            program: program.to_owned(),
            source,
        };
        let mut group = Group(self.start().map_err(|source| ProgramError::Start {
            program: program.to_owned(),
            source,
        })?);
        let (stdin, stdout, stderr) = (
            group.0.stdin().take(),
            group.0.stdout().take(),
            group.0.stderr().take(),
        );
        let feed = async {
            if let (Some(mut stdin), Some(input)) = (stdin, &self.input) {
                // A program may end without reading everything.
                let _ = stdin.write_all(input).await;
                let _ = stdin.shutdown().await;
            }
        };
        let wait = async {
            let status = group.0.wait().await;
            // Children that it left behind hold its streams open; they end with it.
            let _ = group.0.start_kill();
            status
        };
        let (status, (), stdout, stderr) =
            tokio::join!(wait, feed, kept(stdout, self.keep), kept(stderr, self.keep));
        let status = status.map_err(lost)?;
        Ok(Ended {
            status: status.code(),
            dropped: stdout.1 + stderr.1,
            stdout: stdout.0,
            stderr: stderr.0,
            took: began.elapsed(),
        })
    }

    fn start(&self) -> io::Result<Box<dyn ChildWrapper>> {
        let (program, arguments) = self.argv.split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.directory)
            .env_clear()
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.envs(environment(&self.variables));
        let mut command = CommandWrap::from(command);
        command.wrap(KillOnDrop);
        #[cfg(unix)]
        command.wrap(process_wrap::tokio::ProcessGroup::leader());
        command.spawn()
    }
}

/// What a program is given of our variables: the usual ones, and those that are named for it.
pub(crate) fn environment(named: &[String]) -> Vec<(String, OsString)> {
    let names = VARIABLES
        .iter()
        .copied()
        .chain(named.iter().map(String::as_str));
    names
        .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)))
        .collect()
}

/// The first `keep` bytes of a stream, and how many came behind them.
async fn kept(stream: Option<impl AsyncRead + Unpin>, keep: usize) -> (Vec<u8>, u64) {
    let Some(mut stream) = stream else {
        return (Vec::new(), 0);
    };
    let (mut bytes, mut dropped) = (Vec::new(), 0u64);
    let mut buffer = vec![0; 8192];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let room = keep.saturating_sub(bytes.len()).min(count);
        bytes.extend(buffer.iter().take(room));
        dropped += (count - room) as u64;
    }
    (bytes, dropped)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn program(argv: &[&str]) -> Program {
        Program {
            argv: argv.iter().map(|it| (*it).to_owned()).collect(),
            directory: std::env::temp_dir(),
            variables: Vec::new(),
            input: None,
            keep: 1000,
            timeout: Duration::from_secs(20),
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
            (ended.status, ended.stdout, ended.stderr),
            (Some(3), b"hello".to_vec(), b"bad\n".to_vec())
        );
    }

    #[tokio::test]
    async fn what_is_too_much_is_dropped_and_counted() {
        let mut it = program(&["sh", "-c", "head -c 5000 /dev/zero"]);
        it.keep = 10;
        let ended = it.run().await.unwrap();
        assert_eq!((ended.stdout.len(), ended.dropped), (10, 4990));
    }

    #[tokio::test]
    async fn no_variable_that_is_not_named_is_passed_on() {
        // PATH is set wherever tests run; the variable of the test harness stands for a key.
        let shown = |variables: Vec<String>| async move {
            let mut it = program(&["env"]);
            it.variables = variables;
            String::from_utf8(it.run().await.unwrap().stdout).unwrap()
        };
        let usual = shown(Vec::new()).await;
        assert!(
            usual.contains("PATH=") && !usual.contains("CARGO_MANIFEST_DIR="),
            "{usual}"
        );
        assert!(
            shown(vec!["CARGO_MANIFEST_DIR".into()])
                .await
                .contains("CARGO_MANIFEST_DIR=")
        );
    }

    /// Its child sleeps for long; both are gone once the program is given up.
    #[tokio::test]
    async fn a_program_that_is_given_up_ends_with_its_children() {
        let directory =
            std::env::temp_dir().join(format!("orchestrate-group-{}", std::process::id()));
        let file = directory.display().to_string();
        let script = format!("sleep 300 & echo $! > {file}; wait");
        let mut it = program(&["sh", "-c", &script]);
        it.timeout = Duration::from_millis(400);
        let error = it.run().await.unwrap_err();
        assert!(matches!(error, ProgramError::TimedOut { .. }), "{error}");
        let pid = std::fs::read_to_string(&directory).unwrap();
        let _ = std::fs::remove_file(&directory);
        for _ in 0..50 {
            if !is_alive(pid.trim()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("process {pid} is still alive");
    }

    #[tokio::test]
    async fn a_child_that_is_left_behind_does_not_keep_anybody_waiting() {
        let ended = program(&["sh", "-c", "sleep 300 & echo done"])
            .run()
            .await
            .unwrap();
        assert_eq!(ended.stdout, b"done\n");
        assert!(ended.took < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told() {
        let error = program(&["no-such-program-here"]).run().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "`no-such-program-here` cannot be started"
        );
    }
}
