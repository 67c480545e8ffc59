//! Judges a store: what was answered for is there, nothing is there twice, and every effect is
//! accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{JournalError, RecordedRun, RunFilter, RunJournal, RunState};
use serde_json::Value;

use super::process::Heard;
use super::stage::{self, Check, Place, Stage};
use super::tally::Tally;
use super::worker::{Line, effects, planned_attempts};

/// The end of a step as the world outside was told of it.
type Told = Option<(String, String)>;

/// What the world outside knows of the runs of one store.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Every event that was told, by run and number.
    told: BTreeMap<String, BTreeMap<u64, Told>>,
    /// Steps whose end was recorded when the store was last looked at, and the attempts they had then.
    ended: BTreeMap<(String, String), usize>,
    /// How often a step was under way when a process ended.
    cut: BTreeMap<(String, String), u64>,
    /// How often a run was stopped because its journal failed; its process may have gone on with it.
    stops: BTreeMap<String, u64>,
}

/// Everything that a store holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) runs: BTreeMap<RunId, RecordedRun>,
    /// How many of them have ended.
    pub(crate) ended: usize,
}

/// Reads every run of a store, each checked against its digests.
///
/// # Errors
/// What cannot be read.
pub(crate) async fn read(journal: &Arc<dyn RunJournal>) -> Check<Found> {
    let listed = journal.list(&RunFilter::default()).await;
    let mut found = Found::default();
    for run in listed.map_err(|error| error.to_string())? {
        if let Some(damage) = run.damage {
            return Err(damage);
        }
        let loaded = journal.load(&run.run_id).await;
        let loaded = loaded.map_err(|error| error.to_string())?;
        found.ended += usize::from(run.state == RunState::Ended);
        found.runs.insert(run.run_id, loaded);
    }
    Ok(found)
}

impl Ledger {
    /// Takes note of what a worker said.
    ///
    /// # Errors
    /// When an event is told twice in two ways.
    pub(crate) fn hear(&mut self, heard: &Heard) -> Check {
        for line in &heard.lines {
            let (run, event, end) = match line {
                Line::Told { run, event, end } => (run, event, end),
                Line::Refused { run: Some(run), .. } => {
                    *self.stops.entry(run.clone()).or_default() += 1;
                    continue;
                }
                _ => continue,
            };
            let told = self.told.entry(run.clone()).or_default();
            if let Some(before) = told.insert(*event, end.clone())
                && before != *end
            {
                return Err(format!(
                    "event {event} of {run} was told as {before:?} and then as {end:?}"
                ));
            }
        }
        Ok(())
    }

    /// Looks at a store on which nobody works.
    ///
    /// # Errors
    /// The first thing that is not as it was promised.
    pub(crate) fn audit(
        &mut self,
        stage: &Stage,
        place: &Place,
        url: &str,
        tally: &mut Tally,
    ) -> Check<Found> {
        let found = match stage::journal(url, false) {
            Ok(journal) => stage.wait(read(&journal))?,
            // It may have been cut before the store was made.
            Err(JournalError::Empty) if self.told.is_empty() => Found::default(),
            Err(error) => return Err(error.to_string()),
        };
        for (run, told) in &self.told {
            let kept = found.runs.iter().find(|(name, _)| name.as_str() == run);
            let kept = kept.map(|(_, kept)| kept);
            let kept = kept.ok_or_else(|| format!("{run} was told of and is not there"))?;
            for (number, end) in told {
                let at = usize::try_from(*number).unwrap_or(usize::MAX);
                match kept.events.get(at) {
                    None => return Err(format!("event {number} of {run} was told and is lost")),
                    Some(event) if end_of(event) != *end => {
                        return Err(format!("event {number} of {run} is not what was told"));
                    }
                    Some(_) => tally.count("told events looked up", 1),
                }
            }
        }
        self.weigh(place, &found)?;
        tally.count("audits", 1);
        Ok(found)
    }

    /// Holds the effects against what is recorded.
    fn weigh(&mut self, place: &Place, found: &Found) -> Check {
        let mut made: BTreeMap<(String, String), Vec<_>> = BTreeMap::new();
        for effect in effects(&place.effects())? {
            let key = (effect.run.clone(), effect.step.clone());
            made.entry(key).or_default().push(effect);
        }
        let mut ended = BTreeMap::new();
        for (run, kept) in &found.runs {
            let mut announced = BTreeSet::new();
            for event in &kept.events {
                if let EventKind::StepStarted { step, attempt, .. } = &event.kind {
                    announced.insert((word(step.as_str()), u64::from(*attempt)));
                }
                let Some((step, nonce)) = end_of(event) else {
                    continue;
                };
                let key = (run.to_string(), step.clone());
                let attempts = made.get(&key).map_or(&[][..], Vec::as_slice);
                if nonce != "-" && !attempts.iter().any(|effect| effect.nonce == nonce) {
                    return Err(format!("{step} of {run} has a result that no attempt gave"));
                }
                if ended.insert(key, attempts.len()).is_some() {
                    return Err(format!("the end of {step} of {run} is recorded twice"));
                }
            }
            for effect in made.values().flatten().filter(|it| it.run == run.as_str()) {
                let what = || format!("attempt {} of {} of {run}", effect.attempt, effect.step);
                if !announced.contains(&(effect.step.clone(), effect.attempt)) {
                    return Err(format!("{} began before it was recorded", what()));
                }
            }
        }
        for ((run, step), attempts) in &made {
            let mut numbers = BTreeSet::new();
            if !attempts.iter().all(|effect| numbers.insert(effect.attempt)) {
                return Err(format!("an attempt of {step} of {run} was made twice"));
            }
            let key = (run.clone(), step.clone());
            if let Some(before) = self.ended.get(&key)
                && *before != attempts.len()
            {
                return Err(format!("{step} of {run} had ended and ran again"));
            }
            let agent = attempts.first().map_or("", |effect| &effect.agent);
            let cuts = self.cut.get(&key).copied().unwrap_or_default()
                + self.stops.get(run).copied().unwrap_or_default();
            if attempts.len() as u64 > planned_attempts(agent) + cuts {
                return Err(format!(
                    "{step} of {run} was tried {} times and was under way at {cuts} cuts",
                    attempts.len()
                ));
            }
            if !ended.contains_key(&key) {
                *self.cut.entry(key).or_default() += 1;
            }
        }
        self.ended = ended;
        Ok(())
    }

    /// Counts what was tried again because a process was cut, and what was under way then.
    pub(crate) fn count_repeats(&self, place: &Place, tally: &mut Tally) -> Check {
        let mut planned: BTreeMap<(String, String), u64> = BTreeMap::new();
        let (mut made, mut needed) = (0, 0);
        for effect in effects(&place.effects())? {
            made += 1;
            let key = (effect.run, effect.step);
            let attempts = planned_attempts(&effect.agent);
            if planned.insert(key, attempts).is_none() {
                needed += attempts;
            }
        }
        tally.count("steps", planned.len() as u64);
        tally.count("attempts repeated", u64::saturating_sub(made, needed));
        tally.count("attempts in flight when cut", self.cut.values().sum());
        Ok(())
    }
}

fn word(step: &str) -> String {
    if step.is_empty() { "." } else { step }.to_owned()
}

fn end_of(event: &Event) -> Told {
    match &event.kind {
        EventKind::StepFinished { step, output, .. } => {
            let nonce = output.get("nonce").and_then(Value::as_str).unwrap_or("-");
            Some((word(step.as_str()), nonce.to_owned()))
        }
        _ => None,
    }
}

/// What a run came to: every step with its outcome and its output, and the end, without nonces.
pub(crate) fn result(run: &RecordedRun) -> Vec<String> {
    let mut lines: Vec<String> = run
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::StepFinished {
                step,
                outcome,
                output,
                ..
            } => Some(format!("{step} {} {}", outcome.word(), plain(output))),
            EventKind::RunFinished {
                outcome, output, ..
            } => Some(format!("end {} {}", outcome.word(), plain(output))),
            _ => None,
        })
        .collect();
    lines.sort();
    lines
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "nonce")
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// Holds every run against the one that nothing happened to.
///
/// # Errors
/// The first that has not ended or came to something else.
pub(crate) fn same_end(found: &Found, runs: usize, whole: &[String]) -> Check {
    if found.runs.len() < runs || found.ended != found.runs.len() {
        let (ended, all) = (found.ended, found.runs.len());
        return Err(format!(
            "{ended} of {all} runs have ended, and {runs} were begun"
        ));
    }
    for (run, kept) in &found.runs {
        let came_to = result(kept);
        if came_to != whole {
            let other = came_to.iter().zip(whole).find(|(is, was)| is != was);
            return Err(format!("{run} came to another end: {other:?}"));
        }
    }
    Ok(())
}
