//! A new run that begins in the middle of another.

use std::sync::Arc;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{Origin, Pinned, RecordedRun};
use orchestrate_core::plan::Plan;
use orchestrate_core::task::Context;
use orchestrate_strategies::graph::replay::Replay;
use orchestrate_strategies::graph::reuse::{Again, is_unpaid, reusable};

use super::durable::is_over;
use super::executor::{LocalExecutor, new_run_id, owner};
use crate::error::RunError;

/// Events that are recorded together when a run is copied.
const BATCH: usize = 1000;

/// Where a fork leaves its source, and what is different from there on.
#[derive(Debug, Clone, Default)]
pub struct Fork {
    /// The first step that is run again, by its path.
    pub from: String,
    /// Values that take the place of those in the context of the task, for all that is run again.
    pub context: Context,
}

impl LocalExecutor {
    /// Records a new run that takes over everything of a recorded one that does not depend on the
    /// step. Nobody works on it yet; [`Self::resume`] begins. The source stays as it is.
    ///
    /// # Errors
    /// [`RunError::NotBegun`] when the source has not begun the step, and as for [`Self::record`].
    pub async fn fork(&self, run: &RunId, fork: &Fork) -> Result<RunId, RunError> {
        let journal = self.journal_for(run)?;
        let RecordedRun { pinned, events } = journal.load(run).await?;
        let step = begun(run, &events, &fork.from)?;
        let mut plan = pinned.plan.clone();
        plan.context.extend(fork.context.clone());
        let kept = self.reusable(&plan, &events, Again::Step(&step))?;
        let origin = Origin {
            run: run.clone(),
            step,
        };
        let forked = Pinned {
            about: pinned.about,
            planning: pinned.planning,
            ..Pinned::new(new_run_id(), plan, pinned.limits, self.wall_ms())
        };
        self.record_taken_over(forked, origin, kept).await
    }

    /// For a run that is over because the account that pays for it was used up or its key refused:
    /// records a new run that takes over everything that had ended of itself, the finished calls of
    /// agents that were stopped in the middle included. Nobody works on it yet; [`Self::resume`] begins.
    /// None for a run that is not over, or in which no account stopped anything.
    ///
    /// # Errors
    /// As for [`Self::record`].
    pub async fn take_over_unpaid(&self, run: &RunId) -> Result<Option<RunId>, RunError> {
        let journal = self.journal_for(run)?;
        let RecordedRun { pinned, events } = journal.load(run).await?;
        let stopped = |event: &Event| match &event.kind {
            EventKind::StepFinished { step, outcome, .. } if is_unpaid(outcome) => {
                Some(step.clone())
            }
            _ => None,
        };
        let Some(step) = events.iter().find_map(stopped).filter(|_| is_over(&events)) else {
            return Ok(None);
        };
        let kept = self.reusable(&pinned.plan, &events, Again::Unpaid)?;
        let origin = Origin {
            run: run.clone(),
            step,
        };
        let next = Pinned {
            about: pinned.about,
            planning: pinned.planning,
            ..Pinned::new(new_run_id(), pinned.plan, pinned.limits, self.wall_ms())
        };
        self.record_taken_over(next, origin, kept).await.map(Some)
    }

    /// Records a run that begins with what another has done.
    async fn record_taken_over(
        &self,
        mut pinned: Pinned,
        origin: Origin,
        mut kept: Vec<Event>,
    ) -> Result<RunId, RunError> {
        let new = pinned.run_id.clone();
        let journal = self.journal_for(&new)?;
        pinned.origin = Some(origin);
        for event in &mut kept {
            if let EventKind::RunStarted {
                run_id,
                plan_digest,
                ..
            } = &mut event.kind
            {
                *run_id = new.clone();
                plan_digest.clone_from(&pinned.plan_digest);
            }
        }
        let mut ownership = journal.create(&pinned, &owner()).await?;
        for batch in kept.chunks(BATCH) {
            journal.append(&mut ownership, batch).await?;
        }
        journal.release(ownership).await?;
        Ok(new)
    }

    /// The events of a recorded run that hold for a plan.
    ///
    /// # Errors
    /// [`RunError::Plan`] when the plan is wrong.
    pub(super) fn reusable(
        &self,
        plan: &Plan,
        events: &[Event],
        again: Again<'_>,
    ) -> Result<Vec<Event>, RunError> {
        let replay = Replay::new(
            self.compile(plan)?,
            Arc::new(plan.context.clone()),
            plan.limits,
        );
        Ok(reusable(replay, events, again))
    }
}

/// The step of that path, if the run has begun it.
fn begun(run: &RunId, events: &[Event], from: &str) -> Result<StepPath, RunError> {
    let mut paths: Vec<&StepPath> = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::StepStarted {
                step, attempt: 1, ..
            } => paths.push(step),
            // A step that only asks begins with its question, and may ask again after a pause.
            EventKind::ApprovalRequested { request }
                if request.call_of.is_none() && !paths.contains(&&request.step) =>
            {
                paths.push(&request.step);
            }
            _ => {}
        }
    }
    let is_it = |path: &&&StepPath| path.as_str() == from || path.to_string() == from;
    match paths.iter().find(is_it) {
        Some(path) => Ok((*path).clone()),
        None => Err(RunError::NotBegun {
            run: run.clone(),
            step: from.to_owned(),
            begun: paths.iter().take(12).map(ToString::to_string).collect(),
        }),
    }
}
