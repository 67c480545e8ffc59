//! All test runs of a repository, one after another: they share the machine, and their times are evidence.

use std::collections::BTreeSet;
use std::time::Duration;

use orchestrate_analysis::language::Language;

use super::place::Place;
use super::{TestRun, go, node, python, rust};
use crate::programs::Progress;
use crate::work_copy::WorkCopy;

/// Runs the tests of every project in the languages that have product code.
pub(crate) async fn run(
    copy: &WorkCopy,
    languages: &BTreeSet<Language>,
    timeout: Duration,
    progress: &Progress,
) -> Vec<TestRun> {
    let place = Place {
        copy,
        timeout,
        progress,
    };
    let has = |language| languages.contains(&language);
    let mut runs = Vec::new();
    if has(Language::Rust) {
        for project in place.projects(&["Cargo.toml"]) {
            runs.push(rust::run(&place, &project).await);
        }
    }
    if has(Language::Python) {
        for project in place.projects(&[
            "pyproject.toml",
            "setup.py",
            "setup.cfg",
            "pytest.ini",
            "tox.ini",
            "requirements.txt",
            "manage.py",
        ]) {
            runs.push(python::run(&place, &project).await);
        }
    }
    if has(Language::JavaScript) || has(Language::TypeScript) {
        for project in place.projects(&["package.json"]) {
            runs.push(node::run(&place, &project).await);
        }
    }
    if has(Language::Go) {
        for project in place.projects(&["go.work", "go.mod"]) {
            runs.push(go::run(&place, &project).await);
        }
    }
    runs
}
