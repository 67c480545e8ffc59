//! The results of a run by agent, and the metrics that they state.

use std::collections::BTreeMap;

use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::AgentId;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;
use serde_json::Value;

use super::answer::{Answer, Bounds};
use crate::report::AgentSummary;

/// Why a metric has no value, and how it would have one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NoValue {
    pub(crate) why: String,
    pub(crate) how: String,
}

impl NoValue {
    pub(crate) fn new(why: impl Into<String>, how: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            how: how.into(),
        }
    }
}

/// The last result of each agent, should it have run more than once, and the answers of those that succeeded.
#[derive(Debug)]
pub(crate) struct Results<'a> {
    pub(crate) results: BTreeMap<&'a str, &'a AgentResult>,
    pub(crate) answers: BTreeMap<&'a str, Answer>,
}

impl<'a> Results<'a> {
    /// The results of a run, which may be under way or have been cut short.
    pub(crate) fn of(run: &'a RunReport) -> Self {
        let results: BTreeMap<&str, &AgentResult> = run
            .agents
            .iter()
            .map(|result| (result.agent_id.as_str(), result))
            .collect();
        let answers = results
            .iter()
            .filter(|(_, result)| result.success)
            .map(|(id, result)| (*id, Answer::of(&result.agent_id, &result.output)))
            .collect();
        Self { results, answers }
    }

    /// A field of the output of an agent that succeeded.
    pub(crate) fn field(&self, agent: &str, field: &str) -> Option<&'a Value> {
        let result = self.results.get(agent).filter(|result| result.success)?;
        result.output.get(field)
    }

    /// What an agent measured, with the ends between which the true value lies if that is all that is
    /// known; or why there is nothing.
    pub(crate) fn metric(
        &self,
        agent: &str,
        metric: &str,
    ) -> Result<(f64, Option<&Bounds>), NoValue> {
        let again = || format!("run `{agent}` again to its end");
        let Some(result) = self.results.get(agent) else {
            return Err(NoValue::new(format!("`{agent}` did not run"), again()));
        };
        if let Some(error) = unsuccessful(result) {
            return Err(NoValue::new(error, again()));
        }
        let measuring = "run it with a backend that measures";
        let answer = self.answers.get(agent);
        if let Some(value) = result.output.get(metric).and_then(Value::as_f64) {
            return if result.evidence.is_empty() {
                let why =
                    format!("`{agent}` states `{metric}` without evidence of how it was measured");
                Err(NoValue::new(why, measuring))
            } else {
                Ok((value, answer.and_then(|answer| answer.bounds.get(metric))))
            };
        }
        let mut told = answer.into_iter().flat_map(|answer| &answer.not_measured);
        Err(match told.find(|item| item.what == metric) {
            Some(item) => NoValue::new(&item.why, &item.how_to_measure),
            None => NoValue::new(format!("`{agent}` gave no `{metric}`"), measuring),
        })
    }

    /// What each agent gave, without its findings.
    pub(crate) fn summaries(&self) -> BTreeMap<AgentId, AgentSummary> {
        self.results
            .values()
            .map(|result| {
                let summary = AgentSummary {
                    outcome: result.outcome.clone(),
                    success: result.success,
                    output: without_findings(&result.output),
                    confidence: result.confidence,
                    duration_ms: result.duration_ms,
                    error: result.error.clone(),
                    evidence: result.evidence.clone(),
                };
                (result.agent_id.clone(), summary)
            })
            .collect()
    }
}

/// One sentence on how an agent ended, if it did not succeed.
pub(crate) fn unsuccessful(result: &AgentResult) -> Option<String> {
    if result.success {
        return None;
    }
    let word = result.outcome.word().replace('_', " ");
    let error = result.error.as_deref().unwrap_or("no reason is known");
    Some(format!("agent `{}` {word}: {error}", result.agent_id))
}

/// The findings stand in the report once, sorted; a second copy would double its size.
fn without_findings(output: &Value) -> Value {
    match output {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "findings")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// The run itself, and whatever evidence more than one agent rests on.
pub(crate) fn evidence(run: &RunReport) -> Vec<Evidence> {
    let mut notes = Vec::new();
    if let Some(id) = &run.run_id {
        notes.push(format!("run {id}"));
    }
    if !run.plan_digest.is_empty() {
        notes.push(format!("plan {}", run.plan_digest));
    }
    let mut all = vec![Evidence {
        method: "a fold over the events of one run".to_owned(),
        tool: "orchestrate".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        duration_ms: Some(run.wall_us as f64 / 1e3),
        notes,
        ..Evidence::default()
    }];
    let mut met: Vec<&Evidence> = Vec::new();
    for item in run.agents.iter().flat_map(|result| &result.evidence) {
        if met.contains(&item) && !all.contains(item) {
            all.push(item.clone());
        }
        met.push(item);
    }
    all
}
