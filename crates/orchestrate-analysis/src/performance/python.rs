//! Slow patterns of Python.

use tree_sitter::Node;

use super::context::{Context, Kind, callee, has_string};
use super::rule::{
    ASYNC_BLOCKING, AWAIT_IN_LOOP, FRONT_OF_LIST, REGEX_IN_LOOP, ROWS_ONE_BY_ONE, SlowPattern,
    TEXT_IN_LOOP,
};
use crate::source::ParsedFile;

/// Calls that block a thread.
const BLOCKING: [&str; 12] = [
    "time.sleep",
    "requests.get",
    "requests.post",
    "requests.put",
    "requests.delete",
    "requests.request",
    "urllib.request.urlopen",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "os.system",
];

pub(super) fn kind<'t>(_: &ParsedFile<'_>, node: Node<'t>) -> Kind<'t> {
    match node.kind() {
        "function_definition" => {
            Kind::Function(node.child(0).is_some_and(|first| first.kind() == "async"))
        }
        "lambda" => Kind::Function(false),
        "for_statement" | "while_statement" => Kind::Loop(node.child_by_field_name("body")),
        _ => Kind::Plain,
    }
}

pub(super) fn check(
    file: &ParsedFile<'_>,
    node: Node<'_>,
    context: Context,
) -> Option<SlowPattern> {
    match node.kind() {
        "await" => context.in_loop.then_some(AWAIT_IN_LOOP),
        "augmented_assignment" if context.in_loop => {
            let right = node.child_by_field_name("right")?;
            let operator = node.child_by_field_name("operator")?;
            let is_text = matches!(right.kind(), "string" | "concatenated_string")
                || (right.kind() == "binary_operator" && has_string(right));
            (operator.kind() == "+=" && is_text).then_some(TEXT_IN_LOOP)
        }
        "call" => {
            let callee = callee(file, node)?;
            if context.in_async && BLOCKING.contains(&callee) {
                return Some(ASYNC_BLOCKING);
            }
            if callee.ends_with(".iterrows") {
                return Some(ROWS_ONE_BY_ONE);
            }
            if !context.in_loop {
                return None;
            }
            let arguments = node.child_by_field_name("arguments")?;
            let first = arguments.named_child(0);
            let is_nought = first.is_some_and(|first| file.text(first) == "0");
            // A constant expression is the same each turn; `re` keeps a few, at the price of a look-up.
            let is_constant = first.is_some_and(|first| first.kind() == "string");
            match callee {
                "re.compile" if is_constant => Some(REGEX_IN_LOOP),
                _ if is_nought && (callee.ends_with(".pop") || callee.ends_with(".insert")) => {
                    Some(FRONT_OF_LIST)
                }
                _ => None,
            }
        }
        _ => None,
    }
}
