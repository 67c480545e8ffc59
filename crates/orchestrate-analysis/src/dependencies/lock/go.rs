//! `go.mod`, and `go.sum` where it has to be complete.
//!
//! `go.sum` names every version that was ever looked at, so the versions that are built stand in
//! `go.mod`. Only files older than Go 1.17 leave the indirect ones out there.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::error::LockError;
use super::lines::{numbered, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{Ecosystem, Locked};
use crate::dependencies::version::Version;

/// A replacement: the version it holds for, if not for all, and the module with its version, if it has one.
type Replacement = (Option<String>, Option<(String, String)>);

pub(super) fn read(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let mut lock = Lock::default();
    let mut replaced: HashMap<String, Replacement> = HashMap::new();
    for (number, directive, words) in directives(text) {
        match (directive, words.as_slice()) {
            ("require", [module, version, ..]) => {
                let locked = Locked::new(Ecosystem::Go, module, version, number);
                lock.packages.push(locked);
            }
            ("replace", words) => match replacement(words) {
                Some((module, replacement)) => {
                    replaced.insert(module, replacement);
                }
                None => lock
                    .problems
                    .push(LockError::at(number, "a `replace` that names nothing")),
            },
            ("require", _) => lock
                .problems
                .push(LockError::at(number, "a `require` without a version")),
            _ => {}
        }
    }
    lock.packages.retain_mut(|package| {
        let Some((only, target)) = replaced.get(&package.name) else {
            return true;
        };
        if only.as_ref().is_some_and(|only| *only != package.version) {
            return true;
        }
        match target {
            Some((name, version)) => {
                package.name.clone_from(name);
                package.version.clone_from(version);
                true
            }
            None => {
                lock.local += 1;
                false
            }
        }
    });
    Ok(lock)
}

/// The lines of directives with the words after the directive, blocks in parentheses taken apart.
fn directives(text: &str) -> Vec<(u32, &str, Vec<&str>)> {
    let mut found = Vec::new();
    let mut block: Option<&str> = None;
    for (number, line) in numbered(text) {
        let content = line.split("//").next().unwrap_or(line).trim();
        let words: Vec<&str> = content
            .split_whitespace()
            .map(|word| word.trim_matches('"'))
            .collect();
        match (block, words.as_slice()) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (Some(directive), _) => found.push((number, directive, words)),
            (None, [directive, "("]) => block = Some(directive),
            (None, [directive, rest @ ..]) => found.push((number, directive, rest.to_vec())),
        }
    }
    found
}

fn replacement(words: &[&str]) -> Option<(String, Replacement)> {
    let at = words.iter().position(|word| *word == "=>")?;
    let (left, right) = (words.get(..at)?, words.get(at + 1..)?);
    let module = (*left.first()?).to_owned();
    let only = left.get(1).map(|version| (*version).to_owned());
    let target = match right {
        [name, version] => Some(((*name).to_owned(), (*version).to_owned())),
        [_path] => None,
        _ => return None,
    };
    Some((module, (only, target)))
}

/// Adds what only `go.sum` knows, where `go.mod` is too old to name indirect modules. Each at the highest version
/// of which the contents were fetched; it stands on no line of `go.mod`, so it is given the first.
pub(super) fn complete(lock: &mut Lock, manifest: &str, sums: &str) {
    let version = directives(manifest)
        .into_iter()
        .find(|(_, directive, _)| *directive == "go")
        .and_then(|(_, _, words)| Version::parse(Ecosystem::Go, words.first()?));
    let names_all = Version::parse(Ecosystem::Go, "1.17")
        .zip(version)
        .is_some_and(|(least, version)| version.compare(&least) != Some(Ordering::Less));
    if names_all {
        return;
    }
    let known: HashSet<String> = lock.packages.iter().map(|it| it.name.clone()).collect();
    let mut highest: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, line) in numbered(sums) {
        let mut words = line.split_whitespace();
        let (Some(module), Some(version)) = (words.next(), words.next()) else {
            continue;
        };
        if version.ends_with("/go.mod") || known.contains(module) {
            continue;
        }
        let order = |a: &str, b: &str| {
            Version::parse(Ecosystem::Go, a)?.compare(&Version::parse(Ecosystem::Go, b)?)
        };
        let held = highest.entry(module).or_insert(version);
        if order(version, held) == Some(Ordering::Greater) {
            *held = version;
        }
    }
    for (module, version) in highest {
        let locked = Locked::new(Ecosystem::Go, module, version, 1);
        lock.packages.push(locked);
    }
}
