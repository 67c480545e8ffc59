//! A whole workflow as one step, by name or written out.

use orchestrate_core::condition::Reference;
use orchestrate_core::id::StepName;
use orchestrate_core::plan::{NESTED_RESULT, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

use super::common;
use crate::catalog::Catalog;
use crate::workflow::{MAX_DEPTH, Recipe, WorkflowReference, call};

const STEP: &str = "nested";

/// Runs a workflow as one step, in a context of its own, to a written depth.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nested {
    /// The id of a registered workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<String>,
    /// The workflow itself. Without this and `workflow` the whole team works one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    inline: Option<Box<Recipe>>,
    /// From a value outside to its name in the context inside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    context_mapping: BTreeMap<Reference, String>,
    /// The key under which the result stands in the output and is seen by later steps; `nested_result` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_key: Option<StepName>,
    /// Workflows inside workflows, at most; 3 unless told, and 0 allows none.
    max_depth: u32,
    /// What is said of it in the output; set while composing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    about: Option<About>,
    #[serde(skip)]
    catalog: Option<Catalog>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct About {
    depth: usize,
    parent_stack: Vec<String>,
}

impl Default for Nested {
    fn default() -> Self {
        Self {
            workflow: None,
            inline: None,
            context_mapping: BTreeMap::new(),
            result_key: None,
            max_depth: MAX_DEPTH,
            about: None,
            catalog: None,
        }
    }
}

impl Nested {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "nested";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter, or both a `workflow` and an `inline` one.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        if this.workflow.is_some() && this.inline.is_some() {
            let problem = "and `inline` exclude each other: give exactly one";
            return Err(common::parameter(Self::NAME, "workflow", problem));
        }
        Ok(this)
    }

    /// What a reference names.
    #[must_use]
    pub fn of(reference: WorkflowReference) -> Self {
        Self {
            workflow: reference.workflow,
            inline: reference.inline,
            context_mapping: reference.context_mapping,
            result_key: reference.result_key,
            ..Self::default()
        }
    }

    /// The same, to another depth.
    #[must_use]
    pub fn max_depth(mut self, levels: u32) -> Self {
        self.max_depth = levels;
        self
    }

    /// The same, with the workflows and strategies that it may name.
    #[must_use]
    pub fn within(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }

    fn reference(&self) -> WorkflowReference {
        let whole_team = || Some(Box::new(Recipe::default()));
        let inline = match &self.workflow {
            Some(_) => None,
            None => self.inline.clone().or_else(whole_team),
        };
        WorkflowReference {
            workflow: self.workflow.clone(),
            inline,
            context_mapping: self.context_mapping.clone(),
            result_key: self.result_key.clone(),
            name: None,
        }
    }
}

impl ExecutionStrategy for Nested {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a whole workflow as one step, by name or written out",
            "a workflow that is known already is one part of the work",
            "whoever the workflow names; without one, everybody in order",
        )
    }

    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let catalog = self.catalog.clone().unwrap_or_else(Catalog::builtin);
        let reference = self.reference();
        let resolved = catalog.resolve(&reference, team, context, self.max_depth)?;
        let around = resolved.inside.around();
        let parents = around.len().saturating_sub(1);
        let about = About {
            depth: around.len(),
            parent_stack: around.iter().take(parents).cloned().collect(),
        };
        let collected = Self {
            workflow: self.workflow.clone(),
            result_key: self.result_key.clone(),
            about: Some(about),
            ..Self::default()
        };
        Ok(Step::new(StepKind::Sequence {
            steps: vec![common::named(call(&reference, resolved.root), STEP)],
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, &collected)),
        }))
    }

    /// The output of the workflow, with `_nested` and a copy under the result key beside it.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let child = common::part(group.parts, STEP);
        let key = self
            .result_key
            .as_ref()
            .map_or(NESTED_RESULT, |key| key.as_str());
        let about = json!({
            "workflow_id": self.workflow,
            "depth": self.about.as_ref().map(|about| about.depth),
            "parent_stack": self.about.as_ref().map(|about| &about.parent_stack),
        });
        Aggregate {
            outcome: group.outcome.clone(),
            output: common::beside(child, [(key, common::output(child)), ("_nested", about)]),
            confidence: child.map_or(0.0, |part| part.confidence),
        }
    }
}
