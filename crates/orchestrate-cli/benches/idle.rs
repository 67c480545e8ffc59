//! The memory of the program while it waits for a model, with everything set up: models of several providers
//! with keys, tools, a server of tools, sessions and notes, and a store that is open. It fails when more than
//! 20 MB are its own. What is resident beside that are pages of the program's file: they are shared by all its
//! processes, and the system takes them back whenever it needs the room.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that fails or is not shown is of no use"
)]

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What may be its own, in kilobytes.
const MOST_KB: u64 = 20_000;

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

/// Ends the program with the benchmark.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// A line of its status, in kilobytes.
    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let value = line.unwrap().trim_start_matches(':').trim();
        value.trim_end_matches(" kB").parse().unwrap()
    }
}

fn main() {
    let place = tempfile::tempdir().unwrap();
    let project = place.path().join("project");
    let user = place.path().join("config/orchestrate");
    for folder in [&project, &user] {
        fs::create_dir_all(folder).unwrap();
    }
    // A provider that takes the question and never answers.
    let provider = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = provider.local_addr().unwrap();
    let local = format!(
        "[providers.local]\nkind = \"openai-compatible\"\nbase-url = \"http://{address}/v1/\"\nkey-env = \"LOCAL_KEY\"\n"
    );
    fs::write(project.join("orchestrate.toml"), local + SETTINGS).unwrap();
    let trusted = project.canonicalize().unwrap();
    let trust = format!("[trust]\nprojects = [\"{}\"]\n", trusted.display());
    fs::write(user.join("config.toml"), trust).unwrap();

    let workflow = "schema: orchestrate.workflow/v1\nname: w\nsteps:\n  a: { agent: coder }\n";
    fs::write(project.join("w.yaml"), workflow).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrate"));
    command
        .args(["run", "w.yaml", "--session", "s"])
        .current_dir(&project)
        .env("HOME", place.path())
        .env("XDG_CONFIG_HOME", place.path().join("config"))
        .env("XDG_CACHE_HOME", place.path().join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for key in [
        "LOCAL_KEY",
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "GEMINI_API_KEY",
    ] {
        command.env(key, "planted");
    }
    let running = Running(command.spawn().unwrap());
    let (_asked, _) = provider.accept().unwrap();
    // Whatever it does beside the question has come to rest by then.
    std::thread::sleep(Duration::from_millis(500));
    let (resident, own) = (running.status("VmRSS"), running.status("RssAnon"));
    println!(
        "waiting for a model with everything set up: {own} kB of its own, {resident} kB resident"
    );
    assert!(own < MOST_KB, "{own} kB are more than {MOST_KB}");
}
