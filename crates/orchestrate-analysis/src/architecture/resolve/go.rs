//! Go: import paths below the path of a module of the project.

use super::edges::{Project, join};
use crate::architecture::import::Import;
use crate::language::Language;

/// Paths of modules with the directories of their `go.mod`, the longest first.
pub(super) struct GoModules {
    modules: Vec<(String, String)>,
    directories: std::collections::BTreeSet<String>,
}

impl GoModules {
    pub(super) fn of(project: &Project<'_>) -> Self {
        let mut modules = Vec::new();
        for directory in project.directories(&[Language::Go]) {
            let manifest = project.manifest(&join(&directory, "go.mod"));
            let name = manifest.as_ref().and_then(|text| {
                text.lines()
                    .find_map(|line| line.trim().strip_prefix("module "))
            });
            if let Some(name) = name {
                let name = name.split("//").next().unwrap_or(name);
                modules.push((name.trim().trim_matches('"').to_owned(), directory));
            }
        }
        modules.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let directories = project
            .of_language(&[Language::Go])
            .map(|path| super::edges::directory(path).to_owned())
            .collect();
        Self {
            modules,
            directories,
        }
    }

    pub(super) fn resolve(&self, _: &Project<'_>, import: &Import) -> Option<String> {
        self.modules.iter().find_map(|(name, directory)| {
            let rest = import.target.strip_prefix(name.as_str())?;
            let rest = match rest.strip_prefix('/') {
                Some(rest) => rest,
                None if rest.is_empty() => rest,
                None => return None,
            };
            let target = join(directory, rest);
            self.directories.contains(&target).then_some(target)
        })
    }
}
