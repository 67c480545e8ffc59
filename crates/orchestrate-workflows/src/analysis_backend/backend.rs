//! The backend itself: which agents it runs, and how one attempt goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use orchestrate_analysis::architecture::Layers;
use orchestrate_analysis::dependencies::Acceptance;
use orchestrate_analysis::{ScanOptions, Snapshot};
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::RunId;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;

use super::answer::Answer;
use super::scan_summary::ScanSummary;
use super::shared_scan::SharedScan;
use super::test_runs::TestRuns;
use super::trust::Trust;
use super::{
    architecture, coverage, documentation, masked, performance, quality, refactoring, security,
};
use crate::error::WorkflowError;
use crate::external::{self, Bounds, ExternalTool, ToolRun};
use crate::ignore::IgnoreRule;
use crate::programs::{Programs, Progress};

/// What one agent works on; all of it is shared or borrowed.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) root: &'a Path,
    pub(super) snapshot: &'a Snapshot,
    pub(super) options: &'a AnalysisOptions,
    pub(super) trust: Trust,
    /// The project's own tests, if they were run.
    pub(super) tests: Option<TestRuns>,
    /// External tools that were run.
    pub(super) tools: Vec<ToolRun>,
}

type Work = fn(&Job<'_>) -> Answer;

/// The agent that runs the project's own tests.
const TEST_AGENT: &str = "test_coverage_analyzer";

const WORK: [(&str, Work); 7] = [
    ("security_auditor", security::audit),
    ("test_coverage_analyzer", coverage::analyse),
    ("code_reviewer", quality::review),
    ("documentation_writer", documentation::check),
    ("architecture_analyst", architecture::analyse),
    ("performance_optimizer", performance::look),
    ("refactoring_specialist", refactoring::rank),
];

/// The name of this backend.
pub const NAME: &str = "analysis";

/// The templates that this backend can run, by id.
pub const AGENTS: [&str; 7] = [
    WORK[0].0, WORK[1].0, WORK[2].0, WORK[3].0, WORK[4].0, WORK[5].0, WORK[6].0,
];

/// What the analysis can be told.
#[derive(Debug, Clone, Default)]
pub struct AnalysisOptions {
    /// Threads, size limit and so on of the scan. Its cancel flag is not used: the backend sets
    /// one of its own, raised when no agent waits for the scan any more.
    pub scan: ScanOptions,
    /// Coverage reports to use instead of those that lie in the usual places, relative to the
    /// root or absolute.
    pub coverage_reports: Vec<PathBuf>,
    /// Directories of advisories to hold lock files against.
    pub advisory_databases: Vec<PathBuf>,
    /// Advisories that were looked at and do not matter here.
    pub accepted_advisories: Vec<Acceptance>,
    /// Directories from the highest layer to the lowest, which imports are held to.
    pub layers: Layers,
    /// What the configuration leaves out.
    pub ignore: Vec<IgnoreRule>,
    /// The programs that may be started.
    pub programs: Programs,
    /// Who is told what is being run.
    pub progress: Progress,
}

/// Runs agents by analysing a repository; no model, no network, nothing is changed.
#[derive(Debug)]
pub struct AnalysisBackend {
    pub(super) root: PathBuf,
    pub(super) options: Arc<AnalysisOptions>,
    pub(super) shared: SharedScan,
}

impl AnalysisBackend {
    /// A backend for the repository at `root`.
    ///
    /// # Errors
    /// [`WorkflowError::Path`] when there is no readable directory there, and
    /// [`WorkflowError::AdvisoryDatabase`] when there is none where advisories should be.
    pub fn new(root: impl Into<PathBuf>, options: AnalysisOptions) -> Result<Self, WorkflowError> {
        let root = root.into();
        let problem = match std::fs::read_dir(&root) {
            Ok(_) => None,
            Err(_) if root.is_file() => Some("is a file, not a directory".to_owned()),
            Err(error) => Some(format!("cannot be analysed: {error}")),
        };
        for directory in &options.advisory_databases {
            std::fs::read_dir(directory).map_err(|error| WorkflowError::AdvisoryDatabase {
                path: directory.display().to_string(),
                problem: error.to_string(),
            })?;
        }
        match problem {
            Some(problem) => Err(WorkflowError::Path {
                path: root.display().to_string(),
                problem,
            }),
            None => Ok(Self {
                root,
                options: Arc::new(options),
                shared: SharedScan::default(),
            }),
        }
    }
}

#[async_trait]
impl AgentBackend for AnalysisBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn supports(&self, agent: &Agent) -> bool {
        work_of(agent).is_some()
    }

    fn effect(&self, _agent: &Agent) -> Effect {
        Effect::Read
    }

    /// No model is asked, so no limit of tokens or cost holds it up.
    fn reservation(&self, _agent: &Agent) -> Usage {
        Usage::one_call()
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        let work = work_of(&input.agent).ok_or_else(|| {
            AgentFailure::new(
                FailureClass::NotExecuted,
                format!(
                    "the analysis cannot run `{}` (possible: {})",
                    input.agent.template.id,
                    AGENTS.join(", ")
                ),
            )
        })?;
        if input.cancel.is_raised() {
            return Err(AgentFailure::reported("stopped before it began"));
        }
        let (snapshot, waited_ms) = self.scanned(&input.run).await?;
        let (tests, tools) = self.programs(&input, &snapshot).await;
        let (root, options) = (self.root.clone(), self.options.clone());
        // Folding reads reports and sizes of files, so it may not run where it is polled.
        let folded = tokio::task::spawn_blocking(move || {
            let own = Instant::now();
            let job = Job {
                root: &root,
                snapshot: &snapshot,
                options: &options,
                trust: Trust::of(&root, &snapshot),
                tests,
                tools,
            };
            let answer = work(&job);
            masked::output(finish(answer, &snapshot, waited_ms, own))
        });
        folded.await.map_err(|error| {
            AgentFailure::new(
                FailureClass::Internal,
                format!("the analysis ended without a result: {error}"),
            )
        })
    }
}

impl AnalysisBackend {
    /// The scan of a run, which its agents share, and how long this one waited for it, in milliseconds.
    pub(super) async fn scanned(&self, run: &RunId) -> Result<(Arc<Snapshot>, f64), AgentFailure> {
        let started = Instant::now();
        let (root, options) = (self.root.clone(), self.options.scan.clone());
        let scanned = self.shared.of(run, root, options).await;
        Ok((scanned.map_err(masked::failure)?, milliseconds(started)))
    }

    /// Starts the programs that an agent may start, and waits for them. Dropping the future ends them.
    async fn programs(
        &self,
        input: &AgentInput,
        snapshot: &Snapshot,
    ) -> (Option<TestRuns>, Vec<ToolRun>) {
        let (options, agent) = (&self.options, input.agent.template.id.as_str());
        let (programs, progress) = (&options.programs, &options.progress);
        let mut tests = None;
        if let Some(seconds) = programs.tests_seconds
            && agent == TEST_AGENT
        {
            let time = Duration::from_secs(seconds);
            let made = TestRuns::make(&self.root, snapshot, time, progress, &input.cancel);
            tests = Some(made.await);
        }
        let wanted = programs.tools.iter().filter(|tool| tool.is_run_by(agent));
        let wanted: Vec<ExternalTool> = wanted.copied().collect();
        let bounds = Bounds {
            root: &self.root,
            snapshot,
            agent,
            timeout: programs.tool_time(),
            progress,
            cancel: &input.cancel,
        };
        (tests, external::run(&wanted, bounds).await)
    }
}

fn work_of(agent: &Agent) -> Option<Work> {
    WORK.iter()
        .find(|(id, _)| agent.template.id == *id)
        .map(|(_, work)| *work)
}

pub(super) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Adds what all answers have: what was scanned, and how long what took.
pub(super) fn finish(
    mut answer: Answer,
    snapshot: &Snapshot,
    waited_ms: f64,
    own: Instant,
) -> AgentOutput {
    answer.detail("scan", &ScanSummary::of(snapshot));
    answer.detail("shared_scan_ms", &snapshot.elapsed_ms);
    let own_ms = milliseconds(own);
    answer.detail("own_ms", &own_ms);
    let output = answer.output();
    let more = std::mem::take(&mut answer.evidence);
    let mut notes = answer.notes;
    notes.push(format!(
        "waited {waited_ms:.1} ms for the scan that all agents share"
    ));
    let output = AgentOutput::json(output)
        .with_confidence(answer.confidence)
        .with_evidence(scan_evidence(snapshot))
        .with_evidence(Evidence {
            method: answer.method,
            tool: "orchestrate-analysis".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            duration_ms: Some(own_ms),
            files_read: answer.files_read,
            files_skipped: answer.files_skipped,
            notes,
            ..Evidence::default()
        });
    more.into_iter().fold(output, AgentOutput::with_evidence)
}

/// The same for every agent of a run, so that the report can state it once.
fn scan_evidence(snapshot: &Snapshot) -> Evidence {
    Evidence {
        method: "one pass over the repository: each file read once and parsed once".to_owned(),
        tool: "orchestrate-analysis".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        duration_ms: Some(snapshot.elapsed_ms as f64),
        files_read: Some(u64::from(snapshot.text_files)),
        files_skipped: Some(snapshot.skipped.len() as u64),
        notes: vec![format!("{} threads", snapshot.threads)],
        ..Evidence::default()
    }
}
