//! Rust: items that are bare `pub`, public members of types, and members of public traits.
//!
//! Not counted: `pub(crate)` and the like, fields and variants, implementations of traits,
//! re-exports, what is hidden from the documentation, and what macros expand to.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::item::{ItemKind, PublicItem, field_text};
use crate::language::Language;
use crate::source::ParsedFile;

pub(super) fn items(file: &ParsedFile<'_>) -> Vec<PublicItem> {
    let mut search = Search {
        file,
        private_types: private_types(file),
        items: Vec::new(),
        open: vec![Block {
            node: file.tree.root_node(),
            members_of: None,
        }],
    };
    while let Some(block) = search.open.pop() {
        search.block(&block);
    }
    search.items
}

/// Where items stand.
struct Block<'tree> {
    node: Node<'tree>,
    /// The type or trait whose members they are, and whether they are public without saying so.
    members_of: Option<(String, bool)>,
}

struct Search<'a, 'tree> {
    file: &'tree ParsedFile<'a>,
    private_types: BTreeSet<&'tree str>,
    items: Vec<PublicItem>,
    open: Vec<Block<'tree>>,
}

/// What stands before an item.
#[derive(Default)]
struct Before {
    documented: bool,
    hidden: bool,
    exported: bool,
}

impl<'tree> Search<'_, 'tree> {
    fn block(&mut self, block: &Block<'tree>) {
        let mut before = Before::default();
        let mut cursor = block.node.walk();
        for child in block.node.named_children(&mut cursor) {
            let text = self.file.text(child);
            match child.kind() {
                "line_comment" | "block_comment" => before.documented |= is_outer_doc(text),
                "attribute_item" => {
                    let inside: String = text.split_whitespace().collect();
                    before.documented |= inside.starts_with("#[doc=");
                    before.hidden |= inside.starts_with("#[doc(hidden");
                    before.exported |= inside.starts_with("#[macro_export");
                }
                "inner_attribute_item" => {}
                _ => {
                    let before = std::mem::take(&mut before);
                    if !before.hidden && !self.file.is_test(child.start_byte()) {
                        self.item(child, &before, block);
                    }
                }
            }
        }
    }

    fn item(&mut self, node: Node<'tree>, before: &Before, block: &Block<'tree>) {
        let implied = block
            .members_of
            .as_ref()
            .is_some_and(|(_, implied)| *implied);
        let public = implied || is_bare_pub(self.file, node);
        let name = field_text(self.file, node, "name").to_owned();
        let kind = match node.kind() {
            "impl_item" => {
                self.open_implementation(node);
                return;
            }
            "macro_definition" => {
                if before.exported {
                    self.add(ItemKind::Macro, name, node, before.documented);
                }
                return;
            }
            "mod_item" if public => {
                let body = node.child_by_field_name("body");
                let documented =
                    before.documented || body.is_some_and(|body| has_inner_doc(self.file, body));
                self.add(ItemKind::Module, name, node, documented);
                self.open.extend(body.map(|node| Block {
                    node,
                    members_of: None,
                }));
                return;
            }
            "trait_item" if public => {
                self.open
                    .extend(node.child_by_field_name("body").map(|body| Block {
                        node: body,
                        members_of: Some((name.clone(), true)),
                    }));
                ItemKind::Trait
            }
            "struct_item" | "enum_item" | "union_item" | "type_item" | "associated_type" => {
                ItemKind::Type
            }
            "function_item" | "function_signature_item" => ItemKind::Function,
            "const_item" | "static_item" => ItemKind::Value,
            _ => return,
        };
        if !public {
            return;
        }
        match &block.members_of {
            Some((holder, _)) => {
                let kind = if kind == ItemKind::Function {
                    ItemKind::Method
                } else {
                    kind
                };
                self.add(kind, format!("{holder}::{name}"), node, before.documented);
            }
            None => self.add(kind, name, node, before.documented),
        }
    }

    /// An implementation of a trait documents nothing of its own: the trait does.
    fn open_implementation(&mut self, node: Node<'tree>) {
        if node.child_by_field_name("trait").is_some() {
            return;
        }
        let holder = field_text(self.file, node, "type");
        let holder = holder.split('<').next().unwrap_or(holder).trim();
        if self.private_types.contains(holder) {
            return;
        }
        self.open
            .extend(node.child_by_field_name("body").map(|body| Block {
                node: body,
                members_of: Some((holder.to_owned(), false)),
            }));
    }

    fn add(&mut self, kind: ItemKind, name: String, node: Node<'_>, documented: bool) {
        self.items
            .push(PublicItem::new(kind, name, node, documented));
    }
}

/// Whether a Rust file opens with documentation of its module. Other languages have no such mark.
#[must_use]
pub fn opens_with_documentation(file: &ParsedFile<'_>) -> bool {
    file.source.language == Language::Rust && has_inner_doc(file, file.tree.root_node())
}

/// Whether a file or an inline module opens with `//!` or `#![doc = ..]`.
fn has_inner_doc(file: &ParsedFile<'_>, block: Node<'_>) -> bool {
    let mut cursor = block.walk();
    for child in block.named_children(&mut cursor) {
        let text = file.text(child);
        match child.kind() {
            "line_comment" | "block_comment" => {
                if text.starts_with("//!") || text.starts_with("/*!") {
                    return true;
                }
            }
            "inner_attribute_item" => {
                let inside: String = text.split_whitespace().collect();
                if inside.starts_with("#![doc=") {
                    return true;
                }
            }
            _ => return false,
        }
    }
    false
}

/// Types of this file that are not public; their public methods are no public items.
fn private_types<'a>(file: &'a ParsedFile<'_>) -> BTreeSet<&'a str> {
    let root = file.tree.root_node();
    let mut cursor = root.walk();
    root.named_children(&mut cursor)
        .filter(|node| matches!(node.kind(), "struct_item" | "enum_item" | "union_item"))
        .filter(|node| !is_bare_pub(file, *node))
        .map(|node| field_text(file, node, "name"))
        .collect()
}

fn is_bare_pub(file: &ParsedFile<'_>, node: Node<'_>) -> bool {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .take_while(|child| child.kind() != "block" && child.kind() != "declaration_list")
        .any(|child| child.kind() == "visibility_modifier" && file.text(child) == "pub")
}

fn is_outer_doc(comment: &str) -> bool {
    (comment.starts_with("///") && !comment.starts_with("////"))
        || (comment.starts_with("/**") && !comment.starts_with("/***") && comment != "/**/")
}
