//! Slow patterns of Rust.

use tree_sitter::Node;

use super::context::{Context, Kind, callee};
use super::rule::{
    ASYNC_BLOCKING, AWAIT_IN_LOOP, CLONE_IN_LOOP, COLLECT_TO_COUNT, FRONT_OF_LIST, REGEX_IN_LOOP,
    SlowPattern,
};
use crate::source::ParsedFile;

pub(super) fn kind<'t>(_: &ParsedFile<'_>, node: Node<'t>) -> Kind<'t> {
    match node.kind() {
        "function_item" => {
            let mut cursor = node.walk();
            let modifiers = node
                .children(&mut cursor)
                .find(|child| child.kind() == "function_modifiers");
            let is_async = modifiers.is_some_and(|it| {
                let mut cursor = it.walk();
                it.children(&mut cursor).any(|word| word.kind() == "async")
            });
            Kind::Function(is_async)
        }
        "async_block" => Kind::Function(true),
        "closure_expression" => Kind::Function(false),
        "for_expression" | "while_expression" | "loop_expression" => {
            Kind::Loop(node.child_by_field_name("body"))
        }
        _ => Kind::Plain,
    }
}

pub(super) fn check(
    file: &ParsedFile<'_>,
    node: Node<'_>,
    context: Context,
) -> Option<SlowPattern> {
    if node.kind() == "await_expression" {
        // A loop that takes one message after another is what async code is made of.
        let is_for = enclosing_loop(node).is_some_and(|it| it.kind() == "for_expression");
        return (context.in_loop && is_for).then_some(AWAIT_IN_LOOP);
    }
    if node.kind() != "call_expression" {
        return None;
    }
    let callee = callee(file, node)?;
    let first = node.child_by_field_name("arguments")?.named_child(0);
    if context.in_async && is_blocking(callee) {
        return Some(ASYNC_BLOCKING);
    }
    let (receiver, method) = callee.rsplit_once('.').unwrap_or(("", callee));
    if matches!(method, "len" | "is_empty" | "count")
        && receiver.trim_end().ends_with("collect::<Vec<_>>()")
    {
        return Some(COLLECT_TO_COUNT);
    }
    if !context.in_loop {
        return None;
    }
    let is_nought = first.is_some_and(|first| file.text(first) == "0");
    match method {
        "remove" | "insert" if is_nought => Some(FRONT_OF_LIST),
        "clone" if is_large(receiver) => Some(CLONE_IN_LOOP),
        _ if matches!(callee, "Regex::new" | "regex::Regex::new") => Some(REGEX_IN_LOOP),
        _ => None,
    }
}

/// Names that usually hold much; most clones are of numbers and shared pointers.
fn is_large(receiver: &str) -> bool {
    let name = receiver.rsplit(['.', ' ', '&']).next().unwrap_or(receiver);
    [
        "map", "list", "items", "entries", "buffer", "body", "text", "rows", "records", "config",
    ]
    .iter()
    .any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

fn is_blocking(callee: &str) -> bool {
    let callee = callee.strip_prefix("::").unwrap_or(callee);
    matches!(callee, "std::thread::sleep" | "thread::sleep")
        || callee
            .strip_prefix("std::fs::")
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        || callee.starts_with("std::net::TcpStream::connect")
        || callee.starts_with("reqwest::blocking::")
}

fn enclosing_loop(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = node.parent();
    while let Some(it) = at {
        if matches!(
            it.kind(),
            "for_expression" | "while_expression" | "loop_expression"
        ) {
            return Some(it);
        }
        at = it.parent();
    }
    None
}
