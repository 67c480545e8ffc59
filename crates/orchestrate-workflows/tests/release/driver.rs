//! Runs the agents of a release preparation one after another and folds what they give.

use std::sync::Arc;

use orchestrate_core::backend::{AgentBackend, AgentInput};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;
use orchestrate_core::scope::Scope;
use orchestrate_core::template::AgentRegistry;
use orchestrate_workflows::{
    AnalysisBackend, AnalysisOptions, ReleasePrep, ReleaseReadinessReport, Subject,
};
use serde_json::Value;

use crate::project::Project;

/// The report on a project with default inputs.
pub(crate) fn report(project: &Project) -> ReleaseReadinessReport {
    report_with(project, &ReleasePrep::default())
}

/// The report on a project.
pub(crate) fn report_with(project: &Project, inputs: &ReleasePrep) -> ReleaseReadinessReport {
    let plan = inputs.plan(&AgentRegistry::builtin()).unwrap();
    let backend = AnalysisBackend::new(project.root(), AnalysisOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let run = runtime.block_on(run(&plan, &backend));
    inputs.report(&run, subject()).unwrap()
}

/// What test reports are about.
pub(crate) fn subject() -> Subject {
    Subject {
        path: ".".into(),
        timestamp: "2026-01-02T03:04:05Z".into(),
    }
}

/// What an agent stated under a name.
pub(crate) fn output<'a>(
    report: &'a ReleaseReadinessReport,
    agent: &str,
    field: &str,
) -> &'a Value {
    let (_, summary) = report
        .agent_results
        .iter()
        .find(|(id, _)| **id == *agent)
        .unwrap();
    &summary.output[field]
}

async fn run(plan: &Plan, backend: &AnalysisBackend) -> RunReport {
    let mut report = RunReport {
        run_id: RunId::new("run-1").ok(),
        ..RunReport::default()
    };
    for agent in plan.agents.values() {
        let input = AgentInput {
            run: RunId::new("run-1").unwrap(),
            task: plan.task.as_str().into(),
            context: Arc::new(plan.context.clone()),
            agent: agent.clone(),
            step: StepPath::root().child(&agent.id),
            instruction: None,
            inputs: vec![],
            scope: Scope::default(),
            attempt: 1,
            cancel: CancelSignal::default().attempt(),
        };
        let gave = backend.run(input).await;
        let outcome = match &gave {
            Ok(_) => Outcome::Succeeded,
            Err(failure) => Outcome::failed(failure.class, &failure.message),
        };
        let (output, confidence, evidence) = match gave {
            Ok(gave) => (gave.output, gave.confidence, gave.evidence),
            Err(_) => (Arc::default(), 0.0, vec![]),
        };
        report.agents.push(AgentResult {
            agent_id: agent.id.clone(),
            step: StepPath::root().child(&agent.id),
            success: outcome.is_success(),
            error: outcome.error(),
            outcome,
            output,
            confidence,
            duration_ms: 1.0,
            usage: Usage::default(),
            attempts: 1,
            evidence,
        });
    }
    report
}
