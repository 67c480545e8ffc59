//! The report of scenarios, as it is written. What was not measured is null and has a reason.

use std::collections::BTreeMap;

use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::RunId;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::inputs::{Portions, Sync};
use super::scaling::{Growth, Scaling};
use crate::report::NotMeasured;

/// The format of the report.
pub(super) const SCENARIOS_SCHEMA: &str = "orchestrate.scenarios/1";

/// A figure, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Value {
    /// The figure; null when it was not measured.
    pub value: Option<f64>,
    /// Why there is none; null when there is one.
    pub why: Option<String>,
}

impl From<Result<f64, String>> for Value {
    fn from(result: Result<f64, String>) -> Self {
        match result {
            Ok(value) => Self {
                value: Some(value),
                why: None,
            },
            Err(why) => Self {
                value: None,
                why: Some(why),
            },
        }
    }
}

/// A time that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeOf {
    /// What passed.
    Clock,
    /// What the processor worked.
    Processor,
}

impl TimeOf {
    /// The words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clock => "time by the clock",
            Self::Processor => "time of the processor",
        }
    }
}

/// How far a scenario came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioStatus {
    /// All its items were worked on, with no more failures than it may have.
    Complete,
    /// More of its portions failed than may.
    Failed,
    /// Its time was over before it came to its end.
    OutOfTime,
    /// The run was stopped, or waits, before the scenario came to its end.
    Incomplete,
    /// Nothing of it was begun.
    NotRun,
}

impl ScenarioStatus {
    /// The words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::OutOfTime => "out of time",
            Self::Incomplete => "incomplete",
            Self::NotRun => "not run",
        }
    }
}

/// One portion of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PortionReport {
    /// Its step.
    pub step: String,
    /// Its number in the scenario, from 1.
    pub number: u32,
    /// Items that it was given.
    pub items: u64,
    /// Items before them that it was not given.
    pub offset: u64,
    /// The milestones, in percent, that its end reaches.
    pub milestones: Vec<u8>,
    /// How it ended; null when it has not.
    pub outcome: Option<Outcome>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it began, in seconds from the start of the run; null when it did not.
    pub began_s: Option<f64>,
    /// When it ended, in seconds from the start of the run; null when it has not.
    pub ended_s: Option<f64>,
    /// How long the attempt took that succeeded, in milliseconds; null when none did.
    pub took_ms: Option<f64>,
    /// The time of the processor that this attempt used, in milliseconds; null when that is not known.
    pub cpu_ms: Option<f64>,
    /// How exactly that is known, in milliseconds; null when it is not.
    pub cpu_exact_to_ms: Option<f64>,
    /// How long it waited for a processor that others used, in milliseconds; null when that is not known.
    pub cpu_waited_ms: Option<f64>,
    /// The most memory that it was seen to use, in megabytes of 1024 * 1024 bytes; null when it is not known.
    pub peak_memory_mb: Option<f64>,
    /// What was read from what it gave; those that are not there are left out.
    pub metrics: BTreeMap<String, f64>,
    /// What went wrong; null when nothing did.
    pub error: Option<String>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// How many times the items of the base it was given.
    pub complexity_multiplier: f64,
    /// Items of the whole scenario.
    pub items: u64,
    /// How far it came.
    pub status: ScenarioStatus,
    /// Whether it is complete and kept to its time, its memory, its tolerance and what is asked of its
    /// metrics; null when something of that was not measured and nothing was broken.
    pub held: Option<bool>,
    /// What it did not keep to, or what was not measured, a sentence each.
    pub reasons: Vec<String>,
    /// The share of its portions that have succeeded, from 0 to 1.
    pub progress: f64,
    /// Portions that failed.
    pub failed: usize,
    /// The share of the portions that ended which failed, from 0 to 1; null when none ended.
    pub error_rate: Option<f64>,
    /// The share that may fail.
    pub error_tolerance: f64,
    /// Attempts beyond the first of each portion.
    pub retries: u32,
    /// How long its portions took together, all attempts and the rests between them included, in seconds;
    /// waiting for other scenarios is not.
    pub time_s: f64,
    /// How long they may.
    pub time_budget_s: u64,
    /// Milliseconds for each item: of the greatest input where inputs grow, of all batches otherwise.
    pub time_per_item_ms: Value,
    /// The most memory that a portion was seen to use, in megabytes of 1024 * 1024 bytes.
    pub peak_memory_mb: Value,
    /// How much it may; null when that was not said.
    pub memory_limit_mb: Option<u64>,
    /// What the skill says of what it did: that of the greatest input where inputs grow, the mean over all
    /// items otherwise.
    pub metrics: BTreeMap<String, Value>,
    /// What models used; null when none was asked.
    pub usage: Option<Usage>,
    /// Its portions in order.
    pub portions: Vec<PortionReport>,
}

/// One figure of all scenarios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What was measured.
    pub metric: String,
    /// Its unit; empty for bare numbers.
    pub unit: String,
    /// By scenario; null where it was not measured.
    pub values: BTreeMap<String, Option<f64>>,
    /// How many times that of the first scenario; null where one of the two was not measured, or that one is 0.
    pub ratios: BTreeMap<String, Option<f64>>,
    /// The scenario that does best; null when that cannot be said.
    pub best: Option<String>,
}

/// Something that happened to several portions alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pattern {
    /// What, in a sentence.
    pub what: String,
    /// In which scenarios.
    pub scenarios: Vec<String>,
    /// In how many portions.
    pub portions: usize,
}

/// The hardest scenario that the skill is fit for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    /// Its name; null when there is none.
    pub difficulty: Option<String>,
    /// Why it is this one, or none.
    pub reason: String,
}

/// How well scenarios ran side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parallel {
    /// How long portions took altogether, in seconds.
    pub busy_s: f64,
    /// How long the run took, in seconds.
    pub wall_s: f64,
    /// How many portions could run at the same time.
    pub width: usize,
    /// `busy_s` over `wall_s` times `width`, from 0 to 1; null when nothing ran.
    pub efficiency: Option<f64>,
}

/// A portion on the critical path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CriticalStep {
    /// Its step.
    pub step: String,
    /// How long it took with all attempts, in seconds.
    pub seconds: f64,
}

/// The chain of portions, each of which waited for the one before, that took longest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CriticalPath {
    /// Its portions in order.
    pub steps: Vec<CriticalStep>,
    /// How long they took together, in seconds.
    pub seconds: f64,
}

/// What a skill takes at several difficulties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenariosReport {
    /// `orchestrate.scenarios/1`.
    pub schema: String,
    /// The run; null when it has no name yet.
    pub run_id: Option<RunId>,
    /// What was run.
    pub skill: String,
    /// How items were handed out.
    pub portions: Portions,
    /// How scenarios kept step.
    pub sync: Sync,
    /// Whether every scenario held; null when one was not measured and none was broken.
    pub passed: Option<bool>,
    /// In a sentence.
    pub summary: String,
    /// The hardest scenario that the skill is fit for.
    pub recommendation: Recommendation,
    /// The scenarios, the easiest first.
    pub scenarios: Vec<ScenarioReport>,
    /// Figure by figure.
    pub comparison: Vec<Comparison>,
    /// How time grows with the number of items; null when that is not decided. Of what is said in `growth_of`.
    pub growth: Option<Growth>,
    /// The time that `growth` is about: that of the processor where it was measured and programs worked or waited
    /// for a processor most of what passed, because what runs side by side holds each other up; otherwise that of
    /// the clock.
    pub growth_of: TimeOf,
    /// How the time of one invocation grows with its items by the clock, over first attempts that succeeded.
    pub scaling: Scaling,
    /// The same of the time of the processor; null when that is not known of every one.
    pub cpu_scaling: Option<Scaling>,
    /// What succeeded alike.
    pub successes: Vec<Pattern>,
    /// What failed alike.
    pub failures: Vec<Pattern>,
    /// How well they ran side by side.
    pub parallel: Parallel,
    /// The chain that took longest.
    pub critical_path: CriticalPath,
    /// What models used altogether; null when none was asked.
    pub usage: Option<Usage>,
    /// What was not measured.
    pub not_measured: Vec<NotMeasured>,
    /// When the report was made, in RFC 3339.
    pub timestamp: String,
    /// How the figures came to be.
    pub evidence: Vec<Evidence>,
}

/// The JSON Schema (draft 2020-12) of [`ScenariosReport`].
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(ScenariosReport)
}
