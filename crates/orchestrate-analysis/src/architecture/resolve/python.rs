//! Python: dotted names, from the outermost package or from the top of the project.

use std::collections::HashMap;

use super::edges::{Project, directory};
use crate::architecture::import::Import;
use crate::language::Language;
use crate::scan::FileFacts;

/// Dotted names of files.
pub(super) struct Names {
    by_name: HashMap<String, String>,
    name_of: HashMap<String, String>,
}

impl Names {
    pub(super) fn of(project: &Project<'_>) -> Self {
        let mut names = Self {
            by_name: HashMap::new(),
            name_of: HashMap::new(),
        };
        for path in project.of_language(&[Language::Python]) {
            let mut top = directory(path);
            while !top.is_empty() && project.has(&format!("{top}/__init__.py")) {
                top = directory(top);
            }
            let name = dotted(path.get(top.len()..).unwrap_or(path));
            names.by_name.insert(name.clone(), path.to_owned());
            names.name_of.insert(path.to_owned(), name);
        }
        // Packages without `__init__.py` are named from the top of the project, or from `src`.
        for path in project.of_language(&[Language::Python]) {
            let below = path.strip_prefix("src/").unwrap_or(path);
            names
                .by_name
                .entry(dotted(below))
                .or_insert_with(|| path.to_owned());
        }
        names
    }

    pub(super) fn resolve(&self, file: &FileFacts, import: &Import) -> Option<String> {
        let (module, name) = import
            .target
            .split_once(':')
            .unwrap_or((&import.target, ""));
        let dots = module.bytes().take_while(|byte| *byte == b'.').count();
        let module = module.get(dots..)?;
        let base = match dots {
            0 => module.to_owned(),
            dots => {
                let own = self.name_of.get(&file.path)?;
                let mut parts: Vec<&str> = own.split('.').collect();
                // A package is its own first dot; a module leaves its own name first.
                let up = dots - usize::from(file.path.ends_with("__init__.py"));
                parts.truncate(parts.len().checked_sub(up)?);
                parts.extend(module.split('.').filter(|part| !part.is_empty()));
                parts.join(".")
            }
        };
        let inner = format!("{base}.{name}");
        [inner.as_str(), base.as_str()]
            .iter()
            .find_map(|name| self.by_name.get(*name))
            .cloned()
    }
}

fn dotted(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let path = path.rsplit_once('.').map_or(path, |(path, _)| path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    path.replace('/', ".")
}
