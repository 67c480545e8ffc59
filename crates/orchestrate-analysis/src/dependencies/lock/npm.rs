//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.

use serde_json::{Map, Value};

use super::error::LockError;
use super::lines::{KeyLines, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{Ecosystem, Locked};

type Lines = KeyLines<std::vec::IntoIter<(String, u32)>>;

pub(super) fn read(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let document: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| LockError::of_json(&error))?;
    let mut lines = KeyLines::of(text);
    let mut lock = Lock::default();
    // Version 2 holds both forms; the newer one is whole.
    let has_packages = document.get("packages").is_some_and(Value::is_object);
    let mut known = false;
    for (key, value) in &document {
        lines.next(key);
        match (key.as_str(), value) {
            ("packages", Value::Object(packages)) => {
                known = true;
                read_packages(packages, &mut lines, &mut lock);
            }
            ("dependencies", Value::Object(dependencies)) if !has_packages => {
                known = true;
                read_dependencies(dependencies, &mut lines, &mut lock, 0);
            }
            _ => lines.skip(value),
        }
    }
    if !known && !document.contains_key("lockfileVersion") {
        return Err(LockError::at(
            1,
            "it has neither `packages` nor `lockfileVersion`",
        ));
    }
    Ok(lock)
}

/// `packages` of versions 2 and 3: by the directory in which each is installed.
fn read_packages(packages: &Map<String, Value>, lines: &mut Lines, lock: &mut Lock) {
    for (directory, package) in packages {
        let line = lines.next(directory);
        lines.skip(package);
        // Without this directory it is the project itself or a member of its workspace.
        let Some((_, installed_as)) = directory.rsplit_once("node_modules/") else {
            continue;
        };
        let name = field(package, "name").unwrap_or(installed_as);
        add(lock, package, name, line);
    }
}

/// Deeper trees are no work of the package manager.
const MAX_DEPTH: usize = 100;

/// `dependencies` of version 1: by name, with the ones that only it sees inside.
fn read_dependencies(
    dependencies: &Map<String, Value>,
    lines: &mut Lines,
    lock: &mut Lock,
    depth: usize,
) {
    for (name, package) in dependencies {
        let line = lines.next(name);
        // An alias is written `npm:name@version`.
        let alias = field(package, "version").and_then(|version| version.strip_prefix("npm:"));
        match alias.and_then(|alias| alias.rsplit_once('@')) {
            Some((name, version)) => {
                let locked = Locked::new(Ecosystem::Npm, name, version, line);
                lock.packages.push(locked);
            }
            None => add(lock, package, name, line),
        }
        for (key, value) in package.as_object().into_iter().flatten() {
            lines.next(key);
            match value {
                Value::Object(inner) if key == "dependencies" && depth < MAX_DEPTH => {
                    read_dependencies(inner, lines, lock, depth + 1);
                }
                _ => lines.skip(value),
            }
        }
    }
}

fn add(lock: &mut Lock, package: &Value, name: &str, line: u32) {
    let is_link = package.get("link") == Some(&Value::Bool(true));
    let origin = field(package, "resolved").unwrap_or_default();
    let elsewhere = ["git", "file:", "github:"]
        .iter()
        .any(|scheme| origin.starts_with(scheme));
    let Some(version) = field(package, "version") else {
        lock.local += u32::from(is_link || elsewhere);
        return;
    };
    if is_link || elsewhere || !version.starts_with(|first: char| first.is_ascii_digit()) {
        lock.local += 1;
        return;
    }
    let mut locked = Locked::new(Ecosystem::Npm, name, version, line);
    locked.development = package.get("dev") == Some(&Value::Bool(true));
    lock.packages.push(locked);
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}
