//! Python: `import` and `from`, at the top, in functions, and for type checkers only.

use tree_sitter::Node;

use super::line_of;
use crate::architecture::import::{Import, When};
use crate::source::ParsedFile;
use crate::test_quality::walk;

pub(super) fn imports(file: &ParsedFile<'_>) -> Vec<Import> {
    let mut found = Vec::new();
    // Ends of the function and of the type checking block that the walk is in.
    let (mut in_function, mut in_types) = (0, 0);
    let mut nodes = walk(file.tree.root_node());
    while let Some(visit) = nodes.next() {
        let node = visit.node;
        match node.kind() {
            "function_definition" => in_function = in_function.max(node.end_byte()),
            "if_statement" => {
                let condition = node.child_by_field_name("condition");
                if condition.is_some_and(|it| file.text(it).contains("TYPE_CHECKING"))
                    && let Some(block) = node.child_by_field_name("consequence")
                {
                    in_types = in_types.max(block.end_byte());
                }
            }
            "import_statement" | "import_from_statement" => {
                let at = node.start_byte();
                if !file.is_test(at) {
                    let when = if at < in_types {
                        When::Types
                    } else if at < in_function {
                        When::Call
                    } else {
                        When::Load
                    };
                    read(file, node, when, &mut found);
                }
                nodes.skip_children();
            }
            // Nothing is imported inside an expression.
            "expression_statement"
            | "call"
            | "return_statement"
            | "decorator"
            | "parameters"
            | "comment"
            | "argument_list" => nodes.skip_children(),
            _ => {}
        }
    }
    found
}

fn read(file: &ParsedFile<'_>, node: Node<'_>, when: When, found: &mut Vec<Import>) {
    let line = line_of(node);
    let module = node.child_by_field_name("module_name");
    let mut cursor = node.walk();
    let names: Vec<&str> = node
        .children_by_field_name("name", &mut cursor)
        .filter_map(|name| {
            let name = match name.kind() {
                "aliased_import" => name.child_by_field_name("name")?,
                _ => name,
            };
            Some(file.text(name))
        })
        .collect();
    let mut add = |target: String| found.push(Import { target, line, when });
    match module.map(|module| file.text(module)) {
        None => names.into_iter().for_each(|name| add(name.to_owned())),
        Some(module) if names.is_empty() => add(module.to_owned()),
        Some(module) => names
            .into_iter()
            .for_each(|name| add(format!("{module}:{name}"))),
    }
}
