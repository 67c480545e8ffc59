//! Rust: paths from the root of a crate, from the module itself, or into another crate of the workspace.

use std::collections::HashMap;

use super::edges::{Project, join};
use crate::architecture::import::Import;
use crate::language::Language;
use crate::scan::FileFacts;

/// Modules of all crates.
pub(super) struct Crates {
    /// File by crate and path of the module; the path of the root is empty.
    files: HashMap<(String, String), String>,
    /// Crate and path of the module of a file.
    of_file: HashMap<String, (String, String)>,
}

impl Crates {
    pub(super) fn of(project: &Project<'_>) -> Self {
        let mut crates: Vec<(String, String)> = Vec::new();
        for directory in project.directories(&[Language::Rust]) {
            let Some(manifest) = project.manifest(&join(&directory, "Cargo.toml")) else {
                continue;
            };
            if let Some(name) = crate_name(&manifest) {
                crates.push((directory, name));
            }
        }
        crates.sort_by_key(|(directory, _)| std::cmp::Reverse(directory.len()));
        let mut all = Self {
            files: HashMap::new(),
            of_file: HashMap::new(),
        };
        for path in project.of_language(&[Language::Rust]) {
            let held = crates.iter().find(|(directory, _)| {
                directory.is_empty() || path.starts_with(&format!("{directory}/"))
            });
            let Some((directory, name)) = held else {
                continue;
            };
            let below = path
                .get(directory.len()..)
                .unwrap_or(path)
                .trim_start_matches('/');
            let Some(below) = below.strip_prefix("src/") else {
                continue;
            };
            let module = module_path(below);
            // A program beside the library is a crate of its own.
            let name = if below == "main.rs" && project.has(&join(directory, "src/lib.rs")) {
                format!("{name} (program)")
            } else {
                name.clone()
            };
            all.of_file
                .insert(path.to_owned(), (name.clone(), module.clone()));
            all.files
                .entry((name, module))
                .or_insert_with(|| path.to_owned());
        }
        all
    }

    pub(super) fn resolve(&self, file: &FileFacts, import: &Import) -> Option<String> {
        let (own, module) = self.of_file.get(&file.path)?;
        let mut parts: Vec<&str> = import.target.split("::").collect();
        let first = *parts.first()?;
        let (name, mut path) = match first {
            "crate" => {
                parts.remove(0);
                (own.clone(), Vec::new())
            }
            "self" | "super" => {
                let mut path: Vec<&str> = split(module);
                while let Some(word @ ("self" | "super")) = parts.first().copied() {
                    if word == "super" {
                        path.pop()?;
                    }
                    parts.remove(0);
                }
                (own.clone(), path)
            }
            // A child of this module, or another crate.
            _ if self.is_module(own, &[split(module), vec![first]].concat()) => {
                (own.clone(), split(module))
            }
            _ => {
                parts.remove(0);
                self.files.get(&(first.to_owned(), String::new()))?;
                (first.to_owned(), Vec::new())
            }
        };
        path.extend(parts);
        // What follows the module are items in it.
        loop {
            if let Some(file) = self.files.get(&(name.clone(), path.join("::"))) {
                return Some(file.clone());
            }
            path.pop()?;
        }
    }

    fn is_module(&self, name: &str, path: &[&str]) -> bool {
        self.files.contains_key(&(name.to_owned(), path.join("::")))
    }
}

fn split(module: &str) -> Vec<&str> {
    module.split("::").filter(|part| !part.is_empty()).collect()
}

fn module_path(below: &str) -> String {
    let path = below.strip_suffix(".rs").unwrap_or(below);
    match path {
        "lib" | "main" => String::new(),
        _ => path.strip_suffix("/mod").unwrap_or(path).replace('/', "::"),
    }
}

fn crate_name(manifest: &str) -> Option<String> {
    let manifest: toml::Table = manifest.parse().ok()?;
    let named = |table: &str| {
        manifest
            .get(table)?
            .get("name")?
            .as_str()
            .map(str::to_owned)
    };
    let package = named("package")?;
    Some(named("lib").unwrap_or(package).replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_paths_of_their_modules() {
        for (file, module) in [
            ("lib.rs", ""),
            ("a.rs", "a"),
            ("a/mod.rs", "a"),
            ("a/b.rs", "a::b"),
        ] {
            assert_eq!(module_path(file), module);
        }
    }
}
