//! What is known of a category, and what measuring it gives.

use super::super::mode::Mode;
use super::super::report::Figure;
use crate::answers::{NoValue, Results};
use crate::report::ReportedFinding;

/// A part of a project's health.
#[derive(Debug)]
pub(in super::super) struct Category {
    /// Its name in reports and records.
    pub(in super::super) name: &'static str,
    /// How much it counts, beside the others of a mode.
    pub(in super::super) weight: f64,
    /// The first mode that looks at it.
    pub(in super::super) from: Mode,
    /// The agent that measures it.
    pub(in super::super) agent: &'static str,
    /// What the agent must have measured for a score.
    pub(in super::super) metric: &'static str,
    /// How the score is made, for people.
    pub(in super::super) definition: &'static str,
    /// Makes the score.
    pub(in super::super) measure: fn(&Results<'_>) -> Result<Measured, NoValue>,
}

/// A score with what it was made of.
#[derive(Debug, Default)]
pub(in super::super) struct Measured {
    /// From 0 to 100.
    pub(in super::super) score: f64,
    /// What was counted.
    pub(in super::super) figures: Vec<Figure>,
    /// What would raise the score most, and by how much.
    pub(in super::super) raise: Option<(String, f64)>,
}

/// Lines of product code, as an agent's scan counted them.
pub(super) fn product_lines(results: &Results<'_>, agent: &str) -> Result<u64, NoValue> {
    let scan = results.field(agent, "scan");
    let lines = scan.and_then(|scan| scan.get("product_code_lines")?.as_u64());
    lines.ok_or_else(|| {
        NoValue::new(
            format!("`{agent}` does not say how much product code there is"),
            "run it with a backend that measures",
        )
    })
}

/// What an agent found.
pub(super) fn findings<'a>(results: &'a Results<'_>, agent: &str) -> &'a [ReportedFinding] {
    let answer = results.answers.get(agent);
    answer.map_or(&[], |answer| &answer.findings)
}

/// How many findings an agent counts and does not list.
pub(super) fn unlisted(counted: f64, listed: usize) -> f64 {
    (counted - listed as f64).max(0.0)
}

/// A figure.
pub(super) fn figure(name: &str, value: f64, unit: &str) -> Figure {
    Figure {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
    }
}
