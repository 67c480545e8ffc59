//! What the measuring agents are told: flags over settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use orchestrate_analysis::ScanOptions;
use orchestrate_analysis::architecture::Layers;
use orchestrate_analysis::dependencies::Acceptance;
use orchestrate_analysis::user_rules::UserRules;
use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::AnalysisOptions;
use orchestrate_workflows::programs::{Programs, Progress};
use serde_json::Value;

use super::files;
use crate::args::{Accepted, MeasureArgs, TestArgs};
use crate::error::{CliError, Failure};
use crate::settings::{Settings, names};
use crate::wire;

/// What is to be measured, and by which programs.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    /// The repository.
    pub(crate) path: &'a Path,
    pub(crate) measure: &'a MeasureArgs,
    pub(crate) tests: &'a TestArgs,
    pub(crate) programs: Programs,
}

/// The executor that measures; no model takes part.
///
/// # Errors
/// When a file or a setting is not usable.
pub(crate) fn executor(
    job: Job<'_>,
    settings: &Settings,
    limits: Limits,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
    progress: Progress,
) -> Result<LocalExecutor, Failure> {
    let options = AnalysisOptions {
        coverage_reports: files::readable(&job.tests.coverage_report)?,
        programs: job.programs,
        progress,
        ..options(job.measure, settings, job.path)?
    };
    let models = wire::Models::default();
    wire::executor(
        job.path,
        options,
        limits,
        &models,
        Vec::new(),
        journal,
        about,
    )
}

/// How long the project's own tests may take, if they are to be run.
pub(crate) fn tests_seconds(args: &TestArgs, settings: &Settings) -> Option<u64> {
    let given = args.test_timeout;
    let set = || settings.count(names::TEST_TIMEOUT);
    let seconds = || given.or_else(set).unwrap_or(Programs::TESTS_SECONDS);
    args.run_tests.then(seconds)
}

/// This moment in RFC 3339, to the second.
pub(crate) fn now() -> String {
    let seconds = Timestamp::now().as_second();
    // Every second that a clock gives is a valid moment.
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |now| now.to_string())
}

/// The options of the analysis of the repository at `path`.
///
/// # Errors
/// When a setting is no such thing.
pub(crate) fn options(
    args: &MeasureArgs,
    settings: &Settings,
    path: &Path,
) -> Result<AnalysisOptions, Failure> {
    let accepted = match &*args.accept_advisory {
        [] => settings
            .names(names::ACCEPT_ADVISORY)
            .unwrap_or_default()
            .iter()
            .map(|text| setting(names::ACCEPT_ADVISORY, text))
            .collect::<Result<Vec<_>, _>>()?,
        given => given.to_vec(),
    };
    let gitleaks = args.gitleaks_config.clone();
    let given: Vec<PathBuf> = gitleaks.into_iter().collect();
    let gitleaks = paths(&given, names::GITLEAKS_CONFIG, settings, path);
    let directories = paths(&args.rules, names::RULES, settings, path);
    let layers = match &*args.layers {
        [] => settings.names(names::LAYERS).unwrap_or_default(),
        given => given.to_vec(),
    };
    let scan = ScanOptions {
        rules: Arc::new(UserRules::load(
            gitleaks.first().map(PathBuf::as_path),
            &directories,
        )),
        cache: if args.no_cache { None } else { cache(path) },
        ..ScanOptions::default()
    };
    Ok(AnalysisOptions {
        scan,
        layers: Layers::new(layers),
        advisory_databases: paths(&args.advisory_db, names::ADVISORY_DB, settings, path),
        accepted_advisories: accepted
            .into_iter()
            .map(|Accepted { id, reason }| Acceptance { id, reason })
            .collect(),
        ignore: settings
            .ignores
            .iter()
            .map(|(rule, _)| rule.clone())
            .collect(),
        ..AnalysisOptions::default()
    })
}

/// Where results of scans are kept: in the project if it has a place for such, or else in the user's own.
fn cache(path: &Path) -> Option<PathBuf> {
    let root = path.canonicalize().ok()?;
    let own = root.join(".orchestrate");
    if own.is_dir() {
        return Some(own.join("cache").join("scan.cache"));
    }
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(home)?;
    let name = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
    let name = name.get(..16)?;
    Some(base.join("orchestrate").join(format!("scan-{name}.cache")))
}

/// Paths as they were given, or those of a setting, which are relative to the repository.
fn paths(given: &[PathBuf], name: &str, settings: &Settings, root: &Path) -> Vec<PathBuf> {
    match given {
        [] => settings
            .names(name)
            .unwrap_or_default()
            .iter()
            .map(|text| root.join(text))
            .collect(),
        given => given.to_vec(),
    }
}

fn setting<T: std::str::FromStr<Err = String>>(name: &str, text: &str) -> Result<T, CliError> {
    text.parse().map_err(|problem| {
        CliError::arguments(
            format!("`{name}`: `{text}`: {problem}"),
            "texts in this list hold no commas",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_whole_seconds_in_utc() {
        let now = now();
        assert_eq!(now.len(), "2026-01-01T00:00:00Z".len(), "{now}");
        assert!(now.ends_with('Z'), "{now}");
    }
}
