//! An agent of the protocol as a program of its own, and runs in which it does the work.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{AgentStep, Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::remote::{RemoteAgent, RemoteBackend, RemoteSetup};
use orchestrate_runtime::{LocalExecutor, LocalExecutorBuilder};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A variable that every process of tests has, so that none has to be set for one.
pub(crate) const KEY_VARIABLE: &str = "CARGO_PKG_NAME";

/// A running agent. It ends with the test.
pub(crate) struct Kit {
    child: Child,
    pub(crate) address: String,
}

impl Kit {
    /// Starts it, if the kit is installed.
    pub(crate) fn start(version: &str, key: Option<&str>) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let directory = root.join("../../target/mcp");
        if !directory.join("node_modules/@a2a-js/sdk").exists() {
            assert!(
                std::env::var_os("CI").is_none(),
                "`@a2a-js/sdk` is not installed in `{}`",
                directory.display()
            );
            skipped();
            return None;
        }
        let mut command = Command::new("node");
        command.arg(root.join("tests/remote/agent.cjs"));
        command.arg(directory).arg(version);
        if let Some(key) = key {
            command.env("AGENT_KEY", key);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut lines = said.lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix("listening at ")?.to_owned()));
        Some(Self {
            child,
            address: address.unwrap_or_else(|| panic!("the agent ended before it listened")),
        })
    }

    /// What it was asked by now.
    pub(crate) async fn seen(&self) -> Value {
        let host = self.address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let asked = format!("GET /seen HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped() {
    eprintln!("SKIPPED: `@a2a-js/sdk` is not installed");
}

/// A plan of one step, whose agent is elsewhere and is tried once.
pub(crate) fn plan(task: &str) -> Plan {
    plan_in(task, 1)
}

/// The same with so many attempts at most.
pub(crate) fn plan_in(task: &str, attempts: u32) -> Plan {
    let team = Team::new([Arc::new(template("painter", Tier::Cheap))]);
    let mut step = AgentStep::new(team.members()[0].id.clone());
    step.retry.max_attempts = attempts;
    step.retry.delay_ms = 1;
    Plan::new(task, &team, Step::new(StepKind::Agent(step)))
}

pub(crate) fn builder(address: &str) -> LocalExecutorBuilder {
    with(address, None)
}

pub(crate) fn builder_with_key(address: &str, variable: &str) -> LocalExecutorBuilder {
    with(address, Some(variable))
}

fn with(address: &str, key_variable: Option<&str>) -> LocalExecutorBuilder {
    let remote = RemoteAgent::new(RemoteSetup {
        name: "painter".to_owned(),
        url: address.to_owned(),
        key_variable: key_variable.map(str::to_owned),
        timeout: Duration::from_secs(60),
    });
    let mut backend = RemoteBackend::default();
    backend.set("painter", Arc::new(remote));
    LocalExecutor::builder().backend(backend)
}

/// How the one agent of a run ended.
pub(crate) fn told(report: &RunReport) -> String {
    let Some(agent) = report.agents.first() else {
        return format!("{:?} {:?}\n", report.outcome, report.pending);
    };
    let error = agent.error.as_deref().unwrap_or("-");
    let class = match &agent.outcome {
        Outcome::Failed { class, .. } => class.as_str(),
        other => other.word(),
    };
    format!("{class} {} {error}\n", agent.output)
}
