//! Walks syntax trees without recursion, so that no depth of nesting can exhaust the stack.

use std::num::NonZeroU16;

use tree_sitter::{Node, TreeCursor};

/// A node, and the field of its parent that it fills.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'t> {
    pub(crate) node: Node<'t>,
    pub(crate) field: Option<NonZeroU16>,
}

impl Visit<'_> {
    /// Whether that field is one of these.
    pub(crate) fn fills(&self, names: &[&str]) -> bool {
        let language = self.node.language();
        let name = self
            .field
            .and_then(|field| language.field_name_for_id(field.get()));
        name.is_some_and(|name| names.contains(&name))
    }
}

/// The nodes below and including a node, parents first.
pub(crate) struct Walk<'t> {
    cursor: TreeCursor<'t>,
    started: bool,
    skip: bool,
}

/// Starts at a node.
pub(crate) fn walk(node: Node<'_>) -> Walk<'_> {
    Walk {
        cursor: node.walk(),
        started: false,
        skip: false,
    }
}

impl Walk<'_> {
    /// Leaves out what is below the node that was given last.
    pub(crate) fn skip_children(&mut self) {
        self.skip = true;
    }
}

impl<'t> Iterator for Walk<'t> {
    type Item = Visit<'t>;

    fn next(&mut self) -> Option<Visit<'t>> {
        let skip = std::mem::take(&mut self.skip);
        if self.started && (skip || !self.cursor.goto_first_child()) {
            while !self.cursor.goto_next_sibling() {
                if !self.cursor.goto_parent() {
                    return None;
                }
            }
        }
        self.started = true;
        Some(Visit {
            node: self.cursor.node(),
            field: self.cursor.field_id(),
        })
    }
}
