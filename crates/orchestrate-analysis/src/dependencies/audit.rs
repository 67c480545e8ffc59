//! Holds every pinned package of a project against every advisory about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::advisory::{Advisory, AdvisoryKind, Database, DatabaseError};
use super::lock::{Lock, read_lock};
use super::locked::Locked;
use super::version::Version;
use crate::finding::Severity;
use crate::problem::Problem;

/// An advisory that was looked at and accepted, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The id of the advisory, or one of its aliases.
    pub id: String,
    /// Why it does not matter here.
    pub reason: String,
}

/// A package at a version that an advisory is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vulnerable {
    /// Path of the lock file.
    pub path: String,
    /// The package as the lock file pins it.
    pub package: Locked,
    /// The id of the advisory.
    pub id: String,
    /// Other ids of the same thing.
    pub aliases: Vec<String>,
    /// One line on what it is.
    pub summary: String,
    /// What it is about.
    pub kind: AdvisoryKind,
    /// How bad it is; `None` when nobody said.
    pub severity: Option<Severity>,
    /// Versions that are not affected, as far as they are known.
    pub remedy: Option<String>,
    /// The reason for accepting it, if it was.
    pub accepted: Option<String>,
}

/// What the audit of a project gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DependencyReport {
    /// Lock files that were read, in whole or in part, with the number of packages pinned in each.
    pub locks: Vec<(String, usize)>,
    /// What was found, by lock file and line.
    pub vulnerable: Vec<Vulnerable>,
    /// Lock files that could not be read, and lines in others that could not.
    pub lock_problems: Vec<Problem>,
    /// Advisories that could not be read.
    pub advisory_problems: Vec<Problem>,
    /// Packages without an exact version: nobody knows which one is installed.
    pub unpinned: Vec<(String, Problem)>,
    /// Packages from paths, repositories or archives, which advisories do not name by version.
    pub local: u32,
    /// Each database: its path, how many advisories it holds, and the day of the newest.
    pub databases: Vec<(String, u32, String)>,
}

/// Audits lock files, given by their paths below `root`, against directories of advisories.
///
/// # Errors
/// If a directory holds no advisories at all. Single files that cannot be read are listed in the report.
pub fn audit_dependencies(
    root: &Path,
    lock_files: &[String],
    databases: &[PathBuf],
    accepted: &[Acceptance],
) -> Result<DependencyReport, DatabaseError> {
    let mut report = DependencyReport::default();
    let locks = read_locks(root, lock_files, &mut report);
    let wanted = locks
        .iter()
        .flat_map(|(_, lock)| &lock.packages)
        .map(|package| (package.ecosystem, package.name.as_str()))
        .collect();
    let mut opened = Vec::new();
    for directory in databases {
        let mut database = Database::open(directory, &wanted)?;
        report.advisory_problems.append(&mut database.problems);
        report.databases.push((
            database.path.clone(),
            database.advisories,
            database.newest.clone(),
        ));
        opened.push(database);
    }
    for (path, lock) in &locks {
        for package in &lock.packages {
            let Some(version) = Version::parse(package.ecosystem, &package.version) else {
                report.lock_problems.push(Problem {
                    path: path.clone(),
                    line: package.line,
                    what: format!(
                        "`{}` of `{}` is no version of its ecosystem",
                        package.version, package.name
                    ),
                });
                continue;
            };
            let advisories: Vec<&Arc<Advisory>> = opened
                .iter()
                .flat_map(|database| database.about(package.ecosystem, &package.name))
                .filter(|advisory| advisory.affects(package.ecosystem, &package.name, &version))
                .collect();
            for same in grouped(&advisories) {
                report
                    .vulnerable
                    .extend(vulnerable(path, package, &version, &same, accepted));
            }
        }
    }
    report.vulnerable.sort_by(|a, b| {
        (&a.path, a.package.line, &a.package.name, &a.id).cmp(&(
            &b.path,
            b.package.line,
            &b.package.name,
            &b.id,
        ))
    });
    report.lock_problems.sort();
    report.advisory_problems.sort();
    Ok(report)
}

/// Reads all lock files, and the requirement files that they include.
fn read_locks(
    root: &Path,
    lock_files: &[String],
    report: &mut DependencyReport,
) -> Vec<(String, Lock)> {
    let mut locks = Vec::new();
    let mut waiting: Vec<String> = lock_files.to_vec();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    waiting.reverse();
    while let Some(path) = waiting.pop() {
        let lock = match read_lock(root, &path) {
            Ok(lock) => lock,
            Err(error) => {
                report.lock_problems.push(Problem {
                    path,
                    line: error.line,
                    what: error.what,
                });
                continue;
            }
        };
        for included in &lock.includes {
            let target = joined(&path, included);
            // Nothing outside of the project is read because a file of the project names it.
            if let Some(target) = target
                && seen.insert(target.clone())
            {
                waiting.push(target);
            }
        }
        let at = |line, what: &str| Problem {
            path: path.clone(),
            line,
            what: what.to_owned(),
        };
        let problems = lock.problems.iter();
        report
            .lock_problems
            .extend(problems.map(|problem| at(problem.line, &problem.what)));
        let unpinned = lock.unpinned.iter();
        report
            .unpinned
            .extend(unpinned.map(|(name, line)| (name.clone(), at(*line, "no exact version"))));
        report.local += lock.local;
        report.locks.push((path.clone(), lock.packages.len()));
        locks.push((path, lock));
    }
    locks
}

/// The path of a file that another names relative to itself; `None` if it leads out of the root.
fn joined(from: &str, target: &str) -> Option<String> {
    let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    if target.starts_with('/') || target.contains("://") {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Advisories of one package, those that are the same thing under different ids together.
fn grouped<'a>(advisories: &[&'a Arc<Advisory>]) -> Vec<Vec<&'a Arc<Advisory>>> {
    let mut groups: Vec<Vec<&Arc<Advisory>>> = Vec::new();
    for advisory in advisories {
        let ids: BTreeSet<&str> = advisory.ids().collect();
        let same = groups.iter_mut().find(|group| {
            group
                .iter()
                .any(|other| other.ids().any(|id| ids.contains(id)))
        });
        match same {
            Some(group) => group.push(advisory),
            None => groups.push(vec![advisory]),
        }
    }
    groups
}

fn vulnerable(
    path: &str,
    package: &Locked,
    version: &Version,
    same: &[&Arc<Advisory>],
    accepted: &[Acceptance],
) -> Option<Vulnerable> {
    let first = same.first()?;
    let ids: BTreeMap<&str, ()> = same
        .iter()
        .flat_map(|it| it.ids())
        .map(|id| (id, ()))
        .collect();
    let reason = accepted
        .iter()
        .find(|acceptance| ids.contains_key(acceptance.id.as_str()));
    Some(Vulnerable {
        path: path.to_owned(),
        package: package.clone(),
        id: first.id.clone(),
        aliases: ids
            .into_keys()
            .filter(|id| *id != first.id)
            .map(str::to_owned)
            .collect(),
        summary: first.summary.clone(),
        kind: same.iter().map(|it| it.kind).min().unwrap_or(first.kind),
        // The worst that anybody says; one who knows is believed over one who does not.
        severity: same.iter().filter_map(|it| it.severity).min(),
        remedy: same
            .iter()
            .find_map(|it| it.remedy(package.ecosystem, &package.name, version)),
        accepted: reason.map(|acceptance| acceptance.reason.clone()),
    })
}
