//! The verbs that only look: list, show, follow, export.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use orchestrate_core::bus::{BusMessage, topics};
use orchestrate_core::event::{EVENT_FORMAT, Event, EventKind};
use orchestrate_core::id::StepPath;
use orchestrate_core::journal::{RunFilter, RunState, RunSummary};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::Worker;
use orchestrate_core::spending::Spending;
use serde_json::{Value, json};

use super::{find, load, moment};
use crate::app::Call;
use crate::args::{FindArgs, OneRun, State};
use crate::cmd::files;
use crate::cmd::store::{existing_if_any, of_runs};
use crate::cmd::watch::wait_for;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, Short, estimate_of, event_line, safe, spent};

/// How often a run is looked at that is followed.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn list(
    states: &[State],
    limit: usize,
    at: &FindArgs,
    call: &Call,
) -> Result<Exit, Failure> {
    let journal = existing_if_any(at)?;
    let filter = RunFilter {
        states: states.iter().map(|state| state.recorded()).collect(),
        limit: Some(limit),
    };
    let (store, runs) = match &journal {
        Some(journal) => (journal.url().to_owned(), wait_for(journal.list(&filter))?),
        None => (of_runs(at)?.address().to_string(), Vec::new()),
    };
    call.printer
        .answer(|| table(&runs), &json!({"store": store, "runs": runs}))?;
    Ok(Exit::Yes)
}

fn table(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "no runs; `orchestrate run TASK` records one\n".to_owned();
    }
    let mut columns = Columns::new(["RUN", "STATE", "BEGAN", "STEPS", "TASK"]);
    for run in runs {
        columns.row([
            run.run_id.to_string(),
            state(run),
            moment(run.created_ms),
            run.steps.to_string(),
            safe(run.damage.as_deref().unwrap_or(&run.task)),
        ]);
    }
    columns.render()
}

fn state(run: &RunSummary) -> String {
    match (&run.damage, &run.outcome) {
        (Some(_), _) => "damaged".to_owned(),
        (None, Some(outcome)) => outcome.replace('_', " "),
        (None, None) => run.state.to_string(),
    }
}

impl State {
    fn recorded(self) -> RunState {
        match self {
            Self::Running => RunState::Running,
            Self::Interrupted => RunState::Interrupted,
            Self::Paused => RunState::Paused,
            Self::Ended => RunState::Ended,
        }
    }
}

pub(super) fn show(one: &OneRun, call: &Call) -> Result<Exit, Failure> {
    let (journal, run) = find(one)?;
    let (recorded, outside, runs) = wait_for(async {
        let recorded = journal.load(&run).await?;
        let outside = journal.outside(&run).await?;
        let runs = journal.list(&RunFilter::default()).await?;
        Ok::<_, orchestrate_core::journal::JournalError>((recorded, outside, runs))
    })?;
    let summary = runs.into_iter().find(|summary| summary.run_id == run);
    let report = RunReport::of(&recorded.events);
    let open: Vec<String> = open_steps(&recorded.events);
    let steps = ended_steps(&recorded.events);
    let document = json!({
        "run": summary,
        "origin": recorded.pinned.origin,
        "limits": recorded.pinned.limits,
        "about": recorded.pinned.about,
        "usage": report.usage,
        "planning": report.planning,
        "limits_reached": report.limits,
        "steps": steps.iter().map(EndedStep::document).collect::<Vec<_>>(),
        "open_steps": open,
        "pending": report.pending,
        "decisions": outside.decisions,
        "cancel": outside.cancel,
        "outcome": report.outcome,
        "output": report.output,
    });
    let text = || {
        let mut text = String::new();
        if let Some(summary) = &summary {
            let _ = writeln!(text, "{} {}", summary.run_id, state(summary));
            let _ = writeln!(text, "  task     {}", safe(&summary.task));
            let _ = writeln!(text, "  began    {}", moment(summary.created_ms));
            let _ = writeln!(text, "  last     {}", moment(summary.updated_ms));
            if let Some(owner) = &summary.owner {
                let _ = writeln!(text, "  owner    {owner}");
            }
        }
        if let Some(origin) = &recorded.pinned.origin {
            let _ = writeln!(
                text,
                "  forked   from {} at step {}",
                origin.run, origin.step
            );
        }
        let _ = writeln!(text, "  plan     {}", recorded.pinned.plan_digest);
        let _ = writeln!(text, "  events   {}", recorded.events.len());
        if let Some(used) = spent(&report.usage) {
            let _ = writeln!(text, "  used     {used}");
        }
        if let Some(why) = estimate_of(&report.usage) {
            let _ = writeln!(text, "           {why}");
        }
        for short in report.limits.iter().filter_map(Short::of) {
            let _ = writeln!(text, "  limit    {}", safe(&short.told));
        }
        text.push('\n');
        let mut columns = Columns::new(["STEP", "BY", "OUTCOME", "ATTEMPTS", "MS", ""]);
        for step in &steps {
            columns.row(step.row());
        }
        for step in &open {
            let cells = [step, "", "open", "", "", ""];
            columns.row(cells.map(str::to_owned));
        }
        for request in &report.pending {
            let (step, question) = (request.step.to_string(), safe(&request.question));
            let none = String::new;
            columns.row([step, none(), "waits".to_owned(), none(), none(), question]);
        }
        text + &columns.render()
    };
    call.printer.answer(text, &document)?;
    Ok(Exit::Yes)
}

/// A step that has ended, whoever did it.
struct EndedStep<'a> {
    step: &'a StepPath,
    worker: &'a Worker,
    outcome: &'a Outcome,
    attempts: u32,
    duration_ms: f64,
    output: &'a Value,
}

impl EndedStep<'_> {
    fn document(&self) -> Value {
        let mut document = json!({
            "step": self.step, "outcome": self.outcome.word(), "attempts": self.attempts,
            "duration_ms": self.duration_ms, "error": self.outcome.error(), "output": self.output,
        });
        if let (Some(fields), Ok(Value::Object(by))) =
            (document.as_object_mut(), serde_json::to_value(self.worker))
        {
            fields.extend(by);
        }
        document
    }

    fn row(&self) -> [String; 6] {
        [
            self.step.to_string(),
            match self.worker {
                Worker::Approver(by) if **by == *"none" => "a person".to_owned(),
                worker => worker.to_string(),
            },
            self.outcome.word().replace('_', " "),
            self.attempts.to_string(),
            format!("{:.0}", self.duration_ms),
            safe(&self.outcome.error().unwrap_or_default()),
        ]
    }
}

/// The steps that have ended, in the order in which they did.
fn ended_steps(events: &[Event]) -> Vec<EndedStep<'_>> {
    let ended = |event| match event {
        &EventKind::StepFinished {
            ref step,
            ref worker,
            ref outcome,
            ref output,
            attempts,
            duration_us,
            ..
        } => Some(EndedStep {
            step,
            worker,
            outcome,
            attempts,
            duration_ms: duration_us as f64 / 1e3,
            output,
        }),
        _ => None,
    };
    events.iter().filter_map(|it| ended(&it.kind)).collect()
}

/// The steps that have begun and not ended.
fn open_steps(events: &[Event]) -> Vec<String> {
    let mut open = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::StepStarted {
                step, attempt: 1, ..
            } => open.push(step.to_string()),
            EventKind::StepFinished { step, .. } => open.retain(|other| *other != step.to_string()),
            _ => {}
        }
    }
    open
}

/// Prints what an event says under the topics.
fn tell(event: &Event, topics: &[String], call: &Call) -> Result<(), Failure> {
    for message in BusMessage::of(event) {
        if !topics.iter().any(|topic| message.is_about(topic)) {
            continue;
        }
        if call.printer.json {
            line(call, &message)?;
        } else {
            let text = format!("{} {}", message.topic, message.payload);
            call.printer.result(&safe(&text))?;
        }
    }
    Ok(())
}

/// Refuses a topic under which nothing is ever told: whoever waits for it would wait for nothing.
fn known(wanted: &[String]) -> Result<(), CliError> {
    let is_known = |it: &&String| topics::ALL.iter().any(|topic| topics::is_meant(topic, it));
    match wanted.iter().find(|it| !is_known(it)) {
        None => Ok(()),
        Some(unknown) => {
            let message = format!(
                "no topic is called `{unknown}` (possible: {})",
                topics::ALL.join(", ")
            );
            let advice = "a beginning followed by `*` means several, for example `team.*`";
            Err(CliError::arguments(message, advice))
        }
    }
}

pub(super) fn follow(one: &OneRun, topics: &[String], call: &Call) -> Result<Exit, Failure> {
    known(topics)?;
    let (journal, run) = find(one)?;
    let printer = &call.printer;
    if printer.json {
        line(call, &json!({"format": EVENT_FORMAT, "run_id": run}))?;
    }
    let mut next = 0;
    let mut spending = Spending::default();
    // Known once it has stopped; what was recorded until then is told in one more round.
    let mut stopped: Option<Option<RunState>> = None;
    loop {
        let events = wait_for(journal.events(&run, next))?;
        for event in &events {
            spending.apply(event);
            if !topics.is_empty() {
                tell(event, topics, call)?;
            } else if printer.json {
                line(call, event)?;
            } else {
                printer.result(&event_line(event, &spending))?;
            }
            next = event.seq + 1;
        }
        if !events.is_empty() {
            continue;
        }
        if let Some(state) = stopped {
            if let Some(state) = state.filter(|state| *state != RunState::Ended) {
                printer.note(&format!(
                    "{run} is {state}; `orchestrate runs resume {run}` goes on with it"
                ));
            }
            return Ok(Exit::Yes);
        }
        let runs = wait_for(journal.list(&RunFilter::default()))?;
        let state = runs.iter().find(|it| it.run_id == run).map(|it| it.state);
        if state == Some(RunState::Running) {
            std::thread::sleep(PAUSE);
        } else {
            stopped = Some(state);
        }
    }
}

fn line(call: &Call, value: &impl serde::Serialize) -> Result<(), Failure> {
    call.printer.result(&json_line(value)?)
}

fn json_line(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| CliError::internal("an event could not be written as JSON", error).into())
}

pub(super) fn export(one: &OneRun, out: Option<&Path>, call: &Call) -> Result<Exit, Failure> {
    if let Some(out) = out {
        files::writable(out)?;
    }
    let recorded = load(&one.run, &one.at)?;
    let mut text = json_line(&recorded.pinned)?;
    text.push('\n');
    for event in &recorded.events {
        text.push_str(&json_line(event)?);
        text.push('\n');
    }
    match out {
        None => call.printer.result(&text)?,
        Some(out) => {
            files::write(out, &text)?;
            let events = recorded.events.len();
            call.printer.note(&safe(&format!(
                "{events} events written to {}",
                out.display()
            )));
        }
    }
    Ok(Exit::Yes)
}
