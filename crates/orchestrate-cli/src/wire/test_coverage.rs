//! What a test coverage boost is made of.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::AnalysisOptions;
use orchestrate_workflows::test_coverage::{SkeletonBackend, TestCoverageBackend};
use serde_json::Value;

use super::models::Models;
use super::runners::Runners;
use crate::error::Failure;

/// An executor that measures and checks by itself, and has tests written by a model, or else as skeletons.
///
/// # Errors
/// When there is no readable directory.
pub(crate) fn coverage_executor(
    path: &Path,
    options: AnalysisOptions,
    limits: Limits,
    models: &Models,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
) -> Result<LocalExecutor, Failure> {
    // Whoever is named first is asked first: no model measures or accepts anything here.
    let mut builder = LocalExecutor::builder().backend(TestCoverageBackend::new(path, options)?);
    if let Some(model) = models.model_backend(path, &Runners::default())? {
        builder = builder.backend(model);
    }
    builder = builder.backend(SkeletonBackend);
    if let Some(journal) = journal {
        builder = builder.journal(journal);
    }
    Ok(builder.limits(limits).about(about).build()?)
}
