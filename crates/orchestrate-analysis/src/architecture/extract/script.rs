//! JavaScript and TypeScript: `import`, `export … from`, `require` and `import()`.

use tree_sitter::Node;

use super::line_of;
use crate::architecture::import::{Import, When};
use crate::source::ParsedFile;
use crate::test_quality::walk;

pub(super) fn imports(file: &ParsedFile<'_>) -> Vec<Import> {
    let mut found = Vec::new();
    let root = file.tree.root_node();
    let mut cursor = root.walk();
    for statement in root.named_children(&mut cursor) {
        if matches!(statement.kind(), "import_statement" | "export_statement")
            && let Some(source) = statement.child_by_field_name("source")
        {
            let only_types = statement.child(1).is_some_and(|word| word.kind() == "type");
            let when = if only_types { When::Types } else { When::Load };
            found.push(import(file, source, when));
        }
    }
    let text = &file.source.text;
    if text.contains("require(") || text.contains("import(") {
        calls(file, root, &mut found);
        found.sort_by_key(|import| import.line);
    }
    found
}

fn calls(file: &ParsedFile<'_>, root: Node<'_>, found: &mut Vec<Import>) {
    let mut in_function = 0;
    for visit in walk(root) {
        let node = visit.node;
        match node.kind() {
            "function_declaration"
            | "function_expression"
            | "arrow_function"
            | "method_definition"
            | "generator_function"
            | "generator_function_declaration" => {
                in_function = in_function.max(node.end_byte());
            }
            "call_expression" => {
                let callee = node.child_by_field_name("function").map(|it| file.text(it));
                let argument = node
                    .child_by_field_name("arguments")
                    .and_then(|arguments| arguments.named_child(0))
                    .filter(|argument| argument.kind() == "string");
                if let (Some(callee @ ("require" | "import")), Some(argument)) = (callee, argument)
                {
                    let later = callee == "import" || node.start_byte() < in_function;
                    let when = if later { When::Call } else { When::Load };
                    found.push(import(file, argument, when));
                }
            }
            _ => {}
        }
    }
}

fn import(file: &ParsedFile<'_>, string: Node<'_>, when: When) -> Import {
    Import {
        target: file.text(string).trim_matches(['"', '\'', '`']).to_owned(),
        line: line_of(string),
        when,
    }
}
