//! The first step: run the tests, measure what they reach, rank what they do not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::coverage::CoverageReport;
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use serde_json::{Value, json};

use super::run::{TestCoverageBackend, workflow};
use super::session::Session;
use crate::analysis_backend::{AnalysisBackend, MeasuredTests, masked_value};
use crate::test_coverage::candidate::Suite;
use crate::test_coverage::gap::{Brief, CoverageGap, briefs};
use crate::test_coverage::inputs::TestCoverage;
use crate::test_coverage::report::Figures;
use crate::test_run::{TestRun, TestState};

/// How many gaps are listed at least, whether tests are written for them or not.
const LISTED: usize = 10;

impl TestCoverageBackend {
    pub(super) async fn measure(&self, input: &AgentInput) -> Result<AgentOutput, AgentFailure> {
        let workflow = workflow(input)?;
        let mut slot = self.session.lock().await;
        *slot = None;
        let timeout = Duration::from_secs(workflow.tests_seconds);
        let measured = self.analysis.measure_tests(input, timeout).await?;
        let MeasuredTests {
            mut output,
            snapshot,
            tests,
            coverage,
            gaps,
        } = measured;
        let suites: Vec<Suite> = tests.runs().iter().map(suite).collect();
        let mut fields = vec![("suites", json!(suites))];
        let mut wanted = Vec::new();
        if let Some(report) = &coverage {
            let root = self.analysis.root();
            let text = |path: &str| std::fs::read_to_string(root.join(path)).ok();
            let is_there = |path: &str| root.join(path).exists();
            let most = LISTED.max(workflow.gaps as usize);
            let listed = briefs(&snapshot, report, &gaps, most, &text, &is_there);
            let figures = figures(&snapshot, report);
            let functions = gaps.iter().filter(|gap| gap.function.is_some());
            let gaps: Vec<&CoverageGap> = listed.iter().map(|brief| &brief.gap).collect();
            fields.push(("first_gaps", json!(gaps)));
            wanted = wanted_of(listed, &workflow, figures.percent);
            fields.push(("figures", json!(figures)));
            // These are told of what is measured, whatever the analysis makes of it.
            fields.push(("definition", json!(report.definition())));
            fields.push(("gaps_count", json!(functions.count())));
        }
        fields.push(("briefs", json!(wanted)));
        if let Value::Object(own) = Arc::make_mut(&mut output.output) {
            for (name, mut value) in fields {
                masked_value(&mut value);
                own.insert(name.to_owned(), value);
            }
        }
        if let Ok(copy) = tests.into_copy() {
            *slot = Some(Session {
                run: input.run.clone(),
                copy,
                snapshot,
                taken: BTreeSet::new(),
            });
        }
        Ok(output)
    }
}

/// The first gaps for which tests can be written: none once the target is reached.
fn wanted_of(mut listed: Vec<Brief>, workflow: &TestCoverage, percent: f64) -> Vec<Brief> {
    listed.retain(|brief| brief.gap.cannot.is_none() && percent < workflow.target);
    listed.truncate(workflow.gaps as usize);
    listed
}

/// How all tests of a project went.
pub(super) fn suite(run: &TestRun) -> Suite {
    Suite {
        languages: run.languages.clone(),
        inside: run.inside.clone(),
        passed: match run.state {
            TestState::Passed => Some(true),
            TestState::Failed(_) => Some(false),
            TestState::NotMeasured { .. } => None,
        },
        failed: run.failed.iter().cloned().collect(),
    }
}

/// The figures of a report, as the least of its units says.
pub(super) fn figures(snapshot: &Snapshot, report: &CoverageReport) -> Figures {
    let percent = report.percent();
    let mut totals = report.totals.iter();
    let deciding = totals.find(|totals| totals.percent <= percent);
    let least = AnalysisBackend::least(snapshot, report);
    Figures {
        percent,
        least: (least < percent).then_some(least),
        covered: deciding.map_or(0, |totals| totals.covered),
        total: deciding.map_or(0, |totals| totals.total),
        unit: deciding
            .map_or("lines", |totals| totals.unit.name())
            .to_owned(),
    }
}
