//! The step that grows the plan by what an earlier step answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CallStep, Collect, OnError};
use crate::condition::Reference;
use crate::id::{AgentId, StepName};

/// Runs what an earlier step answered: a plan fragment or a list of sub-tasks.
///
/// The value is one of
/// - a step as JSON (an object with `step`), checked like any other in the place where it runs;
/// - a list of [`SubTask`]s, or an object with such a list under `sub_tasks`: a graph, in which
///   sub-tasks without dependencies run side by side.
///
/// A fragment that is not usable fails the step with everything that is wrong with it. A sub-task
/// for an agent that may not be used fails alone, the others run. What runs can never take more
/// than the bounds that this step had from the start.
///
/// The output is `{"census": …, "results": [{"id", "agent", "outcome", "success", "output",
/// "error"}]}` for sub-tasks, and the fragment's own for a fragment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpandStep {
    /// The value, usually `steps.<name>.output`.
    pub from: Reference,
    /// Agents that may be used; without it all of the plan's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentId>,
    /// Names of `agents` that stand for steps: a sub-task for one of them calls these, which see what is to be done
    /// as `instruction` in their context, beside the values that an agent would be given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workflows: BTreeMap<AgentId, CallStep>,
    /// Tools that a fragment may call; without it none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Work steps at most, over all depths together; rounds and items count one by one, a call of a workflow as one.
    pub max_steps: u32,
    /// How deep it goes: with 1 the answers of sub-tasks are just answers; with 2 and more an agent
    /// may itself answer with `sub_tasks`, which are then run below it.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub max_depth: u32,
    /// Whether it is fine that the value holds nothing to run: the step is then not taken instead of failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Values that every sub-task's agent is given by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Reference>,
    /// Longest time of one attempt of a sub-task's agent in milliseconds; without it the template's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What a failure of one sub-task means for the others.
    #[serde(default = "OnError::skip_dependents")]
    pub on_error: OnError,
    /// Who makes the output of a list of sub-tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collect: Option<Collect>,
}

impl ExpandStep {
    /// Runs what a reference leads to, with at most so many steps, one level deep.
    #[must_use]
    pub fn new(from: impl Into<String>, max_steps: u32) -> Self {
        Self {
            from: Reference::new(from),
            agents: Vec::new(),
            workflows: BTreeMap::new(),
            tools: Vec::new(),
            max_steps,
            max_depth: 1,
            optional: false,
            inputs: BTreeMap::new(),
            timeout_ms: None,
            on_error: OnError::SkipDependents,
            collect: None,
        }
    }
}

/// One entry of a list of sub-tasks, as an agent writes it. Anything else in it is left unread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubTask {
    /// Its name among the others; without it `task_<position>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<StepName>,
    /// Who does it.
    #[serde(alias = "specialist_id", alias = "agent_id")]
    pub agent: String,
    /// What is to be done.
    #[serde(alias = "instruction", alias = "description")]
    pub task: String,
    /// Ids of the sub-tasks that must end before it starts; it sees what they gave.
    #[serde(default, alias = "depends_on", skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<StepName>,
    /// Values that its agent is given by name: references to what `needs` names or to the context.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Reference>,
}

fn one() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_one(n: &u32) -> bool {
    *n == 1
}
