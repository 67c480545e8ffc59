//! The release readiness report: the stable, versioned document that every format is made from.
//!
//! It holds what was measured and what was not. It decides nothing; `verdict` does.

use std::collections::BTreeMap;

use orchestrate_analysis::finding::{Confidence as RuleConfidence, Severity};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::gate::QualityGate;
use orchestrate_core::id::AgentId;
use orchestrate_core::outcome::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The schema of the report. A reader refuses another major number.
pub const REPORT_SCHEMA: &str = "orchestrate.release-readiness/1";

/// Whether a release may go out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every critical gate was measured and passed, every agent succeeded, nothing blocks.
    Ready,
    /// Something that was measured blocks it, or an agent failed.
    NotReady,
    /// Nothing that was measured blocks it, but a critical gate could not be measured.
    Undecided,
}

impl Verdict {
    /// The word that reports show: `ready`, `not_ready` or `undecided`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not_ready",
            Self::Undecided => "undecided",
        }
    }
}

/// How sure the verdict itself is: how likely it is that measuring more would change it.
///
/// - `high`: `ready` with every gate measured and no warning; `not_ready` because a critical gate
///   was measured and failed, or because of another measured blocker. More measuring cannot turn
///   these round.
/// - `medium`: `ready` with warnings or with something not measured.
/// - `low`: `not_ready` only because an agent failed (nothing bad was measured), and every
///   `undecided`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// More measuring cannot change the verdict.
    High,
    /// More measuring could add to it.
    Medium,
    /// More measuring could turn it round.
    Low,
}

impl Confidence {
    /// The word that reports show: `high`, `medium` or `low`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Something that was not measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NotMeasured {
    /// What: the metric of a gate, or another fact in a few words.
    pub what: String,
    /// Why not, as a lowercase fragment.
    pub why: String,
    /// The command or the change that would measure it.
    pub how_to_measure: String,
}

/// One finding in product code that nobody suppressed. Those in tests and suppressed ones are
/// counted in the output of the agent that found them, never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedFinding {
    /// Stable id of the rule.
    pub rule_id: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: RuleConfidence,
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What was found; never a secret itself.
    pub message: String,
    /// How to mend it.
    pub fix: String,
    /// The agent that found it.
    pub agent: AgentId,
    /// Identity that survives moved lines.
    pub fingerprint: String,
    /// The external tools that report it, with the names that they give it. Empty where only the
    /// built-in analysis does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ToolSource>,
}

impl ReportedFinding {
    /// The rule, and the external tools that report the same, for people.
    #[must_use]
    pub fn names(&self) -> String {
        let mut names = self.rule_id.clone();
        for source in &self.sources {
            let name = format!("{}.{}", source.tool, source.rule);
            if name != self.rule_id {
                names.push_str(&format!(", {} {}", source.tool, source.rule));
            }
        }
        names
    }
}

/// An external tool that reports a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ToolSource {
    /// The tool.
    pub tool: String,
    /// Its own name for what it found.
    pub rule: String,
}

/// What an ignore rule of the configuration left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ignored {
    /// The pattern of rules.
    pub rule: String,
    /// The pattern of paths.
    pub path: String,
    /// Why, as it stands in the configuration.
    pub reason: String,
    /// How many findings it left out.
    pub findings: u32,
}

/// What the findings of a report are limited to, and what was left out by that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeSummary {
    /// The earlier report beside which only new findings are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineSummary>,
    /// The change on whose lines and files findings are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeSummary>,
    /// How many findings were left out.
    pub left_out: usize,
    /// How many of these are critical. The gate on critical issues does not count them.
    pub left_out_critical: usize,
}

/// An earlier report beside this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineSummary {
    /// The file, as it was named.
    pub path: String,
    /// When it was made.
    pub timestamp: String,
    /// How many findings it holds.
    pub findings: usize,
    /// How many of these are still there.
    pub still_there: usize,
    /// How many of these are gone, among those that the agents of this run look for.
    pub gone: usize,
    /// How many findings of this run are not in it.
    pub new: usize,
}

/// A change of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeSummary {
    /// The revision, as it was named.
    pub revision: String,
    /// The commit from which on changes count: where the revision and this state parted.
    pub base: String,
    /// In how many files it alters lines or takes some away.
    pub files: usize,
    /// How many files are new, and so touched as a whole.
    pub new_files: usize,
    /// How many lines it adds or alters in files that are not new.
    pub lines: u64,
}

/// What one agent gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentSummary {
    /// How it ended; a failure adds its `class` and `message`.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Derived from the outcome.
    pub success: bool,
    /// Its output without its findings, which stand in the report; null when it gave nothing.
    pub output: Value,
    /// How sure it is, from 0 to 1; 0 when it did not run.
    pub confidence: f64,
    /// Time from its start to its end in milliseconds, waiting for the shared scan included.
    pub duration_ms: f64,
    /// What went wrong; null when nothing did.
    pub error: Option<String>,
    /// How its figures came to be.
    pub evidence: Vec<Evidence>,
}

impl AgentSummary {
    /// Its own work in milliseconds and that of the scan it shared with others, where it tells them
    /// apart. The scan was made once, however many agents waited for it.
    #[must_use]
    pub fn own_and_shared_ms(&self) -> Option<(f64, f64)> {
        let number = |field| self.output.get(field).and_then(Value::as_f64);
        Some((number("own_ms")?, number("shared_scan_ms")?))
    }
}

/// Whether a repository is ready to be released, and what that is based on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseReadinessReport {
    /// [`REPORT_SCHEMA`].
    pub schema: String,
    /// The repository that was analysed, as given.
    pub path: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the verdict is `ready`.
    pub approved: bool,
    /// How sure the verdict is.
    pub confidence: Confidence,
    /// The gates, in their fixed order.
    pub quality_gates: Vec<QualityGate>,
    /// What each agent gave, by its id.
    pub agent_results: BTreeMap<AgentId, AgentSummary>,
    /// Why it is not ready, one sentence each; empty unless the verdict is `not_ready`.
    pub blockers: Vec<String>,
    /// What should be mended but blocks nothing, one sentence each.
    pub warnings: Vec<String>,
    /// What was not measured, and what would measure it.
    pub not_measured: Vec<NotMeasured>,
    /// The verdict and its main reasons in one or two sentences.
    pub summary: String,
    /// What was found in product code, worst first.
    pub findings: Vec<ReportedFinding>,
    /// What the findings are limited to; absent when all are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSummary>,
    /// What the ignore rules of the configuration left out, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Ignored>,
    /// When the report was made, in RFC 3339.
    pub timestamp: String,
    /// Time from start to end of the run, in seconds.
    pub wall_duration: f64,
    /// Sum of the agents' own times, in seconds. Agents run side by side and share one scan, so
    /// this is more than `wall_duration`; it is no measure of work.
    pub summed_duration: f64,
    /// How the figures that all agents share came to be.
    pub evidence: Vec<Evidence>,
}

/// The JSON Schema (draft 2020-12) of [`ReleaseReadinessReport`].
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(ReleaseReadinessReport)
}
