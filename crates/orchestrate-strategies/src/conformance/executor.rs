//! What every executor is held to, and the tests that hold it.

use std::sync::OnceLock;

use serde::Deserialize;

/// One promise of an executor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// What holds.
    pub point: String,
    /// The names of the tests that fail when it does not.
    pub tests: Vec<String>,
}

/// All of them.
#[must_use]
pub fn points() -> &'static [Point] {
    static POINTS: OnceLock<Vec<Point>> = OnceLock::new();
    // The table is part of the program; a test reads it, so that it is never found wrong here.
    POINTS.get_or_init(|| serde_json::from_str(include_str!("executor.json")).unwrap_or_default())
}
