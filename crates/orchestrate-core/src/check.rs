//! What a check of a project's health came to, as it is kept to be compared with later ones.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::RunId;

/// One check. What was not measured is absent from it, and so never compared with anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRecord {
    /// The project: its directory, or `.` where the store is the project's own.
    pub project: String,
    /// The mode, for example `daily`. Checks of different modes are never compared.
    pub mode: String,
    /// When it was made: RFC 3339 in UTC to the second, so that the order of texts is that of time.
    pub at: String,
    /// The run that measured; a run is one check, however often it is gone on with.
    pub run: RunId,
    /// The weighted mean over what was measured, from 0 to 100; absent when nothing was.
    pub score: Option<f64>,
    /// The grade, if enough was measured for one.
    pub grade: Option<String>,
    /// The share of the weights that was measured, from 0 to 1.
    pub measured_share: f64,
    /// The scores of the categories that were measured, from 0 to 100.
    pub categories: BTreeMap<String, f64>,
}
