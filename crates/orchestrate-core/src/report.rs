//! The report of a run, as a pure fold over its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::approval::ApprovalRequest;
use crate::bus::MailCensus;
use crate::event::{Event, EventKind};
use crate::id::{RunId, StepPath};
use crate::limits::Usage;
use crate::outcome::{Census, Outcome};
use crate::result::{AgentResult, ReachedLimit, StrategyResult, WorkResult, Worker};

/// What a run came to, built event by event; live and replayed runs share this path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunReport {
    /// The run, once it has started.
    pub run_id: Option<RunId>,
    /// Digest of the plan.
    pub plan_digest: String,
    /// How it ended; absent while it runs.
    pub outcome: Option<Outcome>,
    /// One result per agent step that ended, in the order of the plan once the run is over.
    pub agents: Vec<AgentResult>,
    /// One result per tool call and per decision that ended, in the order of the plan once the run is over.
    pub work: Vec<WorkResult>,
    /// Questions that no one has answered yet, in the order in which they were asked.
    pub pending: Vec<ApprovalRequest>,
    /// What the plan's root gave.
    pub output: Arc<Value>,
    /// What was used, planning included.
    pub usage: Usage,
    /// What of it a model used that planned the run.
    pub planning: Usage,
    /// From start to end, in microseconds.
    pub wall_us: u64,
    /// Sum of the steps' own times, in microseconds.
    pub summed_us: u64,
    /// The limits that kept steps from beginning, in the order in which they were reached.
    pub limits: Vec<ReachedLimit>,
    /// Steps that used more than had been reserved for them.
    pub overruns: Vec<StepPath>,
    /// What became of the messages that agents sent to each other.
    pub mail: MailCensus,
    /// Steps whose work had not stopped when the run ended, though it was told to.
    pub unstopped: Vec<StepPath>,
    /// What the ended attempts of steps used that have not ended; it is part of `usage`.
    pub unfinished: BTreeMap<StepPath, Usage>,
    /// What the recorded calls used of attempts that are under way; it is not part of `usage` yet.
    pub under_way: BTreeMap<StepPath, Usage>,
}

impl RunReport {
    /// Folds a whole run.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut report = Self::default();
        for event in events {
            report.apply(event);
        }
        report
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        self.wall_us = event.at_us;
        match &event.kind {
            EventKind::RunStarted {
                run_id,
                plan_digest,
                planning,
                ..
            } => {
                self.run_id = Some(run_id.clone());
                self.plan_digest.clone_from(plan_digest);
                self.usage += *planning;
                self.planning = *planning;
            }
            EventKind::StepFinished {
                step,
                worker,
                outcome,
                output,
                confidence,
                attempts,
                duration_us,
                usage,
                evidence,
            } => {
                self.under_way.remove(step);
                // What its earlier attempts used is in there already.
                let counted = self.unfinished.remove(step).unwrap_or_default();
                self.usage += usage.without(counted);
                let duration_ms = *duration_us as f64 / 1e3;
                self.pending
                    .retain(|request| request.waiting_step() != step);
                match worker {
                    Worker::Agent(agent) => {
                        self.summed_us = self.summed_us.saturating_add(*duration_us);
                        self.agents.push(AgentResult {
                            agent_id: agent.clone(),
                            step: step.clone(),
                            success: outcome.is_success(),
                            error: outcome.error(),
                            outcome: outcome.clone(),
                            output: output.clone(),
                            confidence: *confidence,
                            duration_ms,
                            usage: *usage,
                            attempts: *attempts,
                            evidence: evidence.clone(),
                        });
                    }
                    Worker::Tool(_) | Worker::Approver(_) => self.work.push(WorkResult {
                        step: step.clone(),
                        worker: worker.clone(),
                        success: outcome.is_success(),
                        error: outcome.error(),
                        outcome: outcome.clone(),
                        output: output.clone(),
                        duration_ms,
                        attempts: *attempts,
                        evidence: evidence.clone(),
                    }),
                }
            }
            EventKind::StepRetried { step, usage, .. }
            | EventKind::StepParked { step, usage, .. } => {
                self.under_way.remove(step);
                self.usage += *usage;
                *self.unfinished.entry(step.clone()).or_default() += *usage;
            }
            EventKind::CallFinished { step, result, .. } => {
                *self.under_way.entry(step.clone()).or_default() += result.usage;
            }
            // Attempts that were under way are cut: what their calls used is all that is known of them.
            EventKind::RunResumed { .. } => {
                for (step, calls) in std::mem::take(&mut self.under_way) {
                    let usage = Usage { calls: 1, ..calls };
                    self.usage += usage;
                    *self.unfinished.entry(step).or_default() += usage;
                }
            }
            EventKind::ApprovalRequested { request } => {
                // Asking again after a pause replaces the question.
                self.pending.retain(|open| open.step != request.step);
                self.pending.push(request.clone());
            }
            EventKind::ApprovalDecided { step, .. } => {
                self.pending.retain(|request| request.step != *step);
            }
            EventKind::RunPaused { pending, .. } => {
                self.outcome = Some(Outcome::Paused {
                    pending: u32::try_from(pending.len()).unwrap_or(u32::MAX),
                });
            }
            EventKind::LimitReached {
                of,
                limit,
                short: Some(short),
            } => self.limits.push(ReachedLimit {
                of: of.clone(),
                limit: *limit,
                short: (**short).clone(),
            }),
            EventKind::BudgetOverrun { step, .. } => self.overruns.push(step.clone()),
            EventKind::StepUnstopped { step, .. } => self.unstopped.push(step.clone()),
            EventKind::RunFinished {
                outcome, output, ..
            } => {
                self.outcome = Some(outcome.clone());
                self.output = output.clone();
            }
            other => self.mail.apply(other),
        }
    }

    /// Puts the results in the order of the plan, whatever finished first.
    pub fn sort_by_plan<K: Ord>(&mut self, mut position: impl FnMut(&StepPath) -> K) {
        self.agents
            .sort_by_cached_key(|result| position(&result.step));
        self.work
            .sort_by_cached_key(|result| position(&result.step));
    }

    /// Whether the run is over and succeeded.
    #[must_use]
    pub fn success(&self) -> bool {
        self.outcome.as_ref().is_some_and(Outcome::is_success)
    }

    /// What became of the steps of agents, tools and people.
    #[must_use]
    pub fn census(&self) -> Census {
        let agents = self.agents.iter().map(|result| &result.outcome);
        Census::of(agents.chain(self.work.iter().map(|result| &result.outcome)))
    }

    /// The same as a strategy's result. A run that has not ended is unknown.
    #[must_use]
    pub fn into_strategy_result(self) -> StrategyResult {
        let census = self.census();
        let told = |who: &dyn std::fmt::Display, error: &Option<String>| {
            error.as_ref().map(|error| format!("{who}: {error}"))
        };
        let agents = self.agents.iter();
        let agents = agents.filter_map(|result| told(&result.agent_id, &result.error));
        let work = self.work.iter();
        let work = work.filter_map(|result| told(&result.worker, &result.error));
        let errors = agents.chain(work).collect();
        let outcome = self.outcome.unwrap_or_else(|| Outcome::Unknown {
            message: "the run has not ended".into(),
        });
        StrategyResult {
            success: outcome.is_success(),
            outcome,
            outputs: self.agents,
            work: self.work,
            pending: self.pending,
            aggregated_output: Arc::unwrap_or_clone(self.output),
            wall_ms: self.wall_us as f64 / 1e3,
            summed_ms: self.summed_us as f64 / 1e3,
            usage: self.usage,
            planning: self.planning,
            census,
            limits: self.limits,
            mail: self.mail,
            errors,
        }
    }
}
