//! Looks for reports in the places where the usual tools leave them. It opens no report and follows no link.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that is named like a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub path: PathBuf,
    /// The same relative to the repository, with forward slashes.
    pub relative: String,
    /// When it was written, where the file system says so.
    pub modified: Option<SystemTime>,
}

/// The directories inside a project that tools write to. `""` is the project itself.
const PLACES: [&str; 10] = [
    "",
    "coverage",
    "coverage/lcov",
    "coverage/cobertura",
    "reports",
    "reports/coverage",
    "build/coverage",
    "target",
    "target/coverage",
    "target/tarpaulin",
];

/// What marks a directory as a project of its own inside a larger repository.
const MANIFESTS: [&str; 5] = [
    "Cargo.toml",
    "package.json",
    "go.mod",
    "pyproject.toml",
    "setup.py",
];

/// Directories that hold other people's projects, products of a build, or reports that are test data.
const NOT_PROJECTS: [&str; 14] = [
    "node_modules",
    "vendor",
    "third_party",
    "target",
    "build",
    "dist",
    "test",
    "tests",
    "testdata",
    "fixtures",
    "__pycache__",
    "venv",
    "site-packages",
    "examples",
];

/// How deep below the root projects are looked for: `packages/group/name`.
const MAX_DEPTH: usize = 3;
const MAX_PROJECTS: usize = 500;
const MAX_DIRECTORIES: usize = 5_000;
const MAX_ENTRIES: usize = 10_000;

/// The files under `root` that are named like reports, in the order of their relative paths.
///
/// Looks at the root and at directories up to three levels down that have a manifest, in each at a fixed list of
/// places. A directory that cannot be read holds none. The counts of directories and entries are bounded.
#[must_use]
pub fn find(root: &Path) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (relative, project) in projects(root) {
        for place in PLACES {
            look(&project.join(place), &join(&relative, place), &mut found);
        }
        // `cargo llvm-cov` has a target directory of its own, next to the usual one.
        for entry in entries(&project.join("target")) {
            if entry.is_directory && entry.name.starts_with("llvm-cov") {
                look(
                    &entry.path,
                    &join(&relative, &format!("target/{}", entry.name)),
                    &mut found,
                );
            }
        }
    }
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    found.dedup();
    found
}

fn join(base: &str, rest: &str) -> String {
    let parts = [base, rest].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}

struct Entry {
    name: String,
    path: PathBuf,
    is_directory: bool,
}

/// The entries of a directory by name, without links; names that are not text are not those of reports.
fn entries(directory: &Path) -> Vec<Entry> {
    let Ok(listing) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let listed = listing.take(MAX_ENTRIES).flatten().filter_map(|entry| {
        let kind = entry.file_type().ok()?;
        let name = entry.file_name().into_string().ok()?;
        (kind.is_dir() || kind.is_file()).then(|| Entry {
            name,
            path: entry.path(),
            is_directory: kind.is_dir(),
        })
    });
    let mut listed: Vec<Entry> = listed.collect();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    listed
}

/// The root and the projects below it, breadth first.
fn projects(root: &Path) -> Vec<(String, PathBuf)> {
    let mut projects = vec![(String::new(), root.to_owned())];
    let mut level = vec![(String::new(), root.to_owned())];
    let mut seen = 0;
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for (relative, directory) in level {
            for entry in entries(&directory) {
                let skipped =
                    entry.name.starts_with('.') || NOT_PROJECTS.contains(&entry.name.as_str());
                if !entry.is_directory || skipped || seen >= MAX_DIRECTORIES {
                    continue;
                }
                seen += 1;
                let relative = join(&relative, &entry.name);
                let is_project = MANIFESTS
                    .iter()
                    .any(|manifest| is_file(&entry.path.join(manifest)));
                if is_project && projects.len() < MAX_PROJECTS {
                    projects.push((relative.clone(), entry.path.clone()));
                }
                next.push((relative, entry.path));
            }
        }
        level = next;
    }
    projects
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn look(directory: &Path, relative: &str, found: &mut Vec<Candidate>) {
    // A place below a link is not followed either: the directory itself must be a real one.
    if !fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir())
        && !relative.is_empty()
    {
        return;
    }
    for entry in entries(directory) {
        if !entry.is_directory && is_report_name(&entry.name) {
            let modified = fs::symlink_metadata(&entry.path)
                .and_then(|metadata| metadata.modified())
                .ok();
            found.push(Candidate {
                relative: join(relative, &entry.name),
                path: entry.path,
                modified,
            });
        }
    }
}

/// Whether the usual tools give reports this name.
fn is_report_name(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "lcov.info",
        "lcov.dat",
        "cobertura.xml",
        "cobertura-coverage.xml",
        "coverage.cobertura.xml",
        "coverage.xml",
        "coverage.json",
        "coverage-final.json",
        "llvm-cov.json",
        "cover.out",
        "coverage.out",
        "c.out",
    ];
    NAMES.contains(&name) || name.ends_with(".lcov") || name.ends_with(".coverprofile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], expected: &[&str]) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found: Vec<String> = find(root.path()).into_iter().map(|c| c.relative).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn usual_places_are_found_in_order_of_paths() {
        check(
            &[
                "lcov.info",
                "coverage/lcov.info",
                "target/llvm-cov-target/x.lcov",
                "target/tarpaulin/cobertura.xml",
                "cover.out",
            ],
            &[
                "cover.out",
                "coverage/lcov.info",
                "lcov.info",
                "target/llvm-cov-target/x.lcov",
                "target/tarpaulin/cobertura.xml",
            ],
        );
    }

    #[test]
    fn projects_inside_a_repository_count_when_they_have_a_manifest() {
        check(
            &[
                "packages/a/package.json",
                "packages/a/coverage/lcov.info",
                "packages/b/coverage/lcov.info",
            ],
            &["packages/a/coverage/lcov.info"],
        );
    }

    #[test]
    fn test_data_vendored_projects_and_other_names_are_passed_by() {
        check(
            &[
                "tests/fixtures/lcov.info",
                "tests/package.json",
                "tests/lcov.info",
                "node_modules/x/package.json",
                "node_modules/x/lcov.info",
                ".venv/setup.py",
                ".venv/coverage.xml",
                "htmlcov/index.html",
                "coverage.txt",
            ],
            &[],
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("lcov.info"), "").unwrap();
        std::os::unix::fs::symlink(other.path(), root.path().join("coverage")).unwrap();
        std::os::unix::fs::symlink(
            other.path().join("lcov.info"),
            root.path().join("lcov.info"),
        )
        .unwrap();
        assert_eq!(find(root.path()), []);
    }

    #[test]
    fn a_root_that_is_not_there_holds_none() {
        assert_eq!(find(Path::new("/nowhere/at/all")), []);
    }
}
