//! The languages that are analysed, and how a path is recognised as one of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language that this crate parses and measures.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Language {
    /// Rust, `.rs`.
    Rust,
    /// Python, `.py` and `.pyi`.
    Python,
    /// JavaScript, `.js`, `.jsx`, `.mjs`, `.cjs`.
    #[serde(rename = "javascript")]
    JavaScript,
    /// TypeScript, `.ts`, `.tsx`, `.mts`, `.cts`.
    #[serde(rename = "typescript")]
    TypeScript,
    /// Go, `.go`.
    Go,
}

impl Language {
    /// All of them, in the order in which reports name them.
    pub const ALL: [Self; 5] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Go,
    ];

    /// The name as reports print it, for example `Rust`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::Go => "Go",
        }
    }

    /// The language of a file by the ending of its path; `None` for anything that is not analysed.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        Some(match ending {
            "rs" => Self::Rust,
            "py" | "pyi" => Self::Python,
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "tsx" | "mts" | "cts" => Self::TypeScript,
            "go" => Self::Go,
            _ => return None,
        })
    }

    /// The grammar that parses a file of this language at `path` (TSX has one of its own).
    #[must_use]
    pub fn grammar(self, path: &str) -> tree_sitter::Language {
        match self {
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript if path.ends_with(".tsx") => {
                tree_sitter_typescript::LANGUAGE_TSX.into()
            }
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
        }
    }
}
