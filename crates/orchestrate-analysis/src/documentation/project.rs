//! The documents that a project owes its users: README, changelog, licence.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::links::BrokenLink;
use crate::inventory::{TextKind, read_text};
use crate::scan::ScanOptions;

/// A README with fewer letters and digits than this says nothing.
const README_AT_LEAST: usize = 200;

type ReadVersion = fn(&str) -> Option<String>;

/// Manifests that may declare a version in plain words, in the order in which they are asked.
const MANIFESTS: [(&str, ReadVersion); 4] = [
    ("Cargo.toml", cargo_version),
    ("pyproject.toml", python_version),
    ("setup.cfg", setup_version),
    ("package.json", node_version),
];

/// The state of the README.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Readme {
    /// It says something.
    Present {
        /// Its path.
        path: String,
    },
    /// It is there and nearly empty.
    Trivial {
        /// Its path.
        path: String,
    },
    /// There is none.
    Missing,
}

/// The version that a manifest declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The manifest relative to the root, for example `Cargo.toml`.
    pub manifest: String,
    /// The version as written.
    pub version: String,
}

/// The state of the changelog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Changelog {
    /// It mentions the current version.
    Current {
        /// Its path.
        path: String,
    },
    /// It does not mention the current version.
    Behind {
        /// Its path.
        path: String,
    },
    /// It is there; no manifest beside it declares a version that it could be checked against.
    Unchecked {
        /// Its path.
        path: String,
    },
    /// There is none.
    Missing,
}

/// What was found of these documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectDocuments {
    /// The README.
    pub readme: Readme,
    /// The changelog.
    pub changelog: Changelog,
    /// The version it was checked against.
    pub version: Option<Version>,
    /// The path of the licence, if there is one.
    pub licence: Option<String>,
    /// Relative links in Markdown files that lead nowhere, sorted.
    pub broken_links: Vec<BrokenLink>,
    /// Relative links that were checked.
    pub links_checked: u32,
}

/// Whether a file is a manifest that may declare a version.
#[must_use]
pub fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    MANIFESTS.iter().any(|(manifest, _)| *manifest == name)
}

/// Looks for the documents of a project. Links are found by the scan and added there.
///
/// README and licence stand at the root. The changelog may: where the root has none that can be
/// checked, those of `packages` are, directories with a manifest relative to the root; the first
/// that is behind its package stands for all.
#[must_use]
pub fn project_documents(root: &Path, packages: &[String]) -> ProjectDocuments {
    let names = names_in(root);
    let (version, changelog) = checked_changelog(root, packages);
    ProjectDocuments {
        readme: readme(root, &names),
        changelog,
        version,
        licence: names
            .iter()
            .find(|name| {
                let name = name.to_ascii_lowercase();
                ["license", "licence", "copying", "unlicense"]
                    .iter()
                    .any(|start| name.starts_with(start))
            })
            .cloned(),
        broken_links: Vec::new(),
        links_checked: 0,
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .map(|entries| {
            entries
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

fn checked_changelog(root: &Path, packages: &[String]) -> (Option<Version>, Changelog) {
    let version = declared_version(root, "");
    let own = changelog(root, "", version.as_ref());
    if matches!(own, Changelog::Behind { .. } | Changelog::Current { .. }) {
        return (version, own);
    }
    let mut found = (version, own);
    for package in packages {
        let Some(version) = declared_version(root, package) else {
            continue;
        };
        let changelog = changelog(root, package, Some(&version));
        match changelog {
            Changelog::Behind { .. } => return (Some(version), changelog),
            Changelog::Current { .. } if !matches!(found.1, Changelog::Current { .. }) => {
                found = (Some(version), changelog);
            }
            _ => {}
        }
    }
    found
}

fn text_of(root: &Path, path: &str) -> Option<String> {
    read_text(
        &root.join(path),
        ScanOptions::MAX_FILE_BYTES * 8,
        TextKind::Other,
    )
    .ok()
    .map(|decoded| decoded.text)
}

fn readme(root: &Path, names: &[String]) -> Readme {
    let mut found = Readme::Missing;
    for name in names {
        let lower = name.to_ascii_lowercase();
        if lower != "readme" && !lower.starts_with("readme.") {
            continue;
        }
        let Some(text) = text_of(root, name) else {
            continue;
        };
        let path = name.clone();
        if text
            .chars()
            .filter(|letter| letter.is_alphanumeric())
            .count()
            >= README_AT_LEAST
        {
            return Readme::Present { path };
        }
        found = Readme::Trivial { path };
    }
    found
}

fn changelog(root: &Path, package: &str, version: Option<&Version>) -> Changelog {
    let candidates = ["", "docs", "doc"].into_iter().flat_map(|directory| {
        let directory = joined(package, directory);
        names_in(&root.join(&directory))
            .into_iter()
            .filter(|name| is_changelog(name))
            .map(move |name| joined(&directory, &name))
    });
    let mut found = Changelog::Missing;
    for path in candidates {
        let mentions = |version: &Version| mentions(root, &path, &version.version);
        let Some(mentioned) = version.map_or(Some(None), |version| mentions(version).map(Some))
        else {
            continue;
        };
        match mentioned {
            Some(true) => return Changelog::Current { path },
            Some(false) => found = Changelog::Behind { path },
            None => return Changelog::Unchecked { path },
        }
    }
    found
}

fn is_changelog(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or(&lower);
    matches!(
        stem,
        "changelog"
            | "changes"
            | "history"
            | "news"
            | "releases"
            | "release_notes"
            | "release-notes"
    )
}

/// Two parts of a path, of which either may be empty.
fn joined(first: &str, second: &str) -> String {
    match (first, second) {
        ("", path) | (path, "") => path.to_owned(),
        (first, second) => format!("{first}/{second}"),
    }
}

/// Whether a changelog, or a directory with one file per release, mentions a version as a whole.
fn mentions(root: &Path, path: &str, version: &str) -> Option<bool> {
    let whole = root.join(path);
    if whole.is_dir() {
        let names = fs::read_dir(&whole).ok()?;
        return Some(
            names
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .any(|name| contains_version(&name, version)),
        );
    }
    text_of(root, path).map(|text| contains_version(&text, version))
}

/// `1.2.0` is not mentioned by `11.2.0`, `1.2.01` or `1.2.0.1`.
fn contains_version(text: &str, version: &str) -> bool {
    text.match_indices(version).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let mut after = text.get(at + version.len()..).unwrap_or_default().chars();
        let next = after.next();
        let further = after.next();
        let begins = !before.is_some_and(|letter| letter.is_ascii_digit() || letter == '.');
        let goes_on = next.is_some_and(|letter| letter.is_ascii_alphanumeric())
            || (next == Some('.') && further.is_some_and(|letter| letter.is_ascii_digit()));
        begins && !goes_on
    })
}

fn declared_version(root: &Path, directory: &str) -> Option<Version> {
    MANIFESTS.iter().find_map(|(name, read)| {
        let manifest = joined(directory, name);
        let version = read(&text_of(root, &manifest)?)?;
        Some(Version { manifest, version })
    })
}

fn toml_string(text: &str, places: &[&[&str]]) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    places.iter().find_map(|keys| {
        let (last, outer) = keys.split_last()?;
        let mut inner = &table;
        for key in outer {
            inner = inner.get(*key)?.as_table()?;
        }
        Some(inner.get(*last)?.as_str()?.to_owned())
    })
}

fn cargo_version(text: &str) -> Option<String> {
    toml_string(
        text,
        &[
            &["package", "version"],
            &["workspace", "package", "version"],
        ],
    )
}

fn python_version(text: &str) -> Option<String> {
    toml_string(
        text,
        &[&["project", "version"], &["tool", "poetry", "version"]],
    )
}

fn setup_version(text: &str) -> Option<String> {
    let mut in_metadata = false;
    for line in text.lines() {
        if line.starts_with('[') {
            in_metadata = line.trim() == "[metadata]";
        } else if in_metadata
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "version"
            // `attr:` and `file:` compute the version when the package is built.
            && !value.contains(':')
        {
            return Some(value.trim().to_owned()).filter(|version| !version.is_empty());
        }
    }
    None
}

fn node_version(text: &str) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{cargo_version, contains_version, node_version, python_version, setup_version};

    #[test]
    fn a_version_is_mentioned_as_a_whole() {
        assert!(contains_version("## [1.2.0] - 2026", "1.2.0"));
        assert!(contains_version("v1.2.0\n", "1.2.0"));
        assert!(contains_version("Released 1.2.0.", "1.2.0"));
        assert!(!contains_version(
            "11.2.0 1.2.01 1.2.0.1 1.2.0rc1 3.1.2.0",
            "1.2.0"
        ));
    }

    #[test]
    fn versions_are_read_from_manifests() {
        let some = |version: &str| Some(version.to_owned());
        assert_eq!(
            cargo_version("[package]\nversion = \"1.2.3\""),
            some("1.2.3")
        );
        assert_eq!(
            cargo_version("[workspace.package]\nversion = \"0.1.0\""),
            some("0.1.0")
        );
        assert_eq!(cargo_version("[package]\nversion.workspace = true"), None);
        assert_eq!(python_version("[project]\nversion = \"2.0\""), some("2.0"));
        assert_eq!(python_version("[project]\ndynamic = [\"version\"]"), None);
        assert_eq!(python_version("not toml ["), None);
        assert_eq!(setup_version("[metadata]\nversion = 1.0\n"), some("1.0"));
        assert_eq!(setup_version("[metadata]\nversion = attr: a.b\n"), None);
        assert_eq!(node_version("{\"version\": \"3.0.0\"}"), some("3.0.0"));
        assert_eq!(node_version("{}"), None);
    }
}
