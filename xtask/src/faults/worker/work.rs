//! Goes on with every run of a store that has not ended, and begins new ones until there are enough.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use orchestrate_core::error::Explain;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{JournalError, RunFilter, RunState};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_runtime::{LocalExecutor, RunError, RunHandle};
use tokio::task::JoinSet;

use super::acknowledge::{Line, word};
use super::{backend, plans};
use crate::stage;

/// How often a run is gone on with after its journal failed, in the same process.
const PATIENCE: u32 = 5;

/// What the worker is to do.
#[derive(Debug, Default)]
struct Orders {
    store: String,
    effects: PathBuf,
    plan: String,
    /// How many runs there are to be.
    runs: usize,
    /// Whether runs are taken from whoever works on them.
    take_over: bool,
    /// Whether a run is gone on with after its journal failed.
    patient: bool,
    /// Whether runs are only read.
    look: bool,
}

impl Orders {
    fn parse(words: &[String]) -> Option<Self> {
        let mut orders = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--store" => orders.store = words.next()?.clone(),
                "--effects" => orders.effects = words.next()?.into(),
                "--plan" => orders.plan = words.next()?.clone(),
                "--runs" => orders.runs = words.next()?.parse().ok()?,
                "--take-over" => orders.take_over = true,
                "--patient" => orders.patient = true,
                "--look" => orders.look = true,
                _ => return None,
            }
        }
        Some(orders)
    }
}

/// Works until all runs have ended. Fails when one of them could not be brought to its end.
pub(crate) fn main(words: &[String]) -> ExitCode {
    let Some(orders) = Orders::parse(words) else {
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let done = runtime.is_ok_and(|runtime| runtime.block_on(work(&orders)));
    if done {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(3)
    }
}

/// Reads every run of a store, and changes nothing.
async fn look(orders: &Orders) -> Result<(), RunError> {
    let journal = stage::journal(&orders.store, false)?;
    for run in journal.list(&RunFilter::default()).await? {
        journal.load(&run.run_id).await?;
        say(&Line::Ended {
            run: run.run_id.to_string(),
            outcome: run.state.to_string(),
        });
    }
    Ok(())
}

async fn work(orders: &Orders) -> bool {
    if orders.look {
        let looked = look(orders).await;
        return looked.map_err(|error| say(&refusal(None, &error))).is_ok();
    }
    let opened = open(orders).await;
    let (executor, plan, known) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            say(&refusal(None, &error));
            return false;
        }
    };
    let count = known.len();
    let mut tasks = JoinSet::new();
    for (run, state) in known {
        if state != RunState::Ended {
            let (executor, take_over) = (executor.clone(), orders.take_over);
            let tries = if orders.patient { PATIENCE } else { 0 };
            tasks.spawn(async move { go_on(&executor, run, take_over, tries).await });
        }
    }
    for _ in count..orders.runs {
        let (executor, plan) = (executor.clone(), plan.clone());
        let tries = if orders.patient { PATIENCE } else { 0 };
        tasks.spawn(async move { begin(&executor, &plan, tries).await });
    }
    tasks.join_all().await.into_iter().all(|done| done)
}

type Opened = (LocalExecutor, Plan, Vec<(RunId, RunState)>);

async fn open(orders: &Orders) -> Result<Opened, RunError> {
    let plan = plans::plan(&orders.plan).map_err(place)?;
    let backend = backend::backend(&orders.effects).map_err(place)?;
    let journal = stage::journal(&orders.store, true)?;
    let runs = journal.list(&RunFilter::default()).await?;
    let runs = runs.into_iter().map(|run| (run.run_id, run.state));
    let builder = LocalExecutor::builder().backend(backend);
    let executor = builder.journal(journal.clone()).build()?;
    Ok((executor, plan, runs.collect()))
}

fn place(problem: impl ToString) -> RunError {
    RunError::Journal(JournalError::Place {
        path: PathBuf::new(),
        problem: problem.to_string(),
    })
}

async fn begin(executor: &LocalExecutor, plan: &Plan, tries: u32) -> bool {
    match executor.start(plan) {
        Ok(handle) => follow(executor, handle, tries).await,
        Err(error) => {
            say(&refusal(None, &error));
            false
        }
    }
}

async fn go_on(executor: &LocalExecutor, run: RunId, take_over: bool, mut tries: u32) -> bool {
    loop {
        match executor.resume(&run, take_over).await {
            Ok(handle) => return follow(executor, handle, tries).await,
            // Another was quicker to end it.
            Err(RunError::Ended { .. }) => return true,
            // Its first entry was what failed: nobody was told of it, and it is not there.
            Err(RunError::Journal(JournalError::NotFound { .. })) => return false,
            Err(error) => {
                say(&refusal(Some(&run), &error));
                if tries == 0 || !is_worth_another_try(&error) {
                    return false;
                }
                tries -= 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Says every event of a run. When its journal fails, the run is gone on with from what is there.
async fn follow(executor: &LocalExecutor, mut handle: RunHandle, tries: u32) -> bool {
    let run = handle.run_id().clone();
    let mut events = handle.events();
    while let Some(event) = events.next().await {
        say(&told(&run, &event));
    }
    drop(events);
    match handle.report().await {
        Ok(report) => {
            let outcome = report.outcome.as_ref().map_or("none", Outcome::word);
            say(&Line::Ended {
                run: run.to_string(),
                outcome: outcome.to_owned(),
            });
            true
        }
        Err(error) => {
            say(&refusal(Some(&run), &error));
            if tries == 0 || !is_worth_another_try(&error) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            Box::pin(go_on(executor, run, false, tries - 1)).await
        }
    }
}

/// Whether the fault may have passed. One who was replaced must stop.
fn is_worth_another_try(error: &RunError) -> bool {
    matches!(
        error,
        RunError::Journal(
            JournalError::Full { .. }
                | JournalError::UnknownCommit { .. }
                | JournalError::Unavailable { .. }
                | JournalError::ReadOnly { .. }
        )
    )
}

fn told(run: &RunId, event: &Event) -> Line {
    let end = match &event.kind {
        EventKind::StepFinished { step, output, .. } => {
            let nonce = output.get("nonce").and_then(|nonce| nonce.as_str());
            Some((
                word(step.as_str()).to_owned(),
                nonce.unwrap_or("-").to_owned(),
            ))
        }
        _ => None,
    };
    Line::Told {
        run: run.to_string(),
        event: event.seq,
        end,
    }
}

fn refusal(run: Option<&RunId>, error: &RunError) -> Line {
    Line::Refused {
        run: run.map(RunId::to_string),
        code: error.code().to_owned(),
        message: error.to_string(),
    }
}

fn say(line: &Line) {
    // In one call: whoever reads takes lines for whole. Who does not listen any more is not missed.
    let _ = io::stdout()
        .lock()
        .write_all(format!("{line}\n").as_bytes());
}
