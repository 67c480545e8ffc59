//! A journal in memory: keeps nothing beyond its own life, and can be told to fail.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;

use crate::event::Event;
use crate::id::{RunId, StepPath};
use crate::journal::{
    CancelRequest, Decided, Decision, Digest, Durability, Encoded, JournalError, Outside,
    Ownership, Pinned, Progress, RecordedRun, RunFilter, RunJournal, RunState, RunSummary, chain,
    decode_event, decode_pinned,
};

/// A [`RunJournal`] in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    runs: BTreeMap<RunId, Run>,
    values: HashMap<Digest, Vec<u8>>,
    /// Appends that still succeed; without a number all do.
    appends_left: Option<u64>,
}

#[derive(Debug)]
struct Run {
    summary: RunSummary,
    bodies: Vec<Vec<u8>>,
    head: Digest,
    ended: HashSet<StepPath>,
    epoch: u64,
    owner: String,
    alive: Weak<()>,
    decisions: BTreeMap<StepPath, Decision>,
    cancel: Option<CancelRequest>,
}

impl Run {
    fn summary(&self) -> RunSummary {
        let mut summary = self.summary.clone();
        let at_work = self.alive.strong_count() > 0;
        if summary.state == RunState::Running && !at_work {
            summary.state = RunState::Interrupted;
        }
        summary.owner = at_work.then(|| self.owner.clone());
        summary
    }

    fn outside(&self) -> Outside {
        let decided = |(step, decision): (&StepPath, &Decision)| Decided {
            step: step.clone(),
            decision: decision.clone(),
        };
        Outside {
            decisions: self.decisions.iter().map(decided).collect(),
            cancel: self.cancel.clone(),
        }
    }

    fn owned_by(&self, ownership: &Ownership) -> Result<(), JournalError> {
        if self.epoch == ownership.epoch {
            return Ok(());
        }
        Err(JournalError::StaleOwner {
            run: ownership.run.clone(),
            epoch: ownership.epoch,
            current: self.epoch,
        })
    }

    fn idle(&self) -> Result<(), JournalError> {
        if self.alive.strong_count() == 0 {
            return Ok(());
        }
        Err(JournalError::Owned {
            run: self.summary.run_id.clone(),
            owner: self.owner.clone(),
        })
    }
}

impl MemoryJournal {
    /// From now on only so many appends succeed; then the store has no room left.
    pub fn fail_after(&self, appends: u64) {
        self.state().appends_left = Some(appends);
    }

    /// All appends succeed again.
    pub fn mend(&self) {
        self.state().appends_left = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn run(&mut self, run: &RunId) -> Result<&mut Run, JournalError> {
        let reference = || run.to_string();
        let missing = || JournalError::NotFound {
            reference: reference(),
        };
        self.runs.get_mut(run).ok_or_else(missing)
    }

    fn decode(&self, run: &RunId, from: usize) -> Result<Vec<Event>, JournalError> {
        let bodies = self.runs.get(run).map_or(&[][..], |run| &run.bodies);
        let mut get = |digest| Ok(self.values.get(&digest).cloned());
        let entries = bodies.iter().zip(0u64..).skip(from + 1);
        entries
            .map(|(body, entry)| decode_event(run, entry, body, &mut get))
            .collect()
    }
}

#[async_trait]
impl RunJournal for MemoryJournal {
    fn url(&self) -> &'static str {
        "memory:"
    }

    fn durability(&self) -> Durability {
        Durability::Fast
    }

    async fn create(&self, pinned: &Pinned, owner: &str) -> Result<Ownership, JournalError> {
        let run_id = &pinned.run_id;
        let Encoded { body, values } = Encoded::pinned(pinned);
        let head = chain(Digest::of(run_id.as_str().as_bytes()), 0, &body);
        let guard = Arc::new(());
        let mut state = self.state();
        if state.runs.contains_key(run_id) {
            return Err(JournalError::Exists {
                run: run_id.clone(),
            });
        }
        state.values.extend(values);
        let summary = RunSummary {
            run_id: run_id.clone(),
            state: RunState::Running,
            outcome: None,
            task: pinned.plan.task.clone(),
            plan_digest: pinned.plan_digest.clone(),
            created_ms: pinned.created_ms,
            updated_ms: pinned.created_ms,
            events: 0,
            steps: 0,
            owner: None,
            forked_from: pinned.origin.as_ref().map(|origin| origin.run.clone()),
            damage: None,
        };
        let run = Run {
            summary,
            bodies: vec![body],
            head,
            ended: HashSet::new(),
            epoch: 1,
            owner: owner.to_owned(),
            alive: Arc::downgrade(&guard),
            decisions: BTreeMap::new(),
            cancel: None,
        };
        state.runs.insert(run_id.clone(), run);
        Ok(Ownership::new(run_id.clone(), 1, 1, head).holding(guard))
    }

    async fn acquire(
        &self,
        run: &RunId,
        owner: &str,
        take_over: bool,
    ) -> Result<Ownership, JournalError> {
        let mut state = self.state();
        let found = state.run(run)?;
        if !take_over {
            found.idle()?;
        }
        let guard = Arc::new(());
        found.epoch += 1;
        owner.clone_into(&mut found.owner);
        found.alive = Arc::downgrade(&guard);
        let next = found.bodies.len() as u64;
        Ok(Ownership::new(run.clone(), found.epoch, next, found.head).holding(guard))
    }

    async fn append(
        &self,
        ownership: &mut Ownership,
        events: &[Event],
    ) -> Result<(), JournalError> {
        let encoded: Vec<Encoded> = events.iter().map(Encoded::event).collect();
        let digests = ownership.digests(encoded.iter().map(|entry| &*entry.body));
        let progress = Progress::of(events);
        let mut state = self.state();
        let left = state.appends_left;
        let run = state.run(&ownership.run)?;
        run.owned_by(ownership)?;
        if let Some(step) = progress.ended.iter().find(|step| run.ended.contains(step)) {
            return Err(JournalError::StepRecorded {
                run: ownership.run.clone(),
                step: step.clone(),
            });
        }
        if left == Some(0) {
            return Err(JournalError::Full {
                store: self.url().to_owned(),
            });
        }
        let Some(head) = digests.last().copied() else {
            return Ok(());
        };
        run.head = head;
        run.summary.events += progress.events;
        run.summary.steps += progress.ended.len() as u64;
        run.summary.state = progress.state.unwrap_or(run.summary.state);
        run.summary.outcome = progress.outcome.or_else(|| run.summary.outcome.take());
        run.ended.extend(progress.ended);
        let mut values = Vec::new();
        for entry in encoded {
            run.bodies.push(entry.body);
            values.extend(entry.values);
        }
        state.values.extend(values);
        state.appends_left = left.map(|left| left - 1);
        ownership.advance(progress.events, head);
        Ok(())
    }

    async fn attend(&self, ownership: &Ownership) -> Result<Outside, JournalError> {
        let mut state = self.state();
        let run = state.run(&ownership.run)?;
        run.owned_by(ownership)?;
        Ok(run.outside())
    }

    async fn release(&self, ownership: Ownership) -> Result<(), JournalError> {
        let mut state = self.state();
        let run = state.run(&ownership.run)?;
        run.owned_by(&ownership)?;
        run.alive = Weak::new();
        Ok(())
    }

    async fn load(&self, run: &RunId) -> Result<RecordedRun, JournalError> {
        let mut state = self.state();
        let body = state.run(run)?.bodies[0].clone();
        let mut get = |digest| Ok(state.values.get(&digest).cloned());
        Ok(RecordedRun {
            pinned: decode_pinned(run, &body, &mut get)?,
            events: state.decode(run, 0)?,
        })
    }

    async fn events(&self, run: &RunId, from: u64) -> Result<Vec<Event>, JournalError> {
        let mut state = self.state();
        state.run(run)?;
        state.decode(run, usize::try_from(from).expect("memory holds fewer"))
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        let state = self.state();
        let mut runs: Vec<RunSummary> = state.runs.values().map(Run::summary).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.created_ms));
        runs.retain(|run| filter.admits(run.state));
        runs.truncate(filter.limit.unwrap_or(usize::MAX));
        Ok(runs)
    }

    async fn decide(
        &self,
        run: &RunId,
        step: &StepPath,
        decision: &Decision,
    ) -> Result<(), JournalError> {
        let mut state = self.state();
        let found = state.run(run)?;
        match found.decisions.get(step) {
            Some(first) => Err(JournalError::AlreadyDecided {
                run: run.clone(),
                step: step.clone(),
                decision: Box::new(first.clone()),
            }),
            None => {
                found.decisions.insert(step.clone(), decision.clone());
                Ok(())
            }
        }
    }

    async fn request_cancel(
        &self,
        run: &RunId,
        request: &CancelRequest,
    ) -> Result<(), JournalError> {
        let mut state = self.state();
        state
            .run(run)?
            .cancel
            .get_or_insert_with(|| request.clone());
        Ok(())
    }

    async fn outside(&self, run: &RunId) -> Result<Outside, JournalError> {
        Ok(self.state().run(run)?.outside())
    }

    async fn delete(&self, run: &RunId) -> Result<(), JournalError> {
        let mut state = self.state();
        state.run(run)?.idle()?;
        state.runs.remove(run);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::journal::check_all;

    #[test]
    fn it_keeps_the_laws_of_journals() {
        let laws = check_all(|| async { MemoryJournal::default() });
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        // Nothing in it waits, so that one poll is enough.
        assert!(std::pin::pin!(laws).poll(&mut context).is_ready());
    }
}
