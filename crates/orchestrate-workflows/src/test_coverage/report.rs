//! The report of a test coverage boost: the stable, versioned document that every form is made from.

use std::collections::BTreeMap;

use orchestrate_analysis::mutation::MutantKind;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::AgentId;
use orchestrate_core::limits::Usage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gap::CoverageGap;
use super::validation::Fate;
use crate::report::{AgentSummary, NotMeasured};

/// The schema of the report. A reader refuses another major number.
pub(super) const TEST_COVERAGE_SCHEMA: &str = "orchestrate.test-coverage/1";

/// Coverage of all product code that the tests could be run for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Executed units of all, in percent; the least of the units where there are several.
    pub percent: f64,
    /// The least that it can be, where files are named by no report; else null.
    pub least: Option<f64>,
    /// Units executed, of the unit that decides.
    pub covered: u64,
    /// Units there are.
    pub total: u64,
    /// `lines` or `statements`.
    pub unit: String,
}

/// A new test file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestFile {
    /// Where it lies, relative to the repository, with forward slashes.
    pub path: String,
    /// The whole text.
    pub content: String,
    /// Whether it is only the frame of a test: ignored by its runner, and counted as nothing.
    pub skeleton: bool,
}

/// What became of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapOutcome {
    /// A test was written that proves something, and is accepted.
    Accepted,
    /// Tests were written, and none was accepted; the attempts say why.
    Rejected,
    /// The frame of a test was written. It does not count.
    Skeleton,
    /// No test was written; `why` says the reason.
    NotWritten,
}

impl GapOutcome {
    /// The word that reports show.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Skeleton => "skeleton",
            Self::NotWritten => "not written",
        }
    }
}

/// A fault that was planted in the function, and whether the test noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlantedFault {
    /// The line.
    pub line: u32,
    /// What was changed.
    pub kind: MutantKind,
    /// The change in words.
    pub what: String,
    /// What became of it; null when it was not tried.
    pub fate: Option<Fate>,
}

/// One test that was written for a gap, and how it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Which, from 1.
    pub number: usize,
    /// Where the test was to lie.
    pub path: String,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Why it was, or was not, as a sentence without its end.
    pub reason: String,
    /// How it went alone, run by run: `passed`, `failed`, `timed out` or `not run`.
    pub alone: Vec<String>,
    /// The lines of the gap that it reaches and no test did before; null when that was not measured.
    pub lines_gained: Option<Vec<u32>>,
    /// The faults that were planted on these lines.
    pub faults: Vec<PlantedFault>,
    /// Whether all tests went as well with it as without; null when that was not tried.
    pub breaks_nothing: Option<bool>,
    /// What a reader should know beside that.
    pub notes: Vec<String>,
    /// The last lines of output of what decided against it; empty when accepted.
    pub output: String,
}

/// A gap, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapReport {
    /// The gap.
    #[serde(flatten)]
    pub gap: CoverageGap,
    /// What became of it.
    pub outcome: GapOutcome,
    /// Why there is no test; null when there is one.
    pub why: Option<String>,
    /// The test that is handed over: accepted, or a skeleton; else null.
    pub test: Option<TestFile>,
    /// What was written and checked, in order.
    pub attempts: Vec<Attempt>,
}

/// A file that was not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotApplied {
    /// Where it was to lie.
    pub path: String,
    /// Why it was not written.
    pub why: String,
}

/// How far the tests of a repository reach, and which tests would make them reach further.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestCoverageReport {
    /// `orchestrate.test-coverage/1`.
    pub schema: String,
    /// The repository, as given.
    pub path: String,
    /// The coverage that is wanted, in percent.
    pub target: f64,
    /// Whether it is reached, with the accepted tests if there are any; null when nobody knows.
    pub reached: Option<bool>,
    /// Measured before anything was added; null when not measured.
    pub before: Option<Figures>,
    /// Measured with all accepted tests; null when none was accepted or it was not measured.
    pub after: Option<Figures>,
    /// Who wrote the tests: `model`, or `skeletons` where no model is set up.
    pub writer: String,
    /// The first gaps, the most important first.
    pub gaps: Vec<GapReport>,
    /// How many gaps there are altogether; null when not measured.
    pub gaps_count: Option<usize>,
    /// Files that were written into the repository; empty unless that was asked for.
    pub applied: Vec<String>,
    /// Files that were to be written and were not.
    pub not_applied: Vec<NotApplied>,
    /// What was not measured, and what would measure it.
    pub not_measured: Vec<NotMeasured>,
    /// What a reader should know, one sentence each.
    pub warnings: Vec<String>,
    /// The answer in one or two sentences.
    pub summary: String,
    /// How the figures are defined.
    pub definition: String,
    /// What was used of models.
    pub usage: Usage,
    /// What each agent gave last, by its id, with the time that it worked altogether.
    pub agent_results: BTreeMap<AgentId, AgentSummary>,
    /// When the report was made, in RFC 3339.
    pub timestamp: String,
    /// Time from start to end of the run, in seconds.
    pub wall_duration: f64,
    /// Sum of the agents' own times, in seconds.
    pub summed_duration: f64,
    /// How the figures came to be.
    pub evidence: Vec<Evidence>,
}

impl TestCoverageReport {
    /// The tests that were accepted, in the order of their gaps.
    pub fn accepted(&self) -> impl Iterator<Item = &TestFile> {
        self.files(false)
    }

    /// Whether what was accepted was measured together, so that it can be handed over as a whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.after.is_some() || self.accepted().next().is_none()
    }

    /// The skeletons, in the order of their gaps.
    pub fn skeletons(&self) -> impl Iterator<Item = &TestFile> {
        self.files(true)
    }

    fn files(&self, skeletons: bool) -> impl Iterator<Item = &TestFile> {
        let files = self.gaps.iter().filter_map(|gap| gap.test.as_ref());
        files.filter(move |file| file.skeleton == skeletons)
    }
}

/// The JSON Schema (draft 2020-12) of [`TestCoverageReport`].
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(TestCoverageReport)
}
