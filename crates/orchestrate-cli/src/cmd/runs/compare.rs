//! The verbs that compare: a run with what its plan gives, and two runs with each other.

use std::collections::BTreeMap;

use orchestrate_core::journal::fingerprint;
use orchestrate_core::report::RunReport;
use orchestrate_workflows::programs::Progress;
use serde_json::{Value, json};

use super::go_on::Begun;
use super::load;
use crate::app::Call;
use crate::args::{FindArgs, OneRun};
use crate::cmd::recipe::Recipe;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, safe};

pub(super) fn replay(one: &OneRun, call: &Call) -> Result<Exit, Failure> {
    let recorded = load(&one.run, &one.at)?;
    let recipe = Recipe::of(&recorded.pinned)?;
    let begun = Begun::of(&recipe)?;
    let executor = begun.executor(
        recorded.pinned.limits,
        None,
        recipe.about(),
        Progress::default(),
    )?;
    let replay = executor.replay(&recorded.pinned, &recorded.events)?;
    let hash = fingerprint(&recorded.events);
    let count = recorded.events.len();
    let document = json!({
        "run_id": recorded.pinned.run_id,
        "events": count,
        "event_hash": hash,
        "ended": replay.has_ended(),
    });
    let words = || {
        format!("{count} events, and the plan gives every one of them again\nevent hash {hash}\n")
    };
    call.printer.answer(words, &document)?;
    Ok(Exit::Yes)
}

/// What one run says of a step.
type Told = (String, Value);

pub(super) fn diff(one: &str, other: &str, at: &FindArgs, call: &Call) -> Result<Exit, Failure> {
    let (one, other) = (load(one, at)?, load(other, at)?);
    let told = |events: &[orchestrate_core::event::Event]| -> BTreeMap<String, Told> {
        let report = RunReport::of(events);
        let mut steps: BTreeMap<String, Told> = report
            .agents
            .iter()
            .map(|step| {
                let told = (step.outcome.word().to_owned(), (*step.output).clone());
                (step.step.to_string(), told)
            })
            .collect();
        let outcome = report.outcome.map_or("not ended", |outcome| outcome.word());
        steps.insert(
            "(run)".to_owned(),
            (outcome.to_owned(), (*report.output).clone()),
        );
        steps
    };
    let (left, right) = (told(&one.events), told(&other.events));
    let mut differences = Vec::new();
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for step in names {
        let (a, b) = (left.get(step), right.get(step));
        if a != b {
            differences.push((step.clone(), a.cloned(), b.cloned()));
        }
    }
    let plans = one.pinned.plan_digest == other.pinned.plan_digest;
    let document = json!({
        "one": one.pinned.run_id,
        "other": other.pinned.run_id,
        "same_plan": plans,
        "differences": differences.iter().map(|(step, a, b)| json!({
            "step": step,
            "one": side(a.as_ref()),
            "other": side(b.as_ref()),
        })).collect::<Vec<_>>(),
    });
    let text = || {
        if differences.is_empty() {
            return String::new();
        }
        let mut columns = Columns::new([
            "STEP",
            one.pinned.run_id.as_str(),
            other.pinned.run_id.as_str(),
        ]);
        for (step, a, b) in &differences {
            columns.row([step.clone(), short(a.as_ref()), short(b.as_ref())]);
        }
        columns.render()
    };
    if call.printer.json || !differences.is_empty() {
        call.printer.answer(text, &document)?;
    }
    Ok(if differences.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

fn side(told: Option<&Told>) -> Value {
    told.map_or(
        Value::Null,
        |(outcome, output)| json!({"outcome": outcome, "output": output}),
    )
}

fn short(told: Option<&Told>) -> String {
    let Some((outcome, output)) = told else {
        return "-".to_owned();
    };
    let output: String = output.to_string().chars().take(60).collect();
    safe(&format!("{outcome} {output}"))
}
