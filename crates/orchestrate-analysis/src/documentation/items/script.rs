//! JavaScript and TypeScript: exported declarations, documented by a `/** .. */` before them.
//!
//! Counted: `export` with a declaration, names in `export { .. }` that the file declares, and
//! `exports.name = ..`. Not counted: re-exports and members of classes.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::item::{ItemKind, PublicItem, field_text};
use crate::source::ParsedFile;

pub(super) fn items(file: &ParsedFile<'_>) -> Vec<PublicItem> {
    let root = file.tree.root_node();
    let listed = listed_names(file, root);
    // By name, since overloads declare one item several times.
    let mut items: BTreeMap<String, PublicItem> = BTreeMap::new();
    let mut documented = false;
    let mut cursor = root.walk();
    for child in root.named_children(&mut cursor) {
        if child.kind() == "comment" {
            documented |= is_doc(file.text(child));
            continue;
        }
        let found = if child.kind() == "export_statement" {
            exported(file, child)
        } else if child.kind() == "expression_statement" {
            assigned_export(file, child)
        } else {
            let mut found = declared(file, child);
            found.retain(|(_, name)| listed.contains(name.as_str()));
            found
        };
        for (kind, name) in found {
            items
                .entry(name.clone())
                .and_modify(|item| item.documented |= documented)
                .or_insert_with(|| PublicItem::new(kind, name, child, documented));
        }
        documented = false;
    }
    items.into_values().collect()
}

fn exported(file: &ParsedFile<'_>, export: Node<'_>) -> Vec<(ItemKind, String)> {
    if let Some(declaration) = export.child_by_field_name("declaration") {
        let found = declared(file, declaration);
        if !found.is_empty() {
            return found;
        }
        return vec![(ItemKind::Value, "default".to_owned())];
    }
    match export.child_by_field_name("value") {
        // `export default name` points to a declaration that is counted where it stands, or not at all.
        Some(value) if value.kind() != "identifier" => {
            let kind = match value.kind() {
                "arrow_function" | "function_expression" | "generator_function" => {
                    ItemKind::Function
                }
                "class" => ItemKind::Type,
                _ => ItemKind::Value,
            };
            vec![(kind, "default".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// The names that a declaration binds.
fn declared(file: &ParsedFile<'_>, node: Node<'_>) -> Vec<(ItemKind, String)> {
    let kind = match node.kind() {
        "function_declaration" | "generator_function_declaration" | "function_signature" => {
            ItemKind::Function
        }
        "class_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "type_alias_declaration"
        | "enum_declaration" => ItemKind::Type,
        "internal_module" | "module" => ItemKind::Module,
        "lexical_declaration" | "variable_declaration" => {
            let mut cursor = node.walk();
            return node
                .named_children(&mut cursor)
                .filter(|child| child.kind() == "variable_declarator")
                .map(|child| {
                    let name = field_text(file, child, "name").to_owned();
                    let is_function = child.child_by_field_name("value").is_some_and(|value| {
                        matches!(value.kind(), "arrow_function" | "function_expression")
                    });
                    let kind = if is_function {
                        ItemKind::Function
                    } else {
                        ItemKind::Value
                    };
                    (kind, name)
                })
                .collect();
        }
        _ => return Vec::new(),
    };
    vec![(kind, field_text(file, node, "name").to_owned())]
}

/// `exports.name = ..` and `module.exports.name = ..`.
fn assigned_export(file: &ParsedFile<'_>, statement: Node<'_>) -> Vec<(ItemKind, String)> {
    let Some(assignment) = statement
        .named_child(0)
        .filter(|node| node.kind() == "assignment_expression")
    else {
        return Vec::new();
    };
    let target = field_text(file, assignment, "left");
    let Some(name) = target
        .strip_prefix("module.")
        .unwrap_or(target)
        .strip_prefix("exports.")
    else {
        return Vec::new();
    };
    let kind = match assignment
        .child_by_field_name("right")
        .map(|value| value.kind())
    {
        Some("function_expression" | "arrow_function" | "generator_function") => ItemKind::Function,
        Some("class") => ItemKind::Type,
        // An alias of something declared elsewhere.
        Some("identifier" | "member_expression" | "call_expression") | None => return Vec::new(),
        Some(_) => ItemKind::Value,
    };
    vec![(kind, name.to_owned())]
}

/// Names in `export { .. }` without a source, and in `export default name`.
fn listed_names<'a>(file: &'a ParsedFile<'_>, root: Node<'_>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut cursor = root.walk();
    for export in root
        .named_children(&mut cursor)
        .filter(|child| child.kind() == "export_statement")
    {
        if export.child_by_field_name("source").is_some() {
            continue;
        }
        if let Some(value) = export
            .child_by_field_name("value")
            .filter(|value| value.kind() == "identifier")
        {
            names.insert(file.text(value));
        }
        let mut clauses = export.walk();
        for clause in export
            .named_children(&mut clauses)
            .filter(|child| child.kind() == "export_clause")
        {
            let mut specifiers = clause.walk();
            names.extend(
                clause
                    .named_children(&mut specifiers)
                    .map(|specifier| field_text(file, specifier, "name")),
            );
        }
    }
    names
}

fn is_doc(comment: &str) -> bool {
    comment.starts_with("/**") && comment != "/**/"
}
