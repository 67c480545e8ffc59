//! The modules of a project and the imports between them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{go, python, rust, script};
use crate::architecture::import::{Import, When};
use crate::inventory::read_bytes;
use crate::language::Language;
use crate::scan::{FileFacts, Snapshot};

/// Larger manifests are not read, in bytes.
const MAX_MANIFEST: u64 = 1 << 20;

/// An import between two modules of the project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::architecture) struct Edge {
    /// The module that imports, by its name in the graph: the path of a file, or of a directory for Go.
    pub(in crate::architecture) from: String,
    pub(in crate::architecture) to: String,
    /// The file in which it stands.
    pub(in crate::architecture) path: String,
    pub(in crate::architecture) line: u32,
    pub(in crate::architecture) when: When,
    pub(in crate::architecture) language: Language,
}

/// The product files of a project, as its imports see them.
pub(super) struct Project<'s> {
    root: &'s Path,
    files: BTreeMap<&'s str, &'s FileFacts>,
}

/// The modules of the product, and the imports between them. Nothing imports itself.
pub(in crate::architecture) fn edges(
    root: &Path,
    snapshot: &Snapshot,
) -> (BTreeSet<String>, Vec<Edge>) {
    let project = Project {
        root,
        files: snapshot
            .product()
            .map(|file| (file.path.as_str(), file))
            .collect(),
    };
    let python = python::Names::of(&project);
    let rust = rust::Crates::of(&project);
    let go = go::GoModules::of(&project);
    let script = script::Packages::of(&project);
    let mut modules = BTreeSet::new();
    let mut edges = BTreeSet::new();
    for file in project.files.values() {
        let from = module_of(file);
        for import in &file.imports {
            let to = match file.language {
                Language::Python => python.resolve(file, import),
                Language::Rust => rust.resolve(file, import),
                Language::Go => go.resolve(&project, import),
                Language::JavaScript | Language::TypeScript => {
                    script.resolve(&project, file, import)
                }
            };
            let Some(to) = to.filter(|to| *to != from) else {
                continue;
            };
            edges.insert(edge(file, import, &from, to));
        }
        modules.insert(from);
    }
    (modules, edges.into_iter().collect())
}

fn edge(file: &FileFacts, import: &Import, from: &str, to: String) -> Edge {
    Edge {
        from: from.to_owned(),
        to,
        path: file.path.clone(),
        line: import.line,
        when: import.when,
        language: file.language,
    }
}

/// The name of a file's module in the graph.
fn module_of(file: &FileFacts) -> String {
    match file.language {
        Language::Go => directory(&file.path).to_owned(),
        _ => file.path.clone(),
    }
}

pub(in crate::architecture) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

pub(super) fn join(directory: &str, rest: &str) -> String {
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Project<'_> {
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(super) fn of_language(&self, languages: &[Language]) -> impl Iterator<Item = &str> {
        self.files
            .values()
            .filter(move |file| languages.contains(&file.language))
            .map(|file| file.path.as_str())
    }

    /// The directories of files and all above them, the root included.
    pub(super) fn directories(&self, languages: &[Language]) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for path in self.of_language(languages) {
            let mut directory = directory(path);
            while all.insert(directory.to_owned()) && !directory.is_empty() {
                directory = self::directory(directory);
            }
        }
        all
    }

    /// The text of a manifest, if there is one that can be read.
    pub(super) fn manifest(&self, path: &str) -> Option<String> {
        let bytes = read_bytes(&self.root.join(path), MAX_MANIFEST).ok()?;
        String::from_utf8(bytes).ok()
    }
}
