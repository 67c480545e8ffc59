//! Who works together and how: what a branch, a nested workflow and a registered workflow have in common.

use std::collections::BTreeMap;

use orchestrate_core::condition::Reference;
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::task::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Members and the strategy by which they work together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// What it is for, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The members, in the order to which the strategy gives a meaning; without any the whole team around.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Member>,
    /// The strategy by its name; `sequential` unless told.
    pub strategy: String,
    /// What the strategy is set up with.
    #[serde(skip_serializing_if = "Context::is_empty")]
    pub params: Context,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            description: String::new(),
            agents: Vec::new(),
            strategy: crate::strategy::Sequential::NAME.to_owned(),
            params: Context::new(),
        }
    }
}

impl Recipe {
    /// A strategy carried out by the whole team.
    #[must_use]
    pub fn new(strategy: impl Into<String>) -> Self {
        Self {
            strategy: strategy.into(),
            ..Self::default()
        }
    }

    /// The same with these members.
    #[must_use]
    pub fn with(mut self, members: impl IntoIterator<Item = Member>) -> Self {
        self.agents = members.into_iter().collect();
        self
    }

    /// The same with these parameters of its strategy.
    #[must_use]
    pub fn params(mut self, params: Context) -> Self {
        self.params = params;
        self
    }

    /// Whether it says nothing that is not said without it.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Somebody or something that takes an agent's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Member {
    /// An agent of the team, by its id.
    Agent(AgentId),
    /// A workflow that does an agent's work.
    Workflow(Box<WorkflowReference>),
}

impl From<AgentId> for Member {
    fn from(id: AgentId) -> Self {
        Self::Agent(id)
    }
}

impl From<WorkflowReference> for Member {
    fn from(reference: WorkflowReference) -> Self {
        Self::Workflow(Box::new(reference))
    }
}

/// A workflow by its id or written out; exactly one of the two.
///
/// In parameters of strategies and in definitions a reference is always an object with `workflow`
/// or `inline`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Form")]
pub struct WorkflowReference {
    /// The id of a registered workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The workflow itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline: Option<Box<Recipe>>,
    /// From a value outside to its name in the context inside, for example `{"context.repo": "path"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context_mapping: BTreeMap<Reference, String>,
    /// The key under which later steps see the result; `nested_result` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_key: Option<StepName>,
    /// What it is called among the members of a team; its id unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<AgentId>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Form {
    workflow: Option<String>,
    inline: Option<Box<Recipe>>,
    context_mapping: BTreeMap<Reference, String>,
    result_key: Option<StepName>,
    name: Option<AgentId>,
}

/// A reference that names no workflow, or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a workflow reference needs exactly one of `workflow` and `inline`")]
pub struct InvalidReference;

impl TryFrom<Form> for WorkflowReference {
    type Error = InvalidReference;

    fn try_from(form: Form) -> Result<Self, InvalidReference> {
        let Form {
            workflow,
            inline,
            context_mapping,
            result_key,
            name,
        } = form;
        if workflow.is_some() == inline.is_some() {
            return Err(InvalidReference);
        }
        Ok(Self {
            workflow,
            inline,
            context_mapping,
            result_key,
            name,
        })
    }
}

impl WorkflowReference {
    /// A registered workflow.
    #[must_use]
    pub fn to(id: impl Into<String>) -> Self {
        Self {
            workflow: Some(id.into()),
            ..Self::default()
        }
    }

    /// A workflow that is written out here.
    #[must_use]
    pub fn inline(recipe: Recipe) -> Self {
        Self {
            inline: Some(Box::new(recipe)),
            ..Self::default()
        }
    }

    /// The same, with a value from outside under a name inside.
    #[must_use]
    pub fn map(mut self, from: impl Into<String>, name: impl Into<String>) -> Self {
        self.context_mapping
            .insert(Reference::new(from), name.into());
        self
    }

    /// The same, with its result under a key.
    #[must_use]
    pub fn keyed(mut self, key: StepName) -> Self {
        self.result_key = Some(key);
        self
    }

    /// The same, called so among the members of a team.
    #[must_use]
    pub fn named(mut self, name: AgentId) -> Self {
        self.name = Some(name);
        self
    }
}

/// A workflow that others can name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowDefinition {
    /// Its id; stable, because references and step paths come from it.
    pub id: String,
    /// Who works together and how.
    #[serde(flatten)]
    pub recipe: Recipe,
}

impl WorkflowDefinition {
    /// A workflow under an id.
    #[must_use]
    pub fn new(id: impl Into<String>, recipe: Recipe) -> Self {
        Self {
            id: id.into(),
            recipe,
        }
    }
}
