//! The memory of the program while it waits, with everything configured: models, prices, tools, servers,
//! programs, a journal. It fails when that is more than 20 MB.
//!
//! What it waits for is a program of its own that reads how much memory whoever started it takes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that fails or is not shown is of no use"
)]

use std::fs;
use std::process::{Command, Stdio};

const MOST_KB: u64 = 20_000;

const WORKFLOW: &str = "schema: orchestrate.workflow/v1
name: idle
agents:
  worker: { prompt: Work., tier: cheap }
steps:
  look: { run: [sh, -c, 'grep -e VmRSS -e RssAnon /proc/$PPID/status'] }
  never: { needs: [look], when: inputs.never, agent: worker }
inputs: { never: { type: boolean, default: false } }
";

const SETTINGS: &str = "[models]
cheap = [\"anthropic/claude-haiku-4-5\", \"openai/gpt-5\"]
capable = [\"gemini/gemini-2.5-pro\", \"local/m\"]
premium = \"ollama/m\"

[providers.local]
kind = \"openai-compatible\"
base-url = \"http://127.0.0.1:1/v1\"
key-env = \"LOCAL_KEY\"
requests-per-minute = 300

[prices.\"local/m\"]
input = 0.1
output = 0.3

[tools]
shell = [\"cargo test\"]
hosts = [\"docs.rs\"]

[tools.agents]
\"*\" = [\"fs.*\", \"git.*\", \"shell.run\", \"http.fetch\", \"mcp.files.*\"]

[mcp.files]
command = [\"no-such-server\", \".\"]

[programs.claude]
agents = [\"coder\"]
";

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path().join("here");
    let config = directory.path().join("config/orchestrate");
    fs::create_dir_all(&here).unwrap();
    fs::create_dir_all(&config).unwrap();
    fs::write(here.join("idle.yaml"), WORKFLOW).unwrap();
    fs::write(config.join("config.toml"), SETTINGS).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_orchestrate"))
        .args(["run", "idle.yaml", "--json"])
        .current_dir(&here)
        .env("HOME", directory.path())
        .env("XDG_CONFIG_HOME", directory.path().join("config"))
        .env("LOCAL_KEY", "none")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let figure = |name: &str| -> u64 {
        let line = text.split(name).nth(1);
        let line = line.unwrap_or_else(|| panic!("{name} is not in {text}{said}"));
        let digits = line.chars().skip_while(|c| !c.is_ascii_digit());
        let digits: String = digits.take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let (all, own) = (figure("VmRSS"), figure("RssAnon"));
    println!(
        "a waiting process with everything configured: {all} kB, {own} kB of them not from files"
    );
    assert!(all < MOST_KB, "{all} kB are more than {MOST_KB}");
}
