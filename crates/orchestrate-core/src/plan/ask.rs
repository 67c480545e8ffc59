//! What an agent step asks of whatever runs the agent, beyond its instruction: tools, a shared prefix, a form of answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Reference;

/// Tools that an agent may use in a loop of its own: it thinks, calls tools, reads what they gave, and goes on.
///
/// The backend that runs the agent owns the loop. When the steps are used up before there is an
/// answer, it ends the attempt with a failure that carries what there is by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Toolbox {
    /// The tools by name; empty for those of the agent's template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Turns of the loop at most, each at most one answer of a model; at least 1.
    pub max_steps: u32,
}

/// Values that stand at the head of the prompts of several steps, the same bytes in each, so that a
/// provider that caches prompts reads them once.
///
/// Steps with equal values, equal names and an equal `ttl_s` share one prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedPrefix {
    /// The values by name; a value that does not exist is left out.
    pub inputs: BTreeMap<String, Reference>,
    /// How long it is worth keeping, in seconds; a backend marks it anew once that has passed.
    pub ttl_s: u64,
}
