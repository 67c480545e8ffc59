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
        steps.extend(report.work.iter().map(|work| {
            let told = (work.outcome.word().to_owned(), (*work.output).clone());
            (work.step.to_string(), told)
        }));
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
            let (a, b) = (a.as_ref(), b.as_ref());
            let place = a.zip(b).and_then(|(a, b)| first_difference(&a.1, &b.1));
            let place = place.unwrap_or_default();
            columns.row([step.clone(), short(a, &place), short(b, &place)]);
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

/// The place of the first value that two outputs do not share, as a JSON pointer.
fn first_difference(one: &Value, other: &Value) -> Option<String> {
    let within = |key: &str, one: &Value, other: &Value| {
        let rest = first_difference(one, other)?;
        let key = key.replace('~', "~0").replace('/', "~1");
        Some(format!("/{key}{rest}"))
    };
    let null = &Value::Null;
    match (one, other) {
        _ if one == other => None,
        (Value::Object(one), Value::Object(other)) => {
            one.keys().chain(other.keys()).find_map(|key| {
                within(
                    key,
                    one.get(key).unwrap_or(null),
                    other.get(key).unwrap_or(null),
                )
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(at, (one, other))| within(&at.to_string(), one, other))
        }
        _ => Some(String::new()),
    }
}

/// How a step ended, and the beginning of what it gave from the place on where two differ.
fn short(told: Option<&Told>, place: &str) -> String {
    let Some((outcome, output)) = told else {
        return "-".to_owned();
    };
    let value = output.pointer(place).unwrap_or(&Value::Null);
    let value: String = value.to_string().chars().take(60).collect();
    let place = match place {
        "" => String::new(),
        place => format!("{place}: "),
    };
    safe(&format!("{outcome} {place}{value}"))
}
