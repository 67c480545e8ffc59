//! The imports of one parsed file, outside of its tests.

mod go;
mod python;
mod rust;
mod script;

use super::import::Import;
use crate::language::Language;
use crate::source::ParsedFile;

/// What a file imports, in the order of the text. Test code in it is left out.
#[must_use]
pub fn imports(file: &ParsedFile<'_>) -> Vec<Import> {
    match file.source.language {
        Language::Rust => rust::imports(file),
        Language::Python => python::imports(file),
        Language::JavaScript | Language::TypeScript => script::imports(file),
        Language::Go => go::imports(file),
    }
}

fn line_of(node: tree_sitter::Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).unwrap_or(u32::MAX - 1) + 1
}
