//! What an executor does with runs that are in a journal: record one, go on with one, compare, replay.

use std::sync::Arc;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Pinned, RecordedRun};
use orchestrate_core::plan::Plan;
use orchestrate_strategies::graph::replay::Replay;
use orchestrate_strategies::graph::reuse::Again;

use super::executor::{LocalExecutor, RunAccount, new_run_id, owner, startable};
use super::handle::RunHandle;
use super::recording::Record;
use super::resume::Past;
use crate::error::RunError;

impl LocalExecutor {
    /// Records a plan as a run that nobody works on yet; [`Self::resume`] begins it, here or in another process.
    ///
    /// # Errors
    /// [`RunError`] when the plan is wrong or it cannot be recorded.
    pub async fn record(&self, plan: &impl AsRef<Plan>) -> Result<RunId, RunError> {
        let plan = plan.as_ref();
        self.compile(plan)?;
        let run = new_run_id();
        let journal = self.journal_for(&run)?;
        let limits = plan.limits.tightest(self.limits);
        startable(limits)?;
        let ownership = journal
            .create(&self.pinned(&run, plan, limits), &owner())
            .await?;
        journal.release(ownership).await?;
        Ok(run)
    }

    /// Goes on with a recorded run where its record ends, under the limits that were pinned. What
    /// has ended is not run again. With `take_over`, whoever works on it is replaced.
    ///
    /// # Errors
    /// [`RunError::Journal`] while another works on it or when its record is not whole,
    /// [`RunError::Ended`] when it is over, [`RunError::Diverged`] when this version does not come to
    /// what is recorded.
    pub async fn resume(&self, run: &RunId, take_over: bool) -> Result<RunHandle, RunError> {
        let journal = self.journal_for(run)?;
        let RecordedRun { pinned, mut events } = journal.load(run).await?;
        // A run that is over is not taken from anybody.
        if is_over(&events) {
            return Err(RunError::Ended { run: run.clone() });
        }
        let ownership = journal.acquire(run, &owner(), take_over).await?;
        // Whoever owned it until now may have gone on meanwhile.
        events.extend(journal.events(run, events.len() as u64).await?);
        if is_over(&events) {
            journal.release(ownership).await?;
            return Err(RunError::Ended { run: run.clone() });
        }
        let epoch = ownership.epoch;
        let outside = journal.outside(run).await?;
        let replay = self.replay(&pinned, &events)?;
        let elapsed_us = self
            .clock
            .wall_ms()
            .saturating_sub(pinned.created_ms)
            .saturating_mul(1000);
        let past =
            (!events.is_empty()).then(|| Past::of(replay, events, elapsed_us, epoch, outside));
        let record = Record::Owned { journal, ownership };
        self.spawn(
            run.clone(),
            &pinned.plan,
            RunAccount {
                limits: pinned.limits,
                planning: pinned.planning,
            },
            true,
            Some(record),
            past,
        )
    }

    /// Whether a plan is the one that a run was recorded with; a run is never gone on with another.
    ///
    /// # Errors
    /// [`RunError::OtherPlan`] with what of the run could be reused.
    pub async fn check_plan(&self, run: &RunId, plan: &Plan) -> Result<(), RunError> {
        let RecordedRun { pinned, events } = self.journal_for(run)?.load(run).await?;
        let given = plan.digest();
        if given == pinned.plan_digest {
            return Ok(());
        }
        let ended = |events: &[Event]| -> Vec<String> {
            let paths = events.iter().filter_map(|event| match &event.kind {
                EventKind::StepFinished { step, .. } => Some(step.to_string()),
                _ => None,
            });
            paths.collect()
        };
        let reusable = ended(&self.reusable(plan, &events, Again::Changed)?);
        let changed = ended(&events);
        Err(RunError::OtherPlan {
            run: run.clone(),
            pinned: pinned.plan_digest,
            given,
            changed: changed
                .into_iter()
                .filter(|step| !reusable.contains(step))
                .collect(),
            reusable,
        })
    }

    /// A recorded run folded back into a walk, every event checked against what the plan gives.
    ///
    /// # Errors
    /// [`RunError::Diverged`] at the first event that this version does not come to.
    pub fn replay(&self, pinned: &Pinned, events: &[Event]) -> Result<Replay, RunError> {
        let mut replay = Replay::new(
            self.compile(&pinned.plan)?,
            Arc::new(pinned.plan.context.clone()),
            pinned.limits,
        );
        for event in events {
            replay.apply(event).map_err(|source| RunError::Diverged {
                run: pinned.run_id.clone(),
                source,
            })?;
        }
        Ok(replay)
    }
}

pub(super) fn is_over(events: &[Event]) -> bool {
    let last = events.last();
    last.is_some_and(|event| matches!(event.kind, EventKind::RunFinished { .. }))
}
