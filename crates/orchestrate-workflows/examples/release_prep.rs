//! Judges a repository: `cargo run -p orchestrate-workflows --example release_prep -- DIR [json|sarif|markdown]`.

use std::error::Error;
use std::io::Write as _;

use orchestrate_core::template::AgentRegistry;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::{AnalysisBackend, AnalysisOptions, ReleasePrep, Subject, formats};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give a directory")?;
    let workflow = ReleasePrep::default();
    let plan = workflow.plan(&AgentRegistry::builtin())?;
    let backend = AnalysisBackend::new(&path, AnalysisOptions::default())?;
    let executor = LocalExecutor::builder().backend(backend).build()?;
    let run = executor.run(&plan).await?;
    let timestamp = "1970-01-01T00:00:00Z".to_owned();
    let report = workflow.report(
        &run,
        Subject {
            path,
            timestamp,
            scope: orchestrate_workflows::scope::Scope::default(),
        },
    )?;
    let text = match arguments.next().as_deref() {
        Some("json") => serde_json::to_string_pretty(&report)?,
        Some("sarif") => serde_json::to_string_pretty(&formats::sarif(&report))?,
        _ => formats::markdown(&report),
    };
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}
