//! The names under which tests can reach the code of a project.

use std::collections::{BTreeMap, BTreeSet};

use super::walk::walk;
use crate::language::Language;
use crate::source::{ParsedFile, Role};

/// What the project's own code is called, in each language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductNames {
    /// Paths of product files.
    pub(super) files: BTreeSet<String>,
    /// First parts of Python imports that lead to product files.
    pub(super) python: BTreeSet<String>,
    /// Names of Rust crates, with underscores.
    pub(super) crates: BTreeSet<String>,
    /// Names of JavaScript packages.
    pub(super) packages: BTreeSet<String>,
    /// Paths of Go modules.
    pub(super) modules: BTreeSet<String>,
    /// Names declared in Go product files, by directory.
    pub(super) go: BTreeMap<String, BTreeSet<String>>,
}

impl ProductNames {
    /// The names that follow from the paths of product files.
    #[must_use]
    pub fn of_paths<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let files: BTreeSet<String> = paths.into_iter().map(str::to_owned).collect();
        Self {
            python: python_roots(&files),
            files,
            ..Self::default()
        }
    }

    /// Learns the [`declarations`] of the file at `path`.
    pub fn learn(&mut self, path: &str, declared: &BTreeSet<String>) {
        if !declared.is_empty() {
            let (directory, _) = path.rsplit_once('/').unwrap_or(("", ""));
            let known = self.go.entry(directory.to_owned()).or_default();
            known.extend(declared.iter().cloned());
        }
    }

    /// A hash of all of them: what tests reach is the same as long as it is.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |kind: &str, names: &BTreeSet<String>| {
            hasher.update(kind.as_bytes());
            for name in names {
                hasher.update(name.as_bytes());
                hasher.update(&[0]);
            }
        };
        add("files", &self.files);
        add("python", &self.python);
        add("crates", &self.crates);
        add("packages", &self.packages);
        add("modules", &self.modules);
        for (directory, names) in &self.go {
            add(directory, names);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Learns the name that a manifest gives to a crate, package or module.
    pub fn learn_manifest(&mut self, path: &str, text: &str) {
        match path.rsplit('/').next().unwrap_or(path) {
            "Cargo.toml" => self
                .crates
                .extend(values(text, "name").map(|name| name.replace('-', "_"))),
            "pyproject.toml" => self
                .python
                .extend(values(text, "name").map(|name| name.replace('-', "_"))),
            "package.json" => {
                let manifest: Option<serde_json::Value> = serde_json::from_str(text).ok();
                let name = manifest
                    .as_ref()
                    .and_then(|manifest| manifest.get("name")?.as_str());
                self.packages.extend(name.map(str::to_owned));
            }
            "go.mod" => {
                let module = text
                    .lines()
                    .find_map(|line| line.trim().strip_prefix("module "));
                self.modules
                    .extend(module.map(|path| path.trim().trim_matches('"').to_owned()));
            }
            _ => {}
        }
    }

    /// Takes in what another thread learned.
    pub fn merge(&mut self, other: Self) {
        self.files.extend(other.files);
        self.python.extend(other.python);
        self.crates.extend(other.crates);
        self.packages.extend(other.packages);
        self.modules.extend(other.modules);
        for (directory, names) in other.go {
            self.go.entry(directory).or_default().extend(names);
        }
    }
}

/// The values of a key of a TOML file, wherever it stands: a name too many can only make a test look better.
fn values<'t>(text: &'t str, key: &str) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| {
        let value = line
            .trim()
            .strip_prefix(key)?
            .trim_start()
            .strip_prefix('=')?
            .trim_start();
        value.strip_prefix('"')?.split('"').next()
    })
}

/// The names at which imports of Python files can begin: the first directory of their path, the outermost package, and
/// for a file outside packages its own name.
fn python_roots(files: &BTreeSet<String>) -> BTreeSet<String> {
    let mut roots = BTreeSet::new();
    for path in files
        .iter()
        .filter(|path| path.ends_with(".py") || path.ends_with(".pyi"))
    {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_package = |directory: &str| {
            !directory.is_empty() && files.contains(&format!("{directory}/__init__.py"))
        };
        let mut outermost = None;
        let mut above = directory;
        while is_package(above) {
            outermost = Some(above);
            above = above.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        match outermost {
            Some(package) => roots.insert(package.rsplit('/').next().unwrap_or(package).to_owned()),
            None => roots.insert(name.split('.').next().unwrap_or(name).to_owned()),
        };
        // Namespace packages have no `__init__.py`; `src` and `lib` are where packages lie, not packages.
        let first = path
            .split('/')
            .find(|part| !matches!(*part, "src" | "lib" | "python"));
        if let Some(first) = first.filter(|first| *first != name) {
            roots.insert(first.to_owned());
        }
    }
    roots.remove("__init__");
    roots.remove("setup");
    roots.remove("conftest");
    roots
}

/// What a product file declares that tests see without an import, as only those of Go do.
#[must_use]
pub fn declarations(file: &ParsedFile<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if file.source.language != Language::Go || file.source.role != Role::Product {
        return names;
    }
    let mut nodes = walk(file.tree.root_node());
    while let Some(visit) = nodes.next() {
        match visit.node.kind() {
            "function_declaration"
            | "method_declaration"
            | "type_spec"
            | "type_alias"
            | "const_spec"
            | "var_spec" => {
                names.extend(
                    visit
                        .node
                        .child_by_field_name("name")
                        .map(|name| file.text(name).to_owned()),
                );
                nodes.skip_children();
            }
            _ => {}
        }
    }
    names
}
