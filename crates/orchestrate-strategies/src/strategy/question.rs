//! What decides which way is taken: a condition over data, or a question that an agent answers with yes or no.

use std::borrow::Cow;

use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::id::AgentId;
use orchestrate_core::plan::Step;
use orchestrate_core::strategy::{Part, StrategyError};
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::common;

/// The step that answers a question.
pub(super) const STEP: &str = "question";

/// A condition, or a question in plain words. Words are never guessed at: an agent answers them, in the form of a yes or no.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Predicate {
    /// A question for an agent.
    Ask(Ask),
    /// A condition over the context and earlier steps, in data form (with `op`) or as a JSON predicate.
    When(Condition),
}

/// The forms in which a [`Predicate`] is written.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "Predicate")]
#[expect(dead_code, reason = "only its schema is used")]
enum Written {
    /// A question for an agent.
    Ask(Ask),
    /// A condition.
    When(WrittenCondition),
}

impl JsonSchema for Predicate {
    fn schema_name() -> Cow<'static, str> {
        Written::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Predicate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        if value.get("ask").is_some() {
            let ask = serde_json::from_value(value);
            return ask.map(Self::Ask).map_err(D::Error::custom);
        }
        read(value).map(Self::When).map_err(D::Error::custom)
    }
}

/// Reads a condition in data form or as a JSON predicate.
pub(super) fn condition<'de, D: Deserializer<'de>>(from: D) -> Result<Condition, D::Error> {
    read(Value::deserialize(from)?).map_err(D::Error::custom)
}

fn read(value: Value) -> Result<Condition, String> {
    // A field of that name can be compared in data form.
    if value.get("op").is_some_and(Value::is_string) {
        serde_json::from_value(value).map_err(|error| error.to_string())
    } else {
        Condition::from_predicate(&value).map_err(|problems| problems.to_string())
    }
}

/// The forms in which a condition without questions is written.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum WrittenCondition {
    /// A condition in data form.
    When(Condition),
    /// A JSON predicate: fields and what they are compared with.
    Json(Context),
}

/// A question in plain words and who answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The question.
    pub ask: String,
    /// The member who answers; the first of the team unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AgentId>,
}

impl Predicate {
    /// The question as people read it.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Ask(ask) => ask.ask.clone(),
            Self::When(condition) => condition.to_string(),
        }
    }
}

/// The members besides the one who answers a question, and that one.
pub(super) fn split(
    strategy: &str,
    team: &Team,
    by: Option<&AgentId>,
) -> Result<(Agent, Team), StrategyError> {
    let members = team.members();
    let found = match by {
        Some(id) => members.iter().find(|agent| agent.id == *id),
        None => members.first(),
    };
    let Some(judge) = found else {
        let ids: Vec<&str> = members.iter().map(|agent| agent.id.as_str()).collect();
        let by = by.map_or("nobody", AgentId::as_str);
        let problem = format!(
            "asks `{by}`, who is not in the team (possible: {})",
            ids.join(", ")
        );
        return Err(common::parameter(strategy, "condition", problem));
    };
    let others = members.iter().filter(|agent| agent.id != judge.id).cloned();
    Ok((judge.clone(), others.collect()))
}

/// The step in which an agent answers with yes or no.
pub(super) fn yes_or_no(judge: &AgentId, question: &str) -> Step {
    let instruction = format!(
        "Answer this question about the task and what is known so far, with true for yes and false for no, and give the reason: {question}"
    );
    let answer = json!({
        "type": "object",
        "properties": {"answer": {"type": "boolean"}, "reason": {"type": "string"}},
        "required": ["answer"],
    });
    let work = common::work(judge, Some(&instruction), []);
    common::named(common::asking(work, answer), STEP)
}

/// The answer was this.
pub(super) fn answered(value: impl Into<Value>) -> Condition {
    Condition::compare(format!("steps.{STEP}.output.answer"), Comparison::Eq, value)
}

/// Why a question that was asked has no usable answer, if so.
pub(super) fn unanswered(parts: &[Part], usable: impl Fn(&Value) -> bool) -> Option<String> {
    let part = common::part(parts, STEP).filter(|part| part.outcome.is_success())?;
    let answer = part.output.get("answer");
    if answer.is_some_and(usable) {
        return None;
    }
    let given = answer.map_or("nothing".to_owned(), ToString::to_string);
    Some(format!(
        "`{}` was asked and gave {given} as `answer`",
        common::label(part)
    ))
}
