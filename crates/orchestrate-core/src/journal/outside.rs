//! What others tell a run through its journal: decisions, and the wish that it stops.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::approval::ApprovalAnswer;
use crate::id::StepPath;

/// What a person decided. The first decision on a step counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The answer to the question that the step asked.
    #[serde(flatten)]
    pub answer: ApprovalAnswer,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

/// A decision and what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outside {
    /// The decisions, in the order of their steps.
    pub decisions: Vec<Decided>,
    /// The first wish that it stops.
    pub cancel: Option<CancelRequest>,
}
