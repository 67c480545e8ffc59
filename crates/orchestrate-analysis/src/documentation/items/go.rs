//! Go: capitalised top-level declarations, documented by a comment right above them.
//!
//! A comment above a group, or above or behind a line in it, documents the line. Not counted: package `main`, which
//! nobody can import, fields, and methods of types that are not exported.

use tree_sitter::Node;

use super::item::{ItemKind, PublicItem, field_text};
use crate::source::ParsedFile;

pub(super) fn items(file: &ParsedFile<'_>) -> Vec<PublicItem> {
    let root = file.tree.root_node();
    let mut items = Vec::new();
    let mut comment_end: Option<usize> = None;
    let mut cursor = root.walk();
    for child in root.named_children(&mut cursor) {
        let documented = comment_end.take() == Some(child.start_position().row);
        match child.kind() {
            "package_clause" if file.text(child).split_whitespace().nth(1) == Some("main") => {
                return Vec::new();
            }
            "comment" => comment_end = Some(end_row(file, child) + 1),
            "function_declaration" => {
                add(
                    &mut items,
                    ItemKind::Function,
                    file,
                    child,
                    None,
                    documented,
                );
            }
            "method_declaration" => {
                let receiver = field_text(file, child, "receiver");
                let inside = receiver.trim_matches(['(', ')']);
                let holder = inside.split('[').next().unwrap_or(inside);
                let holder = holder.rsplit([' ', '*']).next().unwrap_or(holder);
                if is_exported(holder) {
                    add(
                        &mut items,
                        ItemKind::Method,
                        file,
                        child,
                        Some(holder),
                        documented,
                    );
                }
            }
            "type_declaration" | "const_declaration" | "var_declaration" => {
                group(&mut items, file, child, documented);
            }
            _ => {}
        }
    }
    items
}

fn group(
    items: &mut Vec<PublicItem>,
    file: &ParsedFile<'_>,
    declaration: Node<'_>,
    group_documented: bool,
) {
    let kind = if declaration.kind() == "type_declaration" {
        ItemKind::Type
    } else {
        ItemKind::Value
    };
    let mut open = vec![declaration];
    while let Some(list) = open.pop() {
        let mut comment_end: Option<usize> = None;
        let mut cursor = list.walk();
        for child in list.named_children(&mut cursor) {
            let documented = comment_end.take() == Some(child.start_position().row);
            match child.kind() {
                "comment" => comment_end = Some(end_row(file, child) + 1),
                "type_spec" | "type_alias" | "const_spec" | "var_spec" => {
                    let behind = child.next_named_sibling().is_some_and(|next| {
                        next.kind() == "comment"
                            && next.start_position().row == child.end_position().row
                    });
                    let documented = group_documented || documented || behind;
                    add(items, kind, file, child, None, documented);
                }
                "var_spec_list" => open.push(child),
                _ => {}
            }
        }
    }
}

/// Adds the exported names that a node declares; `a, B = 1, 2` declares two.
fn add(
    items: &mut Vec<PublicItem>,
    kind: ItemKind,
    file: &ParsedFile<'_>,
    node: Node<'_>,
    holder: Option<&str>,
    documented: bool,
) {
    let mut cursor = node.walk();
    for name in node.children_by_field_name("name", &mut cursor) {
        let own = file.text(name);
        if is_exported(own) {
            let name = match holder {
                Some(holder) => format!("{holder}.{own}"),
                None => own.to_owned(),
            };
            items.push(PublicItem::new(kind, name, node, documented));
        }
    }
}

/// The row on which the text of a comment ends; a line comment's node may reach the next row.
fn end_row(file: &ParsedFile<'_>, comment: Node<'_>) -> usize {
    comment.start_position().row + file.text(comment).trim_end().matches('\n').count()
}

fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
