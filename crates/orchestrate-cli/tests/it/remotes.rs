//! Agents elsewhere do the work of agents here: a real agent of the protocol, made with its makers' kit.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::program::Place;

/// A running agent. It ends with the test.
struct Kit {
    child: Child,
    address: String,
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the agent, if the kit is installed; `.ci/run` does that.
fn start() -> Option<Kit> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kit = root.join("target/mcp");
    if !kit.join("node_modules/@a2a-js/sdk").exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "`@a2a-js/sdk` is not installed"
        );
        skipped();
        return None;
    }
    let agent = root.join("crates/orchestrate-runtime/tests/remote/agent.cjs");
    let child = Command::new("node")
        .args([agent.as_os_str(), kit.as_os_str()])
        .arg("1.0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut lines = said.lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.strip_prefix("listening at ")?.to_owned()));
    let address = address.unwrap();
    Some(Kit { child, address })
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped() {
    eprintln!("SKIPPED: `@a2a-js/sdk` is not installed");
}

fn project(address: &str) -> Place {
    let work = |order: &str| {
        format!(
            "schema: orchestrate.workflow/v1\nname: {order}\ndescription: Work.\nsteps:\n  work: {{ agent: coder, prompt: {order} }}\n"
        )
    };
    let place = Place::project();
    let settings = format!("[remotes.painter]\nurl = \"{address}\"\nagents = [\"coder\"]\n");
    place.with("orchestrate.toml", &settings);
    place.with("count.yaml", &work("count"));
    place.with("ask.yaml", &work("ask"));
    place
}

#[test]
fn work_is_done_elsewhere_and_questions_come_back() {
    let Some(kit) = start() else { return };
    let place = project(&kit.address);
    let plan = place.run(&["plan", "Fix the code"]);
    assert!(
        plan.stdout
            .contains("coder (CAPABLE, run by remote agent painter)")
            && plan
                .stdout
                .contains("not counted: what remote agents spend (coder)"),
        "{}",
        plan.shown()
    );
    let doctor = place.run(&["doctor", "--check"]);
    assert!(
        doctor.stdout.contains(", `Painter`, A2A 1.0"),
        "{}",
        doctor.shown()
    );
    let ran = place.run(&["run", "count.yaml", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert_eq!(
        ran.json()["outputs"][0]["output"]["count"],
        3,
        "{}",
        ran.shown()
    );

    let paused = place.run(&["run", "ask.yaml"]);
    assert_eq!(paused.code, Some(7), "{}", paused.shown());
    let question = place.run(&["approvals", "show", "latest", "work/ask-1"]);
    assert!(
        question.stdout.starts_with("`painter` asks: which colour?"),
        "{}",
        question.shown()
    );
    let decided = place.run(&[
        "approvals",
        "decide",
        "latest",
        "work/ask-1",
        "answer",
        "--comment",
        "blue",
    ]);
    assert_eq!(decided.code, Some(0), "{}", decided.shown());
    let ended = place.run(&["runs", "resume", "latest"]);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    assert!(
        ended.stdout.contains("painted it blue"),
        "{}",
        ended.shown()
    );
}

#[test]
fn an_agent_that_is_not_there_or_set_up_wrong_is_told() {
    let place = project("http://127.0.0.1:1");
    let doctor = place.run(&["doctor", "--check"]);
    let told = "[none] remotes.painter  http://127.0.0.1:1: remote agent `painter` cannot be reached: no connection";
    assert!(doctor.stdout.contains(told), "{}", doctor.shown());
    let place = project("http://agents.example");
    let refused = place.run(&["run", "count.yaml"]);
    assert_eq!(refused.code, Some(3), "{}", refused.shown());
    assert!(
        refused
            .stderr
            .contains("`remotes.painter.url` would send work to `http://agents.example`"),
        "{}",
        refused.shown()
    );
}
