//! What an agent template says of an agent, and what makes one valid.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AgentManifest;
use crate::task::words;

words! {
    /// What an agent costs and can do; the order is from cheapest to dearest.
    Tier, "tier", {
        /// Fast and inexpensive.
        Cheap = "CHEAP",
        /// Balanced.
        Capable = "CAPABLE",
        /// Best quality, dearest.
        Premium = "PREMIUM",
    }
}

/// Something an agent can do.
///
/// In JSON a capability may be written as its bare name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "CapabilityForm")]
pub struct AgentCapability {
    /// Identifier, for example `analyze_gaps`.
    pub name: String,
    /// What it means, for people; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Tools that it cannot do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_tools: Vec<String>,
    /// Keys of the context that it cannot do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_context: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum CapabilityForm {
    Name(String),
    Full {
        name: String,
        #[serde(default)]
        description: String,
        #[serde(default)]
        required_tools: Vec<String>,
        #[serde(default)]
        required_context: Vec<String>,
    },
}

impl From<CapabilityForm> for AgentCapability {
    fn from(form: CapabilityForm) -> Self {
        match form {
            CapabilityForm::Name(name) => Self::named(name),
            CapabilityForm::Full {
                name,
                description,
                required_tools,
                required_context,
            } => Self {
                name,
                description,
                required_tools,
                required_context,
            },
        }
    }
}

impl AgentCapability {
    /// A capability that is only a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            required_tools: Vec::new(),
            required_context: Vec::new(),
        }
    }
}

/// What one attempt of an agent may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResourceRequirements {
    /// Least tokens with which an attempt makes sense; where less is left, none begins.
    pub min_tokens: u64,
    /// Most tokens that one attempt may use. They are reserved before it starts, or what the limits
    /// around it leave, if that is less.
    pub max_tokens: u64,
    /// Longest time of one attempt, in seconds.
    pub timeout_seconds: u64,
    /// Most memory, in megabytes; advisory for backends that can limit it.
    pub memory_mb: u64,
}

impl Default for ResourceRequirements {
    fn default() -> Self {
        Self {
            min_tokens: 1000,
            max_tokens: 10_000,
            timeout_seconds: 300,
            memory_mb: 512,
        }
    }
}

/// A reusable description of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentTemplate {
    /// Unique identifier, for example `security_auditor`.
    pub id: String,
    /// Role as people read it.
    pub role: String,
    /// What it can do; at least one.
    pub capabilities: Vec<AgentCapability>,
    /// The tier it prefers.
    pub tier_preference: Tier,
    /// Tools that it may use; may be empty.
    pub tools: Vec<String>,
    /// What it is told to do.
    pub default_instructions: String,
    /// Thresholds of its own, by name.
    pub quality_gates: BTreeMap<String, f64>,
    /// Limits of one attempt.
    #[serde(default)]
    pub resource_requirements: ResourceRequirements,
    /// What it may do when work is handed out.
    #[serde(default, skip_serializing_if = "AgentManifest::is_default")]
    pub manifest: AgentManifest,
}

/// The first field of a template that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("agent template `{id}`: `{field}` {problem}")]
pub struct InvalidTemplate {
    /// The template's id as given.
    pub id: String,
    /// The first failing field.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl AgentTemplate {
    /// Checks the template, naming the first failing field in the order of the fields.
    ///
    /// # Errors
    /// [`InvalidTemplate`] with the field and what is wrong with it.
    pub fn validate(&self) -> Result<(), InvalidTemplate> {
        let blank = |text: &str| text.trim().is_empty();
        let limits = &self.resource_requirements;
        let checks: [(bool, &'static str, &'static str); 10] = [
            (
                crate::id::AgentId::new(&self.id).is_err(),
                "id",
                "must be a name of letters, digits, `_`, `-` and `.`",
            ),
            (blank(&self.role), "role", "must not be empty"),
            (
                self.capabilities.is_empty(),
                "capabilities",
                "must not be empty",
            ),
            (
                self.capabilities.iter().any(|c| blank(&c.name)),
                "capabilities",
                "must not hold an empty name",
            ),
            (
                self.tools.iter().any(|t| blank(t)),
                "tools",
                "must not hold an empty name",
            ),
            (
                blank(&self.default_instructions),
                "default_instructions",
                "must not be empty",
            ),
            (
                self.quality_gates.values().any(|v| !v.is_finite()),
                "quality_gates",
                "must be finite numbers",
            ),
            (
                limits.max_tokens < limits.min_tokens,
                "resource_requirements",
                "has `max_tokens` below `min_tokens`",
            ),
            (
                limits.timeout_seconds == 0,
                "resource_requirements",
                "needs a `timeout_seconds` above 0",
            ),
            (
                limits.memory_mb == 0,
                "resource_requirements",
                "needs a `memory_mb` above 0",
            ),
        ];
        let first = checks.into_iter().find(|(wrong, _, _)| *wrong);
        let first = first.map(|(_, field, problem)| (field, problem));
        let manifest = || Some(("manifest", self.manifest.problem()?));
        match first.or_else(manifest) {
            Some((field, problem)) => Err(InvalidTemplate {
                id: self.id.clone(),
                field,
                problem,
            }),
            None => Ok(()),
        }
    }

    /// Whether the agent has a capability of this name.
    #[must_use]
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| c.name == capability)
    }
}
