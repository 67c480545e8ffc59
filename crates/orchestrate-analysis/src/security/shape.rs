//! The few shapes of code that the data-flow pass understands; each language maps its syntax onto them.

use tree_sitter::Node;

use super::value::Constant;

/// One argument of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument<'t> {
    /// The keyword, where the language has them.
    pub(super) name: Option<&'t str>,
    pub(super) value: Node<'t>,
}

/// A node as the data-flow pass sees it.
#[derive(Debug)]
pub(super) enum Shape<'t> {
    /// A literal.
    Constant(Constant),
    /// A name, possibly with a path before it.
    Name,
    /// `object.field`.
    Member { object: Node<'t>, field: Node<'t> },
    /// `object[index]`.
    Index { object: Node<'t>, index: Node<'t> },
    /// `callee(arguments)`.
    Call {
        callee: Node<'t>,
        arguments: Vec<Argument<'t>>,
    },
    /// Text put together from pieces.
    Build(Vec<Node<'t>>),
    /// Literal text inside a larger one; its value is the text of the node.
    Piece,
    /// A macro over a token tree, with its name: every name in the tokens is a piece.
    Macro { name: Node<'t>, tokens: Node<'t> },
    /// An operator with two operands.
    Binary {
        operator: &'t str,
        left: Node<'t>,
        right: Node<'t>,
    },
    /// The value is one of these.
    Any(Vec<Node<'t>>),
    /// These are looked at; the value is harmless (a comparison, a negation).
    Harmless(Vec<Node<'t>>),
    /// A container with its entries.
    Collect(Vec<(Option<Node<'t>>, Node<'t>)>),
    /// A function with its body.
    Function { body: Node<'t> },
    /// Targets get the value; `adds` for `+=`.
    Assign {
        targets: Vec<Node<'t>>,
        values: Vec<Node<'t>>,
        adds: bool,
    },
    /// A condition with its branches.
    If {
        /// What runs before the condition.
        first: Option<Node<'t>>,
        condition: Node<'t>,
        then: Option<Node<'t>>,
        otherwise: Vec<Node<'t>>,
    },
    /// Something that runs any number of times; `target` gets the parts of `over`.
    Loop {
        target: Option<Node<'t>>,
        over: Option<Node<'t>>,
        body: Vec<Node<'t>>,
    },
    /// `subject` decides which of the arms runs.
    Choice {
        subject: Option<Node<'t>>,
        arms: Vec<Node<'t>>,
    },
    /// Leaves the function with a value.
    Return(Vec<Node<'t>>),
    /// Leaves the block without one.
    Exit(Vec<Node<'t>>),
    /// Brings names in.
    Import,
    /// Nothing in it runs.
    Skip,
    /// Its children, one after another; the value is the last one's.
    Block,
}

/// The named children of a node.
pub(super) fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !child.is_extra())
        .collect()
}

/// The children of a node under one field name.
pub(super) fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor)
        .filter(Node::is_named)
        .collect()
}

/// The child of a node under a field name.
pub(super) fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

/// The text of a node.
pub(super) fn text_of<'t>(text: &'t str, node: Node<'_>) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// `left operator right`, by the field names that every grammar uses.
pub(super) fn binary<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    match (
        field(node, "left"),
        field(node, "operator"),
        field(node, "right"),
    ) {
        (Some(left), Some(operator), Some(right)) => Shape::Binary {
            operator: text_of(text, operator),
            left,
            right,
        },
        _ => Shape::Block,
    }
}

/// `object.field`, by the names of the two in the grammar.
pub(super) fn member<'t>(node: Node<'t>, object: &str, name: &str) -> Shape<'t> {
    match (field(node, object), field(node, name)) {
        (Some(object), Some(field)) => Shape::Member { object, field },
        _ => Shape::Block,
    }
}

/// `object[index]`, by the names of the two in the grammar.
pub(super) fn index<'t>(node: Node<'t>, object: &str, index: &str) -> Shape<'t> {
    match (field(node, object), field(node, index)) {
        (Some(object), Some(index)) => Shape::Index { object, index },
        _ => Shape::Block,
    }
}

/// Arguments without keywords.
pub(super) fn positional<'t>(list: Option<Node<'t>>) -> Vec<Argument<'t>> {
    list.map(children)
        .unwrap_or_default()
        .into_iter()
        .map(|value| Argument { name: None, value })
        .collect()
}

/// The line of a node, from 1.
pub(super) fn line_of(node: Node<'_>) -> u32 {
    u32::try_from(node.start_position().row).map_or(u32::MAX, |row| row.saturating_add(1))
}

/// A whole number as the languages write them: decimal, `0x`, `0o`, `0b`, C octal, with `_`.
pub(super) fn number(text: &str) -> Option<i64> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let plain = plain.trim_end_matches(['n', 'L']);
    let lower = plain.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok();
        }
    }
    if let Some(digits) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        return i64::from_str_radix(digits, 8).ok();
    }
    lower.parse().ok()
}
