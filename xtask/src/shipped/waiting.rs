//! The program while it waits for a model, with everything set up: models of several providers with keys, tools, a
//! server of tools, a session, and a store that is open.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take until it asks; a profiler makes it some fifty times slower.
const PATIENCE: Duration = Duration::from_secs(120);

const SETTINGS: &str = r#"
[models]
cheap = ["local/m", "anthropic/claude-haiku-4-5"]
capable = ["local/m", "openai/gpt-5"]
premium = ["local/m", "gemini/gemini-2.5-pro"]

[tools]
shell = ["cargo test"]
hosts = ["docs.rs"]
tests = ["cargo"]

[tools.agents]
"*" = ["fs.*", "git.*", "shell.run", "tests.run", "http.fetch", "notes.*"]
researcher = ["mcp.files.*"]

[mcp.files]
command = ["mcp-server-filesystem", "."]
"#;

const WORKFLOW: &str = "schema: orchestrate.workflow/v1\nname: w\nsteps:\n  a: { agent: coder }\n";

const KEYS: [&str; 4] = [
    "LOCAL_KEY",
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
];

/// A run that has asked a model and gets no answer. It is killed when this is dropped.
pub(crate) struct Waiting {
    program: Child,
    // Held, so that the question stays open and the folder stays there.
    _question: TcpStream,
    _place: TempDir,
}

impl Waiting {
    /// Starts the program that the words name, under whatever the words before it name.
    pub(crate) fn start(words: &[&str]) -> Result<Self, String> {
        let [first, rest @ ..] = words else {
            return Err("no program to start".to_owned());
        };
        let place = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
        // A provider that takes the question and never answers.
        let provider = TcpListener::bind("127.0.0.1:0")
            .and_then(|provider| provider.set_nonblocking(true).map(|()| provider))
            .map_err(|error| format!("no port to listen on: {error}"))?;
        set_up(place.path(), &provider)
            .map_err(|error| format!("no project to run in: {error}"))?;
        let mut command = Command::new(first);
        command
            .args(rest)
            .args(["run", "w.yaml", "--session", "s"])
            .current_dir(place.path().join("project"))
            .env("HOME", place.path())
            .env("XDG_CONFIG_HOME", place.path().join("config"))
            .env("XDG_CACHE_HOME", place.path().join("cache"))
            .envs(KEYS.map(|key| (key, "planted")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut program = command
            .spawn()
            .map_err(|error| format!("cannot start `{first}`: {error}"))?;
        let question = asked(&provider, &mut program).inspect_err(|_| end(&mut program))?;
        // Whatever it does beside the question has come to rest by then.
        sleep(Duration::from_secs(1));
        Ok(Self {
            program,
            _question: question,
            _place: place,
        })
    }

    /// A line of its status, in kilobytes.
    pub(crate) fn kilobytes(&self, key: &str) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.program.id());
        let status =
            fs::read_to_string(&path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
            .ok_or_else(|| format!("`{path}` says nothing about {key}"))
    }

    /// Interrupts it as a person would, and waits until it has ended.
    pub(crate) fn interrupt(mut self) -> Result<(), String> {
        let id = self.program.id().to_string();
        crate::process::output("kill", &["-INT", &id])?;
        self.program
            .wait()
            .map_err(|error| format!("it did not end: {error}"))?;
        Ok(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        end(&mut self.program);
    }
}

fn end(program: &mut Child) {
    // It has ended already where this fails.
    let _ = program.kill();
    let _ = program.wait();
}

fn set_up(place: &Path, provider: &TcpListener) -> std::io::Result<()> {
    let project = place.join("project");
    let user = place.join("config/orchestrate");
    for folder in [&project, &user] {
        fs::create_dir_all(folder)?;
    }
    let address = provider.local_addr()?;
    let local = format!(
        "[providers.local]\nkind = \"openai-compatible\"\nbase-url = \"http://{address}/v1/\"\nkey-env = \"LOCAL_KEY\"\n"
    );
    fs::write(project.join("orchestrate.toml"), local + SETTINGS)?;
    fs::write(project.join("w.yaml"), WORKFLOW)?;
    let trusted = project.canonicalize()?;
    let trust = format!("[trust]\nprojects = [\"{}\"]\n", trusted.display());
    fs::write(user.join("config.toml"), trust)
}

/// The connection over which the program has asked.
fn asked(provider: &TcpListener, program: &mut Child) -> Result<TcpStream, String> {
    let since = Instant::now();
    loop {
        match provider.accept() {
            Ok((question, _)) => return Ok(question),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(format!("cannot take its question: {error}")),
        }
        if let Ok(Some(status)) = program.try_wait() {
            return Err(format!("it ended before it asked a model ({status})"));
        }
        if since.elapsed() > PATIENCE {
            return Err("it did not ask a model in time".to_owned());
        }
        sleep(Duration::from_millis(20));
    }
}
