//! Runs a release preparation with the local executor and makes its report.

use orchestrate_core::template::AgentRegistry;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::scope::Scope;
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
    report_of(project, inputs, AnalysisOptions::default())
}

/// The report on a project by an analysis with options.
pub(crate) fn report_of(
    project: &Project,
    inputs: &ReleasePrep,
    options: AnalysisOptions,
) -> ReleaseReadinessReport {
    let plan = inputs.plan(&AgentRegistry::builtin()).unwrap();
    let backend = AnalysisBackend::new(project.root(), options).unwrap();
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let run = runtime.block_on(executor.run(&plan)).unwrap();
    inputs.report(&run, subject()).unwrap()
}

/// What test reports are about.
pub(crate) fn subject() -> Subject {
    Subject {
        path: ".".into(),
        timestamp: "2026-01-02T03:04:05Z".into(),
        scope: Scope::default(),
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
