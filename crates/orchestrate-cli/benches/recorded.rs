//! What recording costs whoever runs something, in full durability in SQLite: the engine with and
//! without a journal, going on with a long run, and whole commands over a store that has grown.
//!
//! Each figure is the middle of several tries. An argument measures only what has it in its name.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has nothing to report"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrate_core::backend::{AgentInput, AgentOutput};
use orchestrate_core::condition::Reference;
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::journal::RunJournal;
use orchestrate_core::plan::{AgentStep, Join, OnError, Plan, Step, StepKind};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::journal::{pinned, run_id};
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use orchestrate_store::Store;
use serde_json::json;

type Journal = Arc<dyn RunJournal>;

fn middle(mut tries: Vec<Duration>) -> Duration {
    tries.sort_unstable();
    tries[tries.len() / 2]
}

/// Hands on what it was given, about half a kilobyte at first.
fn executor(journal: Option<Journal>) -> LocalExecutor {
    let first = Arc::new(json!({"text": "x".repeat(500)}));
    let backend = FunctionBackend::new().agent("pass", move |input: AgentInput| {
        let first = first.clone();
        async move {
            let given = input.input("previous_output").cloned();
            Ok(AgentOutput::json(given.unwrap_or(first)))
        }
    });
    let builder = LocalExecutor::builder().backend(backend);
    match journal {
        Some(journal) => builder.journal(journal).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

fn step(i: usize, reads: Option<usize>) -> Step {
    let output = |before| Reference::new(format!("steps.s{before}.output"));
    let inputs = reads.map(|before| ("previous_output".to_owned(), output(before)));
    Step::new(StepKind::Agent(AgentStep {
        inputs: inputs.into_iter().collect(),
        ..AgentStep::new(AgentId::new("pass").unwrap())
    }))
    .named(StepName::new(format!("s{i}")).unwrap())
}

fn plan(root: StepKind) -> Plan {
    let team = Team::new([template("pass", Tier::Cheap).into()]);
    Plan::new("measure", &team, Step::new(root))
}

fn chain(n: usize) -> Plan {
    plan(StepKind::Sequence {
        steps: (0..n).map(|i| step(i, i.checked_sub(1))).collect(),
        on_error: OnError::Stop,
        collect: None,
    })
}

fn fan(n: usize) -> Plan {
    plan(StepKind::Parallel {
        steps: (0..n).map(|i| step(i, None)).collect(),
        join: Join::All,
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    })
}

fn journal(folder: &Path, name: &str) -> Journal {
    let at = folder.join(name).join("store.db");
    Store::open(&format!("sqlite:{}", at.display()))
        .unwrap()
        .journal(true)
        .unwrap()
}

async fn engine(folder: &Path) {
    for (name, plan) in [("chain", chain(1000)), ("fan-out", fan(1000))] {
        let (mut bare, mut kept) = (Vec::new(), Vec::new());
        for i in 0..5 {
            let began = Instant::now();
            executor(None).run(&plan).await.unwrap();
            bare.push(began.elapsed());
            let journal = journal(folder, &format!("{name}-{i}"));
            let began = Instant::now();
            executor(Some(journal)).run(&plan).await.unwrap();
            kept.push(began.elapsed());
        }
        let wanted = if name == "fan-out" {
            " (wanted < 100 ms)"
        } else {
            ""
        };
        println!(
            "{name} of 1,000 steps: {:?} without a record, {:?} recorded{wanted}",
            middle(bare),
            middle(kept)
        );
    }
}

/// A run of 10,000 steps that was cut before its last, gone on with to its end.
async fn resume(folder: &Path) {
    let plan = chain(10_000);
    let whole = journal(folder, "whole");
    let report = executor(Some(whole.clone())).run(&plan).await.unwrap();
    let run = report.run_id.unwrap();
    let recorded = whole.load(&run).await.unwrap();
    // Everything but the end of the last step and of the run.
    let cut = recorded.events.len() - 3;
    let mut tries = Vec::new();
    for i in 0..5 {
        let name = format!("cut-{i}");
        let part = journal(folder, &name);
        let mut owner = part.create(&recorded.pinned, "bench").await.unwrap();
        for batch in recorded.events[..cut].chunks(1000) {
            part.append(&mut owner, batch).await.unwrap();
        }
        part.release(owner).await.unwrap();
        drop(part);
        let began = Instant::now();
        let executor = executor(Some(journal(folder, &name)));
        let handle = executor.resume(&run, false).await.unwrap();
        let report = handle.report().await.unwrap();
        tries.push(began.elapsed());
        assert!(report.outcome.unwrap().is_success());
    }
    println!(
        "resume of 10,000 steps to their end: {:?} (wanted < 2 s)",
        middle(tries)
    );
}

/// How long a whole command takes, with the time that the system needs to start a process.
fn command(words: &[&str], directory: &Path) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrate"));
    command
        .args(words)
        .current_dir(directory)
        .env("HOME", directory)
        .env("XDG_CONFIG_HOME", directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let once = |_| {
        let began = Instant::now();
        assert!(command.status().unwrap().success());
        began.elapsed()
    };
    middle((0..41).map(once).collect())
}

async fn commands(folder: &Path) {
    let (bare, kept) = (folder.join("bare"), folder.join("kept"));
    std::fs::create_dir_all(&bare).unwrap();
    let journal = journal(&kept, ".orchestrate");
    for i in 0..10_000 {
        let pinned = pinned(&format!("run-{i}"), i);
        let owner = journal.create(&pinned, "bench").await.unwrap();
        journal.release(owner).await.unwrap();
    }
    assert!(journal.load(&run_id("run-9999")).await.is_ok());
    drop(journal);
    let (without, with) = (
        command(&["agents", "list"], &bare),
        command(&["agents", "list"], &kept),
    );
    println!("`agents list`: {without:?} without a store, {with:?} beside one of 10,000 runs");
    let planned = command(&["plan", "Review the code"], &bare);
    let looked = command(&["runs", "list", "--limit", "1"], &kept);
    println!(
        "`runs list --limit 1`: {looked:?}; without a store `plan` takes {planned:?} (opening wanted < 10 ms)"
    );
    println!(
        "`runs list` over 10,000 runs: {:?}, all of them {:?} (wanted < 100 ms)",
        command(&["runs", "list"], &kept),
        command(&["runs", "list", "--limit", "10000"], &kept)
    );
}

#[tokio::main]
async fn main() {
    let asked = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let wanted = |name: &str| asked.as_ref().is_none_or(|asked| name.contains(&**asked));
    let folder = tempfile::tempdir().unwrap();
    if wanted("engine") {
        engine(folder.path()).await;
    }
    if wanted("resume") {
        resume(folder.path()).await;
    }
    if wanted("commands") {
        commands(folder.path()).await;
    }
}
