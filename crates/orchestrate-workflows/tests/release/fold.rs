//! What the report makes of agents that fail, are missing, or claim without evidence.

use std::sync::Arc;

use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::{AgentId, StepPath};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;
use orchestrate_workflows::report::{Confidence, Verdict};
use orchestrate_workflows::verdict::FailOn;
use orchestrate_workflows::{ReleasePrep, ReleaseReadinessReport};
use serde_json::{Value, json};

use crate::driver::subject;

pub(crate) fn result(agent: &str, outcome: Outcome, output: Value) -> AgentResult {
    AgentResult {
        agent_id: AgentId::new(agent).unwrap(),
        step: StepPath::root().child(&agent),
        success: outcome.is_success(),
        error: outcome.error(),
        outcome,
        output: Arc::new(output),
        confidence: 1.0,
        duration_ms: 2.0,
        usage: Usage::default(),
        attempts: 1,
        evidence: vec![Evidence {
            method: "counted".into(),
            ..Evidence::default()
        }],
    }
}

/// Four agents that are content.
pub(crate) fn content() -> Vec<AgentResult> {
    [
        ("security_auditor", json!({"critical_issues": 0})),
        ("test_coverage_analyzer", json!({"coverage_percent": 91.5})),
        ("code_reviewer", json!({"quality_score": 8.2})),
        ("documentation_writer", json!({"doc_coverage_percent": 100})),
    ]
    .map(|(id, output)| result(id, Outcome::Succeeded, output))
    .to_vec()
}

pub(crate) fn fold(agents: Vec<AgentResult>, inputs: &ReleasePrep) -> ReleaseReadinessReport {
    let run = RunReport {
        agents,
        wall_us: 2_000_000,
        summed_us: 7_000_000,
        ..RunReport::default()
    };
    inputs.report(&run, subject()).unwrap()
}

/// The report when one of four content agents is changed.
fn with(index: usize, change: impl FnOnce(&mut AgentResult)) -> ReleaseReadinessReport {
    let mut agents = content();
    change(&mut agents[index]);
    fold(agents, &ReleasePrep::default())
}

#[test]
fn everything_measured_and_passed_is_ready_with_high_confidence() {
    let report = fold(content(), &ReleasePrep::default());
    assert_eq!(
        (report.verdict, report.confidence),
        (Verdict::Ready, Confidence::High)
    );
    assert_eq!((report.wall_duration, report.summed_duration), (2.0, 7.0));
}

#[test]
fn an_agent_that_failed_blocks_and_is_named() {
    let report = with(3, |agent| {
        *agent = result(
            "documentation_writer",
            Outcome::failed(FailureClass::Timeout, "took longer than 300 s"),
            Value::Null,
        );
    });
    assert_eq!(
        (report.verdict, report.confidence),
        (Verdict::NotReady, Confidence::Low)
    );
    assert_eq!(
        report.blockers,
        ["agent `documentation_writer` failed: took longer than 300 s"]
    );
}

#[test]
fn an_agent_that_was_stopped_or_could_not_run_leaves_it_open() {
    let cancelled = Outcome::Cancelled {
        reason: CancelReason::User,
    };
    let not_executed = Outcome::failed(FailureClass::NotExecuted, "no backend can run it");
    for outcome in [cancelled, not_executed] {
        let report = with(3, |agent| {
            *agent = result("documentation_writer", outcome, Value::Null);
        });
        assert_eq!(report.verdict, Verdict::Undecided, "{}", report.summary);
    }
    let mut agents = content();
    agents.pop();
    let report = fold(agents, &ReleasePrep::default());
    assert_eq!(report.verdict, Verdict::Undecided);
    assert_eq!(
        report.summary,
        "Undecided: agent `documentation_writer` did not run."
    );
}

#[test]
fn a_figure_without_evidence_is_no_measurement() {
    let report = with(1, |agent| agent.evidence.clear());
    assert_eq!(report.verdict, Verdict::Undecided);
    assert!(
        report.not_measured[0].why.contains("without evidence"),
        "{:?}",
        report.not_measured
    );
}

#[test]
fn a_missing_figure_is_not_nought() {
    let report = with(0, |agent| agent.output = Arc::new(json!({"critical": 0})));
    assert_eq!(report.verdict, Verdict::Undecided);
    assert_eq!(
        report.not_measured[0].why,
        "`security_auditor` gave no `critical_issues`"
    );
}

#[test]
fn a_gate_of_an_agent_that_was_not_selected_says_so() {
    let inputs = ReleasePrep {
        agents: vec!["security_auditor".into()],
        ..ReleasePrep::default()
    };
    let report = fold(content()[..1].to_vec(), &inputs);
    assert_eq!(report.verdict, Verdict::Undecided);
    let told = &report.not_measured[0];
    assert_eq!(
        (told.what.as_str(), told.how_to_measure.as_str()),
        (
            "coverage_percent",
            "add `test_coverage_analyzer` to `--agents`"
        )
    );
}

#[test]
fn documentation_warns_unless_warnings_block() {
    let mut agents = content();
    agents[3].output = Arc::new(json!({"doc_coverage_percent": 95}));
    let report = fold(agents.clone(), &ReleasePrep::default());
    assert_eq!(
        (report.verdict, report.confidence),
        (Verdict::Ready, Confidence::Medium)
    );
    assert_eq!(
        report.warnings,
        ["Documentation coverage is 95, wanted at least 100"]
    );
    let strict = ReleasePrep {
        fail_on: FailOn::Warn,
        ..ReleasePrep::default()
    };
    assert_eq!(fold(agents, &strict).verdict, Verdict::NotReady);
}

#[test]
fn what_an_agent_states_as_a_blocker_blocks() {
    let report = with(1, |agent| {
        agent.output = Arc::new(json!({
            "coverage_percent": 100, "blockers": ["the tests prove nothing"], "warnings": ["w"],
        }));
    });
    assert_eq!(
        (report.verdict, report.confidence),
        (Verdict::NotReady, Confidence::High)
    );
    assert_eq!(report.blockers, ["the tests prove nothing"]);
    assert_eq!(report.warnings, ["w"]);
}

#[test]
fn what_cannot_be_read_is_told_and_not_passed_over() {
    for field in ["blockers", "findings", "not_measured", "warnings", "bounds"] {
        let report = with(0, |agent| {
            agent.output = Arc::new(json!({"critical_issues": 0, field: "none, trust me"}));
        });
        let what = format!("`{field}` of `security_auditor`");
        assert!(
            report.not_measured.iter().any(|item| item.what == what),
            "{field}: {:?}",
            report.not_measured
        );
        assert_ne!(report.confidence, Confidence::High);
    }
}

#[test]
fn a_threshold_between_two_bounds_decides_nothing() {
    let with_bounds = |least: f64, most: f64| {
        with(1, |agent| {
            agent.output = Arc::new(json!({
                "coverage_percent": most,
                "bounds": {"coverage_percent": {
                    "least": least, "most": most, "why": "9 files are in no report", "how_to_measure": "run all",
                }},
            }));
        })
    };
    assert_eq!(with_bounds(85.0, 90.0).verdict, Verdict::Ready);
    assert_eq!(with_bounds(20.0, 60.0).verdict, Verdict::NotReady);
    let open = with_bounds(60.0, 90.0);
    assert_eq!(open.verdict, Verdict::Undecided);
    assert_eq!(
        open.not_measured[0].why,
        "it lies between 60.0 and 90.0: 9 files are in no report"
    );
}
