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
    /// Learns the names of product files from their paths and, for Go, from their declarations.
    #[must_use]
    pub fn of<'f, 's: 'f>(files: impl IntoIterator<Item = &'f ParsedFile<'s>>) -> Self {
        let mut names = Self::default();
        for file in files
            .into_iter()
            .filter(|file| file.source.role == Role::Product)
        {
            names.files.insert(file.source.path.clone());
            if file.source.language == Language::Go {
                let (directory, _) = file.source.path.rsplit_once('/').unwrap_or(("", ""));
                names
                    .go
                    .entry(directory.to_owned())
                    .or_default()
                    .extend(go_declarations(file));
            }
        }
        names.python = python_roots(&names.files);
        names
    }

    /// Adds the name of a crate of the project, as its manifest writes it.
    #[must_use]
    pub fn with_crate(mut self, name: &str) -> Self {
        self.crates.insert(name.replace('-', "_"));
        self
    }

    /// Adds the name of a package of the project, as `package.json` writes it.
    #[must_use]
    pub fn with_package(mut self, name: &str) -> Self {
        self.packages.insert(name.to_owned());
        self
    }

    /// Adds the path of a module of the project, as `go.mod` writes it.
    #[must_use]
    pub fn with_module(mut self, path: &str) -> Self {
        self.modules.insert(path.to_owned());
        self
    }

    /// Adds a name under which Python code of the project is imported.
    #[must_use]
    pub fn with_python(mut self, name: &str) -> Self {
        self.python.insert(name.to_owned());
        self
    }
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

fn go_declarations(file: &ParsedFile<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
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
