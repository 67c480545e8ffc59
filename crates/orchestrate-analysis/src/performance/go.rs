//! Slow patterns of Go.

use tree_sitter::Node;

use super::context::{Context, Kind, callee};
use super::rule::{DEFER_IN_LOOP, REGEX_IN_LOOP, SlowPattern, TEXT_IN_LOOP, TIMER_IN_LOOP};
use crate::source::ParsedFile;

pub(super) fn kind<'t>(_: &ParsedFile<'_>, node: Node<'t>) -> Kind<'t> {
    match node.kind() {
        "function_declaration" | "method_declaration" | "func_literal" => Kind::Function(false),
        "for_statement" => Kind::Loop(node.child_by_field_name("body")),
        _ => Kind::Plain,
    }
}

pub(super) fn check(
    file: &ParsedFile<'_>,
    node: Node<'_>,
    context: Context,
) -> Option<SlowPattern> {
    if !context.in_loop {
        return None;
    }
    match node.kind() {
        "defer_statement" => Some(DEFER_IN_LOOP),
        "assignment_statement" => {
            let operator = node.child_by_field_name("operator")?;
            let right = node.child_by_field_name("right")?;
            let is_text = right
                .named_child(0)
                .is_some_and(|right| is_text(file, right));
            (operator.kind() == "+=" && is_text).then_some(TEXT_IN_LOOP)
        }
        "call_expression" => match callee(file, node)? {
            "regexp.MustCompile" | "regexp.Compile" | "regexp.MatchString" => {
                let first = node.child_by_field_name("arguments")?.named_child(0)?;
                is_text(file, first).then_some(REGEX_IN_LOOP)
            }
            "time.After" => Some(TIMER_IN_LOOP),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression is a text, as far as it shows.
fn is_text(file: &ParsedFile<'_>, node: Node<'_>) -> bool {
    let side = |name| node.child_by_field_name(name);
    match node.kind() {
        "interpreted_string_literal" | "raw_string_literal" => true,
        "binary_expression" => {
            let left = side("left").is_some_and(|left| is_text(file, left));
            left || side("right").is_some_and(|right| is_text(file, right))
        }
        "call_expression" => callee(file, node) == Some("fmt.Sprintf"),
        _ => false,
    }
}
