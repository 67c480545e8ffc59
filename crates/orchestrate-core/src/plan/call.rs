//! The step that runs another plan as one step.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Step;
use crate::condition::Reference;
use crate::id::StepName;
use crate::task::Context;

/// The key under which the output of a call is seen by later steps, unless the step says otherwise.
pub const NESTED_RESULT: &str = "nested_result";
/// How deep calls may be nested unless the step says otherwise.
pub const MAX_CALL_DEPTH: u32 = 3;

/// Steps under a name, carried inside the plan, so that the plan's digest pins them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What it is for, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The steps. They see the context that they are called with and each other, nothing of the caller.
    pub root: Step,
}

/// Runs other steps as one step, in a context of their own.
///
/// Exactly one of `definition` and `inline` is given. What runs inside sees the caller's context
/// overlaid with what `context_mapping` adds, and none of the caller's steps. Its output is that of
/// the inner root, seen by later steps under the step's `result_key`, which is [`NESTED_RESULT`]
/// when none is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// One of the plan's `definitions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<StepName>,
    /// The steps themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<Box<Step>>,
    /// From a value of the caller to the name that it has in the context inside, for example
    /// `{"steps.draft.output": "text"}`. A value that does not exist is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context_mapping: BTreeMap<Reference, String>,
    /// Values of the caller by the name that they have in the context inside; the same as
    /// `context_mapping` the other way round, for one value under several names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Reference>,
    /// Values that the context inside has besides, whatever the caller's has under their names.
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub values: Context,
    /// Whether its output stands under no key when none is given, and is seen only as that of the step.
    /// A body of a map needs that, because its items would write one key at the same time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unkeyed: bool,
    /// Calls inside calls at most, this one counted; without it [`MAX_CALL_DEPTH`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<u32>,
}

impl CallStep {
    /// A call of one of the plan's definitions.
    #[must_use]
    pub fn of(definition: StepName) -> Self {
        Self {
            definition: Some(definition),
            ..Self::default()
        }
    }

    /// A call of steps that are given here.
    #[must_use]
    pub fn inline(root: Step) -> Self {
        Self {
            inline: Some(Box::new(root)),
            ..Self::default()
        }
    }

    /// Hands in what is to be done, as `instruction` in the context inside.
    pub fn instruct(&mut self, task: &str) {
        self.values.insert("instruction".to_owned(), task.into());
    }

    /// Calls `visit` for every reference that it reads, with the name of the value inside.
    pub fn mapped<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference, &'a str)) {
        for (field, name) in &self.context_mapping {
            visit(field, name);
        }
        for (name, field) in &self.inputs {
            visit(field, name);
        }
    }

    /// The depth that is allowed, with the default filled in.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.max_depth.unwrap_or(MAX_CALL_DEPTH)
    }
}
