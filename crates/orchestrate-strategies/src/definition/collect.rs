//! What a workflow gives: its outputs, made of the results of its steps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::condition::{Condition, Facts, Reference, Shared, descend};
use orchestrate_core::expression::Template;
use orchestrate_core::plan::{Collect, Step};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How plans name what collects the steps of a definition.
pub const WORKFLOW_OUTPUTS: &str = "workflow_outputs";
/// Where a workflow with `fail_when` says its answer.
const ANSWER: &str = "_answer";
const NO: &str = "no";

/// Whether what a workflow gave says that its answer is no.
#[must_use]
pub fn says_no(output: &Value) -> bool {
    output.get(ANSWER).and_then(Value::as_str) == Some(NO)
}

/// Makes the outputs of a workflow when its steps have ended.
///
/// It composes no team: definitions name it as what collects their steps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Outputs {
    /// Values by name: what [`super::values::reference`] made of them.
    values: BTreeMap<String, Reference>,
    /// When the answer is no; it reads `outputs` and `inputs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_when: Option<Condition>,
}

impl Outputs {
    /// Its name in plans.
    pub(crate) const NAME: &'static str = WORKFLOW_OUTPUTS;

    pub(crate) fn from_params(params: &Context) -> Result<Self, StrategyError> {
        crate::strategy::common::read(Self::NAME, params)
    }

    /// How a plan names it.
    pub(super) fn collect(
        values: BTreeMap<String, Reference>,
        fail_when: Option<Condition>,
    ) -> Collect {
        let params = json!(Self { values, fail_when });
        Collect {
            strategy: Self::NAME.to_owned(),
            params: params.as_object().cloned().unwrap_or_default(),
        }
    }

    pub(crate) fn description() -> StrategyInfo {
        StrategyInfo {
            name: Self::NAME.to_owned(),
            arity: Arity {
                least: 0,
                most: Some(0),
            },
            summary: "the outputs of a workflow, made of the results of its steps".to_owned(),
            when: "in plans that were made from definitions".to_owned(),
            roles: "none".to_owned(),
            parameters: json!({"type": "object"}).into(),
        }
    }
}

impl ExecutionStrategy for Outputs {
    fn info(&self) -> StrategyInfo {
        Self::description()
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        Err(StrategyError::Arity {
            strategy: Self::NAME.to_owned(),
            needs: "no team: it only collects".to_owned(),
            got: team.len(),
        })
    }

    fn aggregate(&self, gathered: &Gathered<'_>) -> Aggregate {
        let parts = gathered.parts;
        let facts = PartFacts {
            parts,
            context: gathered.context,
        };
        let (mut output, mut absent) = (Map::new(), Map::new());
        for (name, reference) in &self.values {
            match value(reference, &facts) {
                Ok(value) => {
                    output.insert(name.clone(), value);
                }
                Err(why) => {
                    // What a step that was not run would have given has no value, which is said.
                    output.insert(name.clone(), Value::Null);
                    absent.insert(name.clone(), why.into());
                }
            }
        }
        if !absent.is_empty() {
            output.insert("_absent".to_owned(), Value::Object(absent));
        }
        if let Some(condition) = &self.fail_when {
            let inputs = gathered.context.get("inputs");
            let facts = json!({"outputs": output, "inputs": inputs});
            let evaluation = condition.evaluate(&facts);
            let answer = if evaluation.holds { NO } else { "yes" };
            output.insert(ANSWER.to_owned(), answer.into());
            if !evaluation.diagnostics.is_empty() {
                output.insert("_undecided".to_owned(), evaluation.diagnostics.into());
            }
        }
        let confident: Vec<f64> = parts
            .iter()
            .filter(|part| part.outcome.is_success())
            .map(|part| part.confidence)
            .collect();
        let sum: f64 = confident.iter().sum();
        Aggregate {
            outcome: gathered.outcome.clone(),
            output: Value::Object(output),
            confidence: if confident.is_empty() {
                0.0
            } else {
                sum / confident.len() as f64
            },
        }
    }
}

fn value(reference: &Reference, facts: &PartFacts<'_>) -> Result<Value, String> {
    if Template::is_needed(&reference.0) {
        let template = Template::new(&reference.0).map_err(|error| error.to_string())?;
        let value = template.value(facts).map_err(|error| error.problem)?;
        return Ok(Arc::unwrap_or_clone(value));
    }
    match facts.get(reference) {
        Some(value) => Ok(value.into_owned()),
        None => Err(format!("`{reference}` is absent")),
    }
}

struct PartFacts<'a> {
    parts: &'a [Part],
    context: &'a Context,
}

impl Facts for PartFacts<'_> {
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>> {
        let mut segments = field.segments();
        match segments.next()? {
            "steps" => {}
            "inputs" => return descend(self.context.get("inputs")?, segments).map(Cow::Borrowed),
            "context" => {
                let value = self.context.get(segments.next()?)?;
                return descend(value, segments).map(Cow::Borrowed);
            }
            _ => return None,
        }
        let find = |parts: &'_ [Part], name: &str| parts.iter().position(|part| part.name == name);
        let mut parts = self.parts;
        let mut part = parts.get(find(parts, segments.next()?)?)?;
        loop {
            let segment = segments.next()?;
            match segment {
                "output" if part.output.is_null() => return None,
                "output" => return descend(&part.output, segments).map(Cow::Borrowed),
                "success" => return Some(Cow::Owned(part.outcome.is_success().into())),
                "outcome" => return Some(Cow::Owned(part.outcome.word().into())),
                "confidence" => return Some(Cow::Owned(part.confidence.into())),
                inner => {
                    parts = &part.parts;
                    part = parts.get(find(parts, inner)?)?;
                }
            }
        }
    }

    fn share(&self, field: &Reference) -> Option<Shared> {
        let mut segments = field.segments();
        if let (Some("steps"), Some(name), Some("output")) =
            (segments.next(), segments.next(), segments.next())
        {
            let part = self.parts.iter().find(|part| part.name == name)?;
            if part.output.is_null() {
                return None;
            }
            return Shared::new(part.output.clone()).part(segments);
        }
        let value = self.get(field)?.into_owned();
        Some(Shared::new(Arc::new(value)))
    }
}
