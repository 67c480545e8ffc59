//! The health report: the stable, versioned document that every format is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use orchestrate_core::check::CheckRecord;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::{AgentId, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::grade::Grade;
use super::mode::Mode;
use super::trend::Trend;
use crate::report::{AgentSummary, NotMeasured, ReportedFinding};

/// The schema of the report. A reader refuses another major number.
pub(super) const HEALTH_SCHEMA: &str = "orchestrate.health/1";

/// Whether a category has a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategoryStatus {
    /// It was measured.
    Measured,
    /// It was not; `why` says the reason and `how_to_measure` what would do it.
    NotMeasured,
}

/// Something that was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what; may be empty.
    pub unit: String,
}

/// What would raise the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// The category.
    pub category: String,
    /// What to do.
    pub what: String,
    /// By how many points the category's score would rise.
    pub category_gain: f64,
    /// By how many points the overall score would rise.
    pub gain: f64,
}

/// Between which ends the overall score would lie if everything were measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreRange {
    /// If whatever was not measured had a score of 0.
    pub least: f64,
    /// If it had one of 100.
    pub most: f64,
}

/// A part of a project's health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryReport {
    /// Its name.
    pub name: String,
    /// Whether it has a score.
    pub status: CategoryStatus,
    /// From 0 to 100; null when it was not measured.
    pub score: Option<f64>,
    /// How much it counts beside the others.
    pub weight: f64,
    /// The share of the mode's weight that this is, from 0 to 1.
    pub share: f64,
    /// How the score is made.
    pub definition: String,
    /// The agent that measures it.
    pub agent: String,
    /// What the score was made of.
    pub figures: Vec<Figure>,
    /// The worst findings, at most ten.
    pub findings: Vec<ReportedFinding>,
    /// How many findings there are.
    pub findings_count: usize,
    /// What its agent warns of, one sentence each.
    pub warnings: Vec<String>,
    /// What would raise its score most; null when nothing would, or nobody knows.
    pub raise: Option<Advice>,
    /// Why it was not measured; null when it was.
    pub why: Option<String>,
    /// The command or the change that would measure it; null when it was.
    pub how_to_measure: Option<String>,
    /// What its score says nothing about.
    pub not_included: Vec<NotMeasured>,
}

/// How well a project is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthReport {
    /// `orchestrate.health/1`.
    pub schema: String,
    /// The project that was checked, as given.
    pub path: String,
    /// How much was looked at.
    pub mode: Mode,
    /// The weighted mean over the categories that were measured, from 0 to 100; null when none was.
    pub score: Option<f64>,
    /// The grade; null when less than `needed_share` of the weight was measured.
    pub grade: Option<Grade>,
    /// The share of the mode's weight that was measured, from 0 to 1.
    pub measured_share: f64,
    /// The share of the weight that must be measured for a grade.
    pub needed_share: f64,
    /// Where the score would lie if everything were measured.
    pub range: ScoreRange,
    /// The least score that passes.
    pub fail_under: f64,
    /// Whether the score is at least `fail_under`; null without a grade.
    pub passed: Option<bool>,
    /// The parts, in their fixed order.
    pub categories: Vec<CategoryReport>,
    /// What would raise the overall score most, the best first.
    pub do_first: Vec<Advice>,
    /// Which way it goes since an earlier check.
    pub trend: Trend,
    /// The grade and its main reasons in one or two sentences.
    pub summary: String,
    /// What each agent gave, by its id; its findings are left out.
    pub agent_results: BTreeMap<AgentId, AgentSummary>,
    /// When the report was made, in RFC 3339.
    pub timestamp: String,
    /// Time from start to end of the run, in seconds.
    pub wall_duration: f64,
    /// Sum of the agents' own times, in seconds; they run side by side and share one scan.
    pub summed_duration: f64,
    /// How the figures that all agents share came to be.
    pub evidence: Vec<Evidence>,
}

impl fmt::Display for Figure {
    /// For people: counts whole, everything else with one place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::from(self.value.fract() != 0.0);
        write!(f, "{}: {:.places$}", self.name, self.value)?;
        if self.unit.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.unit)
        }
    }
}

impl HealthReport {
    /// What the agents warn of, one sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let all = self.categories.iter().flat_map(|it| &it.warnings);
        all.cloned().collect()
    }

    /// What was not measured: whole categories first, then what scores say nothing about.
    #[must_use]
    pub fn not_measured(&self) -> Vec<NotMeasured> {
        let whole = self.categories.iter().filter_map(|it| {
            Some(NotMeasured {
                what: it.name.clone(),
                why: it.why.clone()?,
                how_to_measure: it.how_to_measure.clone()?,
            })
        });
        let parts = self.categories.iter().flat_map(|it| &it.not_included);
        let mut told = BTreeSet::new();
        whole
            .chain(parts.cloned())
            .filter(|it| told.insert(it.what.clone()))
            .collect()
    }

    /// The check as it is kept.
    #[must_use]
    pub fn record(&self, project: &str, run: RunId) -> CheckRecord {
        let measured = self.categories.iter();
        CheckRecord {
            project: project.to_owned(),
            mode: self.mode.as_str().to_owned(),
            at: self.timestamp.clone(),
            run,
            score: self.score,
            grade: self.grade.map(|grade| grade.as_str().to_owned()),
            measured_share: self.measured_share,
            categories: measured
                .filter_map(|it| Some((it.name.clone(), it.score?)))
                .collect(),
        }
    }
}

/// The JSON Schema (draft 2020-12) of [`HealthReport`].
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(HealthReport)
}
