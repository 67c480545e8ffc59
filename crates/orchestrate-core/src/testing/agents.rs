//! Agents that answer from a script, and fail on anything that is not in it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use crate::limits::{Cost, Usage};
use crate::outcome::FailureClass;
use crate::team::Agent;
use crate::template::{AgentCapability, AgentManifest, AgentTemplate, ResourceRequirements, Tier};

/// A small valid template.
#[must_use]
pub fn template(id: &str, tier: Tier) -> AgentTemplate {
    AgentTemplate {
        id: id.to_owned(),
        role: format!("Role of {id}"),
        capabilities: vec![AgentCapability::named(format!("do_{id}"))],
        tier_preference: tier,
        tools: Vec::new(),
        default_instructions: "Do it.".to_owned(),
        quality_gates: BTreeMap::new(),
        resource_requirements: ResourceRequirements {
            min_tokens: 10,
            max_tokens: 100,
            timeout_seconds: 10,
            memory_mb: 16,
        },
        manifest: AgentManifest::default(),
    }
}

/// A team of small templates, one per id, all of tier CAPABLE.
#[must_use]
pub fn agent(ids: &[&str]) -> crate::team::Team {
    crate::team::Team::new(ids.iter().map(|id| template(id, Tier::Capable).into()))
}

/// The answers of one agent, in order; the last one is repeated.
pub type Script = Vec<Result<AgentOutput, AgentFailure>>;

/// Runs every agent from a script. An agent without one fails.
#[derive(Debug, Default)]
pub struct ScriptedBackend {
    scripts: Mutex<BTreeMap<String, VecDeque<Result<AgentOutput, AgentFailure>>>>,
    default: Option<AgentOutput>,
    calls: Mutex<Vec<String>>,
    is_free: bool,
}

impl ScriptedBackend {
    /// A backend whose agents answer as scripted.
    #[must_use]
    pub fn new(scripts: impl IntoIterator<Item = (&'static str, Script)>) -> Self {
        let scripts = scripts
            .into_iter()
            .map(|(id, script)| (id.to_owned(), script.into()))
            .collect();
        Self {
            scripts: Mutex::new(scripts),
            ..Self::default()
        }
    }

    /// A backend in which every agent without a script gives this answer.
    #[must_use]
    pub fn answering(output: AgentOutput) -> Self {
        Self {
            default: Some(output),
            ..Self::default()
        }
    }

    /// The same as one that asks no model: an attempt reserves no tokens and costs nothing.
    #[must_use]
    pub fn free(mut self) -> Self {
        self.is_free = true;
        self
    }

    /// The agents that were called, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl AgentBackend for ScriptedBackend {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn supports(&self, _: &Agent) -> bool {
        true
    }

    fn reservation(&self, agent: &Agent) -> Usage {
        let usual = agent.reservation();
        if self.is_free {
            return Usage {
                tokens: 0,
                cost: Cost::ZERO,
                ..usual
            };
        }
        usual
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let id = input.agent.id.to_string();
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(id.clone());
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = scripts.get_mut(&id).and_then(|script| {
            if script.len() > 1 {
                script.pop_front()
            } else {
                script.front().cloned()
            }
        });
        answer
            .or_else(|| self.default.clone().map(Ok))
            .unwrap_or_else(|| {
                Err(AgentFailure::new(
                    FailureClass::Internal,
                    format!("no script for `{id}`"),
                ))
            })
    }
}

/// A small value of the form that a JSON Schema asks for: yes to every question, the first of several
/// words, one entry in every list.
#[must_use]
pub fn example(schema: &serde_json::Value) -> serde_json::Value {
    use serde_json::{Map, Value, json};
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let required = schema.get("required").and_then(Value::as_array);
            let wanted = |name: &String| {
                required.is_none_or(|list| list.iter().any(|it| it == name.as_str()))
            };
            properties
                .into_iter()
                .flatten()
                .filter(|(name, _)| wanted(name))
                .map(|(name, schema)| (name.clone(), example(schema)))
                .collect::<Map<_, _>>()
                .into()
        }
        Some("array") => json!([schema.get("items").map_or(json!("one"), example)]),
        Some("boolean") => json!(true),
        Some("string") => json!("text"),
        Some("number" | "integer") => json!(1),
        _ => Value::Null,
    }
}
