//! An earlier report, as far as it is needed to tell what is new and what is gone.

use serde::Deserialize;

use crate::error::WorkflowError;
use crate::report::{REPORT_SCHEMA, ToolSource};

/// An earlier report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The file, as it was named.
    pub(super) path: String,
    pub(super) timestamp: String,
    pub(super) findings: Vec<Known>,
}

/// A finding of an earlier report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Known {
    pub(super) fingerprint: String,
    pub(super) agent: String,
    pub(super) rule_id: String,
    #[serde(default)]
    pub(super) sources: Vec<ToolSource>,
}

/// A whole report, of which the rest is not looked at.
#[derive(Deserialize)]
struct Document {
    schema: String,
    timestamp: String,
    findings: Vec<Known>,
}

impl Baseline {
    /// Reads the JSON form of a report. `path` is what messages call it.
    ///
    /// # Errors
    /// When the text is no such report, or one of another schema.
    pub fn read(path: &str, text: &str) -> Result<Self, WorkflowError> {
        let document: Document =
            serde_json::from_str(text).map_err(|error| WorkflowError::BaselineForm {
                path: path.to_owned(),
                problem: error.to_string(),
            })?;
        if document.schema != REPORT_SCHEMA {
            return Err(WorkflowError::BaselineSchema {
                path: path.to_owned(),
                schema: document.schema,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            timestamp: document.timestamp,
            findings: document.findings,
        })
    }
}
