//! Test runs of a repository, one after another: they share the machine, and their times are evidence.

use std::collections::BTreeSet;
use std::time::Duration;

use orchestrate_analysis::language::Language;

use super::place::{Place, Project};
use super::{Ask, TestRun, go, node, python, rust};
use crate::programs::Progress;
use crate::work_copy::WorkCopy;

/// How a kind of project is known, and the languages for which its tests speak.
const KINDS: [(&[Language], &[&str]); 4] = [
    (&[Language::Rust], &["Cargo.toml"]),
    (
        &[Language::Python],
        &[
            "pyproject.toml",
            "setup.py",
            "setup.cfg",
            "pytest.ini",
            "tox.ini",
            "requirements.txt",
            "manage.py",
        ],
    ),
    (
        &[Language::JavaScript, Language::TypeScript],
        &["package.json"],
    ),
    (&[Language::Go], &["go.work", "go.mod"]),
];

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
    let mut runs = Vec::new();
    for (spoken, manifests) in KINDS {
        if spoken.iter().any(|language| languages.contains(language)) {
            for project in place.projects(manifests) {
                runs.push(of_project(&place, spoken, &project, Ask::ALL).await);
            }
        }
    }
    runs
}

/// Runs tests of the project that a source of a language belongs to. `None` when no project of that
/// language holds it. A file of tests is named relative to the analysed directory.
pub(crate) async fn run_of(
    copy: &WorkCopy,
    (language, source): (Language, &str),
    ask: Ask<'_>,
    timeout: Duration,
    progress: &Progress,
) -> Option<TestRun> {
    let place = Place {
        copy,
        timeout,
        progress,
    };
    let (spoken, manifests) = KINDS
        .iter()
        .find(|(spoken, _)| spoken.contains(&language))?;
    let projects = place.projects(manifests);
    let holds = |project: &&Project| within(source, &project.inside).is_some();
    let project = projects.iter().find(holds)?;
    let file = match ask.file {
        Some(file) => Some(within(file, &project.inside)?),
        None => None,
    };
    Some(of_project(&place, spoken, project, Ask { file, ..ask }).await)
}

/// A path relative to a directory above it; both with forward slashes.
fn within<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    match directory {
        "" => Some(path),
        directory => path.strip_prefix(directory)?.strip_prefix('/'),
    }
}

async fn of_project(
    place: &Place<'_>,
    spoken: &[Language],
    project: &Project,
    ask: Ask<'_>,
) -> TestRun {
    match spoken.first() {
        Some(Language::Rust) => rust::run(place, project, ask).await,
        Some(Language::Python) => python::run(place, project, ask).await,
        Some(Language::Go) => go::run(place, project, ask).await,
        _ => node::run(place, project).await,
    }
}
