//! One public item, and the choice of the language's own notion.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tree_sitter::Node;

use super::{go, python, rust, script};
use crate::language::Language;
use crate::source::ParsedFile;

/// What kind of item it is, named alike across languages.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A module, or in Python a file.
    Module,
    /// A struct, class, enum, union, interface or alias.
    Type,
    /// A trait.
    Trait,
    /// A function that belongs to no type.
    Function,
    /// A function of a type or trait.
    Method,
    /// A constant or variable.
    Value,
    /// A macro.
    Macro,
}

/// A public item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicItem {
    /// What it is.
    pub kind: ItemKind,
    /// Its name, with its type for methods.
    pub name: String,
    /// The line on which it is defined, from 1.
    pub line: u32,
    /// Whether it carries documentation.
    pub documented: bool,
}

impl PublicItem {
    pub(super) fn new(kind: ItemKind, name: String, node: Node<'_>, documented: bool) -> Self {
        let row = u32::try_from(node.start_position().row).unwrap_or(u32::MAX - 1);
        Self {
            kind,
            name,
            line: row + 1,
            documented,
        }
    }
}

/// The public items of a file outside test code, in the order of their lines.
#[must_use]
pub fn public_items(file: &ParsedFile<'_>) -> Vec<PublicItem> {
    let mut items = match file.source.language {
        Language::Rust => rust::items(file),
        Language::Python => python::items(file),
        Language::JavaScript | Language::TypeScript => script::items(file),
        Language::Go => go::items(file),
    };
    items.sort_by(|a, b| (a.line, &a.name).cmp(&(b.line, &b.name)));
    items
}

/// The text of a field of a node.
pub(super) fn field_text<'a>(file: &'a ParsedFile<'_>, node: Node<'_>, field: &str) -> &'a str {
    node.child_by_field_name(field)
        .map(|child| file.text(child))
        .unwrap_or_default()
}
