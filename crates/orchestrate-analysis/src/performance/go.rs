//! Slow patterns of Go.

use tree_sitter::Node;

use super::context::{Context, Kind, callee, has_string};
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
            (operator.kind() == "+=" && has_string(right)).then_some(TEXT_IN_LOOP)
        }
        "call_expression" => match callee(file, node)? {
            "regexp.MustCompile" | "regexp.Compile" | "regexp.MatchString" => Some(REGEX_IN_LOOP),
            "time.After" => Some(TIMER_IN_LOOP),
            _ => None,
        },
        _ => None,
    }
}
