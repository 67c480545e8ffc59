//! Python: what `ruff` calls public for its rules D100 to D107.
//!
//! Modules, classes, functions and methods whose names and whose holders' names do not begin with
//! an underscore, magic methods included; top-level names only if `__all__` lists them, where a
//! module has one. Not counted: functions inside functions, overloads, overrides, setters and
//! deleters of properties, and stub files.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::item::{ItemKind, PublicItem, field_text};
use crate::source::ParsedFile;

pub(super) fn items(file: &ParsedFile<'_>) -> Vec<PublicItem> {
    let path = &file.source.path;
    if path.ends_with(".pyi") || is_private_module(path) {
        return Vec::new();
    }
    let root = file.tree.root_node();
    let module = path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut items = vec![PublicItem::new(
        ItemKind::Module,
        module,
        root,
        has_docstring(root),
    )];
    if let Some(first) = items.first_mut() {
        first.line = 1;
    }
    let exported = exported_names(file);
    let mut open: Vec<(Node<'_>, Option<String>)> = vec![(root, None)];
    while let Some((block, class)) = open.pop() {
        let mut cursor = block.walk();
        for child in block.named_children(&mut cursor) {
            let (definition, decorators) = undecorated(file, child);
            match definition.kind() {
                "class_definition" | "function_definition" => {
                    let own = field_text(file, definition, "name");
                    let body = definition.child_by_field_name("body");
                    let is_class = definition.kind() == "class_definition";
                    let listed = class.is_some()
                        || exported.as_ref().is_none_or(|names| names.contains(own));
                    if !listed || file.is_test(definition.start_byte()) {
                        continue;
                    }
                    let name = match &class {
                        Some(class) => format!("{class}.{own}"),
                        None => own.to_owned(),
                    };
                    let documented = body.is_some_and(has_docstring);
                    if is_class && !own.starts_with('_') {
                        open.extend(body.map(|body| (body, Some(name.clone()))));
                        items.push(PublicItem::new(
                            ItemKind::Type,
                            name,
                            definition,
                            documented,
                        ));
                    } else if !is_class && is_public_function(own, &decorators, class.is_some()) {
                        let kind = if class.is_some() {
                            ItemKind::Method
                        } else {
                            ItemKind::Function
                        };
                        items.push(PublicItem::new(kind, name, definition, documented));
                    }
                }
                kind if is_transparent(kind) => open.push((child, class.clone())),
                _ => {}
            }
        }
    }
    items
}

fn is_public_function(name: &str, decorators: &[&str], is_method: bool) -> bool {
    let decorated = |last: &str| {
        decorators
            .iter()
            .any(|decorator| decorator.rsplit('.').next() == Some(last))
    };
    if decorated("overload") {
        return false;
    }
    if !is_method {
        return !name.starts_with('_');
    }
    let is_magic = name.len() > 4 && name.starts_with("__") && name.ends_with("__");
    let changes_property = decorators
        .iter()
        .filter_map(|decorator| decorator.split_once('.'))
        .any(|(_, rest)| rest == "setter" || rest == "deleter");
    !decorated("override") && !changes_property && (is_magic || !name.starts_with('_'))
}

/// The definition below decorators, and the names of the decorators.
fn undecorated<'tree, 'a>(
    file: &'a ParsedFile<'_>,
    node: Node<'tree>,
) -> (Node<'tree>, Vec<&'a str>) {
    if node.kind() != "decorated_definition" {
        return (node, Vec::new());
    }
    let mut cursor = node.walk();
    let decorators = node
        .named_children(&mut cursor)
        .filter(|child| child.kind() == "decorator")
        .map(|child| {
            let text = file.text(child).trim_start_matches('@').trim();
            text.split('(').next().unwrap_or(text).trim()
        })
        .collect();
    (
        node.child_by_field_name("definition").unwrap_or(node),
        decorators,
    )
}

fn has_docstring(body: Node<'_>) -> bool {
    let mut cursor = body.walk();
    body.named_children(&mut cursor)
        .find(|child| child.kind() != "comment")
        .is_some_and(|first| {
            first.kind() == "expression_statement"
                && first
                    .named_child(0)
                    .is_some_and(|value| value.kind() == "string")
        })
}

/// The names in `__all__`, if the module has one.
fn exported_names<'a>(file: &'a ParsedFile<'_>) -> Option<BTreeSet<&'a str>> {
    let mut names: Option<BTreeSet<&str>> = None;
    let mut blocks = vec![file.tree.root_node()];
    while let Some(block) = blocks.pop() {
        let mut cursor = block.walk();
        for statement in block.named_children(&mut cursor) {
            if is_transparent(statement.kind()) {
                blocks.push(statement);
            } else if let Some(assignment) = statement.named_child(0)
                && matches!(assignment.kind(), "assignment" | "augmented_assignment")
                && field_text(file, assignment, "left") == "__all__"
            {
                let names = names.get_or_insert_default();
                names.extend(strings_in(file, assignment.child_by_field_name("right")));
            }
        }
    }
    names
}

fn strings_in<'a>(file: &'a ParsedFile<'_>, value: Option<Node<'_>>) -> Vec<&'a str> {
    let mut strings = Vec::new();
    let mut open: Vec<_> = value.into_iter().collect();
    while let Some(value) = open.pop() {
        if value.kind() == "string_content" {
            strings.push(file.text(value));
        } else {
            let mut parts = value.walk();
            open.extend(value.named_children(&mut parts));
        }
    }
    strings
}

/// Whether a statement's definitions are as public as if they stood outside of it.
fn is_transparent(kind: &str) -> bool {
    matches!(
        kind,
        "if_statement"
            | "else_clause"
            | "elif_clause"
            | "try_statement"
            | "except_clause"
            | "finally_clause"
            | "with_statement"
            | "for_statement"
            | "while_statement"
            | "block"
    )
}

/// Whether the file or a package around it begins with an underscore (`__init__` does not count).
fn is_private_module(path: &str) -> bool {
    path.split('/').any(|part| {
        let name = part.strip_suffix(".py").unwrap_or(part);
        name.starts_with('_') && !(name.starts_with("__") && name.ends_with("__"))
    })
}
