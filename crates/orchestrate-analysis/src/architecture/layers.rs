//! Layers: directories from top to bottom, of which a lower one may not import from a higher one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resolve::Edge;

/// Directories from the highest layer to the lowest. Modules outside of all of them are free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    directories: Vec<String>,
}

/// An import from a lower layer into a higher one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayerViolation {
    /// The file in which it stands.
    pub path: String,
    /// Its line, from 1.
    pub line: u32,
    /// The layer that imports.
    pub lower: String,
    /// The layer that is imported from.
    pub higher: String,
    /// The module that is imported.
    pub target: String,
}

impl Layers {
    /// Layers in this order.
    #[must_use]
    pub fn new(directories: impl IntoIterator<Item = String>) -> Self {
        let directories = directories
            .into_iter()
            .map(|path| path.trim_start_matches("./").trim_matches('/').to_owned())
            .filter(|path| !path.is_empty())
            .collect();
        Self { directories }
    }

    /// Whether there is nothing to hold to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directories.is_empty()
    }

    /// Layers in which none of these modules lies: probably a slip of the pen.
    pub(super) fn without_modules<'m>(
        &self,
        modules: impl Iterator<Item = &'m str> + Clone,
    ) -> Vec<String> {
        self.directories
            .iter()
            .filter(|layer| !modules.clone().any(|module| is_in(module, layer)))
            .cloned()
            .collect()
    }

    /// The layer of a module: the deepest directory that holds it.
    fn of(&self, module: &str) -> Option<(usize, &str)> {
        self.directories
            .iter()
            .enumerate()
            .filter(|(_, layer)| is_in(module, layer))
            .max_by_key(|(_, layer)| layer.len())
            .map(|(level, layer)| (level, layer.as_str()))
    }

    pub(super) fn violations(&self, edges: &[Edge]) -> Vec<LayerViolation> {
        edges
            .iter()
            .filter_map(|edge| {
                let (from, lower) = self.of(&edge.from)?;
                let (to, higher) = self.of(&edge.to)?;
                (to < from).then(|| LayerViolation {
                    path: edge.path.clone(),
                    line: edge.line,
                    lower: lower.to_owned(),
                    higher: higher.to_owned(),
                    target: edge.to.clone(),
                })
            })
            .collect()
    }
}

fn is_in(module: &str, directory: &str) -> bool {
    module
        .strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
