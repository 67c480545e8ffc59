//! Go: the paths of its import declarations.

use super::line_of;
use crate::architecture::import::{Import, When};
use crate::source::ParsedFile;
use crate::test_quality::walk;

pub(super) fn imports(file: &ParsedFile<'_>) -> Vec<Import> {
    let mut found = Vec::new();
    let root = file.tree.root_node();
    let mut cursor = root.walk();
    for declaration in root.named_children(&mut cursor) {
        if declaration.kind() != "import_declaration" {
            continue;
        }
        for visit in walk(declaration) {
            if visit.node.kind() != "import_spec" {
                continue;
            }
            if let Some(path) = visit.node.child_by_field_name("path") {
                found.push(Import {
                    target: file.text(path).trim_matches(['"', '`']).to_owned(),
                    line: line_of(path),
                    when: When::Load,
                });
            }
        }
    }
    found
}
