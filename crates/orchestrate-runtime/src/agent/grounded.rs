//! An agent that a model runs on what another backend measured.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::limits::Usage;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use serde_json::{Map, Value, json};

use super::backend::ModelBackend;
use super::prompt::MEASURED;

/// As many items of a list as a model is told; a report has all of them.
const TOLD: usize = 20;

/// Runs agents by a model that is first told what another backend measures for them.
///
/// What was measured stays measured: it stands in the answer as it is, and what the model states under
/// the same name stands beside it as `stated_NAME`. So does every figure that the model states and nobody
/// measured: gates and readers take the names of an agent that measures for what was measured. A step that asks for an answer of a form gets that
/// form and nothing else.
#[derive(Debug)]
pub struct GroundedBackend {
    measures: Arc<dyn AgentBackend>,
    model: ModelBackend,
}

impl GroundedBackend {
    /// Runs the agents that both can run.
    #[must_use]
    pub fn new(measures: Arc<dyn AgentBackend>, model: ModelBackend) -> Self {
        Self { measures, model }
    }
}

#[async_trait]
impl AgentBackend for GroundedBackend {
    fn name(&self) -> &'static str {
        "model on what was measured"
    }

    fn supports(&self, agent: &Agent) -> bool {
        self.measures.supports(agent) && self.model.supports(agent)
    }

    fn reservation(&self, agent: &Agent) -> Usage {
        self.model.reservation(agent)
    }

    fn least(&self, agent: &Agent) -> Usage {
        self.model.least(agent)
    }

    fn records_what_it_uses(&self, agent: &Agent) -> bool {
        self.model.records_what_it_uses(agent)
    }

    /// Measuring only reads; the model records its calls by itself.
    fn effect(&self, agent: &Agent) -> Effect {
        self.model.effect(agent)
    }

    fn unavailable(&self, agent: &Agent) -> Option<AgentFailure> {
        self.model.unavailable(agent)
    }

    async fn run(&self, mut input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let (measured, evidence, told) = match self.measures.run(input.clone()).await {
            Ok(given) => {
                let told = shortened(&given.output);
                (Some(given.output), given.evidence, told)
            }
            Err(failure) => {
                let told = json!({ "not_measured": failure.message });
                (None, failure.evidence, told)
            }
        };
        input.inputs.push((MEASURED.into(), Arc::new(told)));
        let formed = input.answer.is_some();
        match self.model.run(input).await {
            Ok(mut answer) => {
                if !formed {
                    let measured = measured.unwrap_or_default();
                    answer.output = Arc::new(joined(&answer.output, &measured));
                }
                answer.evidence.extend(evidence);
                Ok(answer)
            }
            Err(mut failure) => {
                failure.output = failure.output.or(measured);
                failure.evidence.extend(evidence);
                Err(failure)
            }
        }
    }
}

/// An answer with what was measured in it.
fn joined(answer: &Value, measured: &Value) -> Value {
    let mut fields = Map::new();
    match answer {
        Value::Object(stated) => {
            for (name, value) in stated {
                let is_measured = measured.get(name) == Some(value);
                let own = !is_figure(name, value) && !is_unmeasured(name, measured);
                let name = match measured.get(name) {
                    None if own => name.clone(),
                    _ if is_measured => continue,
                    _ => format!("stated_{name}"),
                };
                fields.insert(name, value.clone());
            }
        }
        other => {
            fields.insert("answer".to_owned(), other.clone());
        }
    }
    let measured = measured.as_object().into_iter().flatten();
    fields.extend(measured.map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(fields)
}

/// Whether a field reads like something that was measured. How sure a model is, only it can say.
fn is_figure(name: &str, value: &Value) -> bool {
    value.is_number() && name != "confidence"
}

/// Whether those who measure say that they could not measure this.
fn is_unmeasured(name: &str, measured: &Value) -> bool {
    let missing = measured.get("not_measured").and_then(Value::as_array);
    let mut missing = missing.into_iter().flatten();
    missing.any(|it| it.get("what").and_then(Value::as_str) == Some(name))
}

/// A value whose long lists are cut, with a word that says so.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut kept: Vec<Value> = items.iter().take(TOLD).map(shortened).collect();
            if items.len() > TOLD {
                kept.push(format!("and {} more", items.len() - TOLD).into());
            }
            kept.into()
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), shortened(value)));
            Value::Object(fields.collect())
        }
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_was_measured_is_not_replaced_by_one_that_is_stated() {
        let measured = json!({"coverage": 71.5, "findings": [1, 2]});
        let answer = json!({"coverage": 95, "summary": "well covered", "findings": [1, 2]});
        assert_eq!(
            joined(&answer, &measured),
            json!({"coverage": 71.5, "stated_coverage": 95, "summary": "well covered", "findings": [1, 2]})
        );
        assert_eq!(
            joined(&json!("a text"), &measured),
            json!({"answer": "a text", "coverage": 71.5, "findings": [1, 2]})
        );
    }

    #[test]
    fn a_figure_that_nobody_measured_is_not_taken_for_one_that_was() {
        let measured = json!({"not_measured": [{"what": "coverage_percent"}, {"what": "audit"}]});
        let answer = json!({"coverage_percent": 95, "audit": "clean", "score": 10, "confidence": 0.5, "summary": "fine"});
        assert_eq!(
            joined(&answer, &measured),
            json!({
                "stated_coverage_percent": 95, "stated_audit": "clean", "stated_score": 10,
                "confidence": 0.5, "summary": "fine", "not_measured": measured["not_measured"],
            })
        );
        assert_eq!(
            joined(&json!({"score": 10}), &Value::Null),
            json!({"stated_score": 10})
        );
    }

    #[test]
    fn a_long_list_is_told_in_part() {
        let many: Vec<usize> = (0..25).collect();
        let told = shortened(&json!({"deep": {"findings": many}, "one": 1}));
        assert_eq!(told["deep"]["findings"][20], "and 5 more");
        assert_eq!(told["one"], 1);
    }
}
