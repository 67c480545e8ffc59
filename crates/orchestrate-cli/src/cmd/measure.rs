//! What the measuring agents are told: flags over settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrate_analysis::ScanOptions;
use orchestrate_analysis::architecture::Layers;
use orchestrate_analysis::dependencies::Acceptance;
use orchestrate_analysis::user_rules::UserRules;
use orchestrate_workflows::AnalysisOptions;

use crate::args::{Accepted, MeasureArgs};
use crate::error::{CliError, Failure};
use crate::settings::{Settings, names};

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
