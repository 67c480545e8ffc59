//! What a rule found, where, how bad it is, and how to mend it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is. The order is from worst to least.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Exploitable as it stands, or a live credential: a release must not carry it.
    Critical,
    /// Likely exploitable, or one step from it.
    High,
    /// A weakness that needs other conditions.
    Medium,
    /// Bad practice with a small effect.
    Low,
    /// Worth knowing.
    Info,
}

/// How sure the rule is that this is what it looks like.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The pattern itself is the fault, or data was followed from its source.
    High,
    /// The pattern is usually the fault.
    Medium,
    /// A hint for a reader.
    Low,
}

/// One finding at one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable id of the rule, for example `python.command-injection` or `secrets.aws-access-key`.
    pub rule_id: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What was found, in one sentence that names the code (never a secret itself).
    pub message: String,
    /// How to mend it, in one sentence.
    pub fix: String,
    /// Identity that survives moved lines: a hash of rule, path, enclosing function and the normalised line.
    pub fingerprint: String,
    /// Whether it stands in test code; such findings are listed apart and never counted as product.
    pub in_test: bool,
    /// The reason given in a suppression comment beside it; a suppressed finding is counted apart.
    pub suppressed: Option<String>,
}
