//! One file of a repository, as read, and its one parse that all measures share.

use std::ops::Range;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::inventory::role_of_path;
use crate::language::Language;

/// What part a file plays. Only `Product` counts in product figures.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Code that ships.
    Product,
    /// Tests, benches, fixtures and test data.
    Test,
    /// Examples and documentation code.
    Example,
    /// Written by a program (marked so, or minified).
    Generated,
    /// Other people's code kept in the tree.
    Vendored,
}

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Its part in the repository.
    pub role: Role,
    /// Its text; always valid UTF-8, other files are skipped with a reason.
    pub text: String,
    /// When it was last changed, where the file system says so.
    pub modified: Option<SystemTime>,
}

impl SourceFile {
    /// A file of an analysed language, with the role that its path says; `None` for other files.
    #[must_use]
    pub fn of_text(path: &str, text: &str) -> Option<Self> {
        let language = Language::of_path(path)?;
        Some(Self {
            path: path.to_owned(),
            language,
            role: role_of_path(path, Some(language)),
            text: text.to_owned(),
            modified: None,
        })
    }
}

/// A file with its syntax tree.
#[derive(Debug)]
pub struct ParsedFile<'a> {
    /// The file.
    pub source: &'a SourceFile,
    /// Its tree. It may hold error nodes: the parser recovers and goes on.
    pub tree: tree_sitter::Tree,
    /// Byte ranges that are test code inside the file: `#[cfg(test)]` modules, `#[test]` functions, `class TestX`.
    pub test_ranges: Vec<Range<usize>>,
}

impl ParsedFile<'_> {
    /// Whether the byte offset lies in test code, by the file's role or by a range inside it.
    #[must_use]
    pub fn is_test(&self, byte: usize) -> bool {
        self.source.role == Role::Test || self.test_ranges.iter().any(|range| range.contains(&byte))
    }

    /// The text of a node; empty if the node lies outside the text, which a parse of this text never gives.
    #[must_use]
    pub fn text(&self, node: tree_sitter::Node<'_>) -> &str {
        self.source.text.get(node.byte_range()).unwrap_or_default()
    }
}
