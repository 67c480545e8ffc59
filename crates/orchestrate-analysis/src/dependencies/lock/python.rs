//! `poetry.lock`, `uv.lock`, `pylock.toml` and `Pipfile.lock`.

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::error::LockError;
use super::lines::{KeyLines, line_at, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{Ecosystem, Locked};

#[derive(Deserialize)]
struct Document {
    /// `pylock.toml` uses the plural.
    #[serde(default, alias = "packages")]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: Spanned<String>,
    version: Option<String>,
    source: Option<toml::Table>,
    /// Older lock files of poetry say `dev`.
    category: Option<String>,
    /// Newer ones name groups.
    #[serde(default)]
    groups: Vec<String>,
    vcs: Option<toml::Table>,
    directory: Option<toml::Table>,
    archive: Option<toml::Table>,
}

impl Package {
    fn is_local(&self) -> bool {
        let elsewhere = |source: &toml::Table| {
            let kind = source.get("type").and_then(toml::Value::as_str);
            matches!(kind, Some("git" | "directory" | "file" | "url"))
                || ["git", "editable", "virtual", "directory", "path", "url"]
                    .iter()
                    .any(|key| kind.is_none() && source.contains_key(*key))
        };
        self.source.as_ref().is_some_and(elsewhere)
            || self.vcs.is_some()
            || self.directory.is_some()
            || self.archive.is_some()
    }

    fn is_development(&self) -> bool {
        self.category.as_deref() == Some("dev")
            || (!self.groups.is_empty() && !self.groups.iter().any(|group| group == "main"))
    }
}

pub(super) fn read_toml(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let document: Document =
        toml::from_str(text).map_err(|error| LockError::of_toml(text, &error))?;
    let mut lock = Lock::default();
    for package in document.package {
        match &package.version {
            Some(version) if !package.is_local() => {
                let line = line_at(text, package.name.span().start);
                let name = package.name.get_ref();
                let mut locked = Locked::new(Ecosystem::PyPi, name, version, line);
                locked.development = package.is_development();
                lock.packages.push(locked);
            }
            _ => lock.local += 1,
        }
    }
    Ok(lock)
}

pub(super) fn read_pipfile(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let document: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| LockError::of_json(&error))?;
    let mut lines = KeyLines::of(text);
    let mut lock = Lock::default();
    for (section, content) in &document {
        lines.next(section);
        let Some(packages) = content.as_object().filter(|_| !section.starts_with('_')) else {
            lines.skip(content);
            continue;
        };
        for (name, package) in packages {
            let line = lines.next(name);
            lines.skip(package);
            let version = package.get("version").and_then(Value::as_str);
            match version.and_then(|version| version.strip_prefix("==")) {
                Some(version) => {
                    let mut locked = Locked::new(Ecosystem::PyPi, name, version, line);
                    locked.development = section == "develop";
                    lock.packages.push(locked);
                }
                None if package.get("version").is_some() => {
                    lock.unpinned.push((name.clone(), line));
                }
                None => lock.local += 1,
            }
        }
    }
    Ok(lock)
}
