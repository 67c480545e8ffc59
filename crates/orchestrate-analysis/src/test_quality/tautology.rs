//! Assertions of Python that hold whatever the product does: `x == x`, `anything or True`.
//!
//! Operands that call something are left alone: two equal calls may be a claim that results are stable.

use tree_sitter::Node;

use super::walk::walk;
use crate::source::ParsedFile;

/// Whether an asserted expression is true by its form alone.
pub(super) fn is_tautology(file: &ParsedFile<'_>, expression: Node<'_>) -> bool {
    let mut node = expression;
    loop {
        node = match node.kind() {
            "parenthesized_expression" => match node.named_child(0) {
                Some(inner) => inner,
                None => return false,
            },
            "comparison_operator" => return compares_with_itself(file, node),
            "boolean_operator" => {
                let side = |name| node.child_by_field_name(name);
                let is_or = side("operator").is_some_and(|operator| operator.kind() == "or");
                match (side("left"), side("right")) {
                    (Some(_), Some(right)) if is_or && right.kind() == "true" => return true,
                    // `a or b or c` is nested on the left.
                    (Some(left), Some(_)) if is_or => left,
                    _ => return false,
                }
            }
            kind => return kind == "true",
        };
    }
}

fn compares_with_itself(file: &ParsedFile<'_>, comparison: Node<'_>) -> bool {
    let (Some(left), Some(operator), Some(right), 3) = (
        comparison.child(0),
        comparison.child(1),
        comparison.child(2),
        comparison.child_count(),
    ) else {
        return false;
    };
    matches!(operator.kind(), "==" | "is")
        && file.text(left) == file.text(right)
        && !walk(left).any(|visit| matches!(visit.node.kind(), "call" | "await"))
}
