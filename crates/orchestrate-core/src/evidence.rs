//! How a figure came to be: what measured it, on what, and how that ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The evidence for one measurement.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What was done, for example `one syntax tree per file, 42 rules`.
    pub method: String,
    /// The tool that did it.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// The command line, where a program was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// How many files were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_read: Option<u64>,
    /// How many files were left out, for reasons that are told elsewhere in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_skipped: Option<u64>,
    /// Anything else that a reader needs to trust or doubt it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
