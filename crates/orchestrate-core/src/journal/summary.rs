//! What a list of runs shows, and how a run is found by part of its name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::JournalError;
use crate::event::{Event, EventKind};
use crate::id::{RunId, StepPath};
use crate::task::words;

words! {
    /// How far a run is.
    RunState, "state", {
        /// An owner works on it.
        Running = "running",
        /// It has not ended, and nobody works on it: its process was ended, or never began.
        Interrupted = "interrupted",
        /// It waits for a person's decision.
        Paused = "paused",
        /// It is over.
        Ended = "ended",
    }
}

/// What a batch of events changes in the summary of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events.
    pub events: u64,
    /// The steps that ended, by path.
    pub ended: Vec<StepPath>,
    /// The state that the last of them left, if any changed it. `Running` says only that the run
    /// has not ended; whether somebody works on it, the journal knows.
    pub state: Option<RunState>,
    /// The word of the outcome, if the run ended.
    pub outcome: Option<String>,
}

impl Progress {
    /// Folds a batch.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut progress = Self::default();
        for event in events {
            progress.events += 1;
            match &event.kind {
                EventKind::StepFinished { step, .. } => progress.ended.push(step.clone()),
                EventKind::RunPaused { .. } => progress.state = Some(RunState::Paused),
                EventKind::RunResumed { .. } => progress.state = Some(RunState::Running),
                EventKind::RunFinished { outcome, .. } => {
                    progress.state = Some(RunState::Ended);
                    progress.outcome = Some(outcome.word().to_owned());
                }
                _ => {}
            }
        }
        progress
    }
}

/// One run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// How far it is.
    pub state: RunState,
    /// The word of its outcome, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The task as the user wrote it.
    pub task: String,
    /// Digest of the plan.
    pub plan_digest: String,
    /// When it was recorded first, in milliseconds since 1970.
    pub created_ms: u64,
    /// When it was recorded last, in milliseconds since 1970.
    pub updated_ms: u64,
    /// Events so far.
    pub events: u64,
    /// Steps that have ended.
    pub steps: u64,
    /// Who owns it, while somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The run that it was forked from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<RunId>,
    /// What is wrong with its record; it is not usable then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// Which runs a list is to show, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those in one of these states; all when empty.
    pub states: Vec<RunState>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl RunFilter {
    /// Whether a run of this state is to be shown.
    #[must_use]
    pub fn admits(&self, state: RunState) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }
}

/// The run that a reference means: its whole name, any part by which its name begins or ends, or `latest`.
///
/// Names are given newest first.
///
/// # Errors
/// [`JournalError::NotFound`] without such a run, [`JournalError::Ambiguous`] with several.
pub fn resolve(reference: &str, names: &[RunId]) -> Result<RunId, JournalError> {
    if reference == "latest" {
        return names.first().cloned().ok_or(JournalError::Empty);
    }
    if let Some(exact) = names.iter().find(|name| **name == *reference) {
        return Ok(exact.clone());
    }
    let fits = |name: &&RunId| {
        let name = name.as_str();
        let short = name.strip_prefix("run-").unwrap_or(name);
        !reference.is_empty()
            && (name.starts_with(reference)
                || short.starts_with(reference)
                || name.ends_with(reference))
    };
    let found: Vec<&RunId> = names.iter().filter(fits).collect();
    match *found {
        [only] => Ok(only.clone()),
        [] => Err(JournalError::NotFound {
            reference: reference.to_owned(),
        }),
        _ => Err(JournalError::Ambiguous {
            reference: reference.to_owned(),
            runs: found.into_iter().take(5).cloned().collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_any_part_that_only_it_has() {
        let names: Vec<RunId> = ["run-19b-2-0", "run-19a-1-0"]
            .map(|name| RunId::new(name).unwrap())
            .into();
        let found = |reference: &str| resolve(reference, &names).map(|run| run.to_string());
        assert_eq!(found("latest").unwrap(), "run-19b-2-0");
        assert_eq!(found("run-19a-1-0").unwrap(), "run-19a-1-0");
        assert_eq!(found("19a").unwrap(), "run-19a-1-0");
        assert_eq!(found("1-0").unwrap(), "run-19a-1-0");
        assert!(
            matches!(found("19"), Err(JournalError::Ambiguous { runs, .. }) if runs.len() == 2)
        );
        assert!(matches!(found("zz"), Err(JournalError::NotFound { .. })));
        assert!(matches!(found(""), Err(JournalError::NotFound { .. })));
        assert!(matches!(resolve("latest", &[]), Err(JournalError::Empty)));
    }
}
