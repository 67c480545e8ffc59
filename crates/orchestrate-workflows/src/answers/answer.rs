//! The part of an agent's output that reports understand. Everything else in it is detail.
//!
//! An agent gives a metric under the name that a gate or a score reads, and beside it `findings`,
//! `not_measured`, `blockers`, `warnings`, and `bounds` for metrics that are known between two ends
//! only. Any backend may: the analysis does, a model can.

use std::collections::BTreeMap;

use orchestrate_core::id::AgentId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::report::{Ignored, NotMeasured, ReportedFinding};

/// A finding as an agent gives it; the report adds who found it.
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

/// The ends between which the true value of a metric lies, where it is not known better.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Bounds {
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) why: String,
    pub(crate) how_to_measure: String,
}

/// What the report takes out of an output.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) findings: Vec<ReportedFinding>,
    pub(crate) not_measured: Vec<NotMeasured>,
    pub(crate) blockers: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) ignored: Vec<Ignored>,
    /// The external tools that ran to their end.
    tools: Vec<String>,
    pub(crate) bounds: BTreeMap<String, Bounds>,
}

impl Answer {
    /// Whether this external tool ran to its end.
    pub(crate) fn ran(&self, tool: &str) -> bool {
        self.tools.iter().any(|name| name == tool)
    }

    /// Reads an output. A field of another form is not passed over: it becomes something that was
    /// not measured, because a blocker that cannot be read must not look like none.
    pub(crate) fn of(agent: &AgentId, output: &Value) -> Self {
        let mut answer = Self::default();
        let mut problems = Vec::new();
        answer.not_measured = list(output, "not_measured", &mut problems);
        answer.blockers = list(output, "blockers", &mut problems);
        answer.warnings = list(output, "warnings", &mut problems);
        answer.ignored = list(output, "findings_ignored", &mut problems);
        answer.tools = list(output, "tools_ran", &mut problems);
        let found: Vec<Found> = list(output, "findings", &mut problems);
        for mut finding in found {
            let id = Value::from(agent.as_str());
            finding.rest.insert("agent".to_owned(), id);
            match ReportedFinding::deserialize(Value::Object(finding.rest)) {
                Ok(finding) => answer.findings.push(finding),
                Err(error) => {
                    problems.push(("findings", error.to_string()));
                    break;
                }
            }
        }
        if let Some(bounds) = output.get("bounds") {
            match BTreeMap::deserialize(bounds) {
                Ok(bounds) => answer.bounds = bounds,
                Err(error) => problems.push(("bounds", error.to_string())),
            }
        }
        let unreadable = problems.into_iter().map(|(field, error)| NotMeasured {
            what: format!("`{field}` of `{agent}`"),
            why: format!("its output does not have the expected form: {error}"),
            how_to_measure: format!("give `{field}` in the form that the schema states"),
        });
        answer.not_measured.extend(unreadable);
        answer
    }
}

fn list<T: DeserializeOwned>(
    output: &Value,
    field: &'static str,
    problems: &mut Vec<(&'static str, String)>,
) -> Vec<T> {
    match output.get(field) {
        None | Some(Value::Null) => Vec::new(),
        Some(value) => Vec::deserialize(value).unwrap_or_else(|error| {
            problems.push((field, error.to_string()));
            Vec::new()
        }),
    }
}
