//! What others tell a run through its journal: decisions, and the wish that it stops.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::StepPath;

/// What a person decided. The first decision on a step counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The choice, one of those that were offered.
    pub choice: String,
    /// Who decided.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Why, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A decision and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// The step that waited for it.
    pub step: StepPath,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
}

/// The wish that a run stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelRequest {
    /// Who wants it.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// Everything that others have told a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outside {
    /// The decisions, in the order of their steps.
    pub decisions: Vec<Decided>,
    /// The first wish that it stops.
    pub cancel: Option<CancelRequest>,
}
