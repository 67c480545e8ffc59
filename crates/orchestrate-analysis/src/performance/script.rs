//! Slow patterns of JavaScript and TypeScript.

use tree_sitter::Node;

use super::context::{Context, Kind, callee, has_string};
use super::rule::{
    ASYNC_BLOCKING, ASYNC_FOR_EACH, AWAIT_IN_LOOP, FRONT_OF_LIST, JSON_COPY, REGEX_IN_LOOP,
    SPREAD_IN_REDUCE, SlowPattern, TEXT_IN_LOOP,
};
use crate::source::ParsedFile;
use crate::test_quality::walk;

pub(super) fn kind<'t>(_: &ParsedFile<'_>, node: Node<'t>) -> Kind<'t> {
    match node.kind() {
        "function_declaration"
        | "function_expression"
        | "arrow_function"
        | "method_definition"
        | "generator_function"
        | "generator_function_declaration" => Kind::Function(is_async(node)),
        "for_statement" | "for_in_statement" | "while_statement" | "do_statement" => {
            Kind::Loop(node.child_by_field_name("body"))
        }
        _ => Kind::Plain,
    }
}

fn is_async(node: Node<'_>) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor)
        .any(|child| child.kind() == "async")
}

pub(super) fn check(
    file: &ParsedFile<'_>,
    node: Node<'_>,
    context: Context,
) -> Option<SlowPattern> {
    match node.kind() {
        // `for await` waits by design.
        "await_expression" => context.in_loop.then_some(AWAIT_IN_LOOP),
        "augmented_assignment_expression" if context.in_loop => {
            let right = node.child_by_field_name("right")?;
            let operator = node.child_by_field_name("operator")?;
            let is_text = matches!(
                right.kind(),
                "string" | "template_string" | "binary_expression"
            ) && has_string(right);
            (operator.kind() == "+=" && is_text).then_some(TEXT_IN_LOOP)
        }
        "new_expression" if context.in_loop => {
            let constructor = node.child_by_field_name("constructor")?;
            let first = node.child_by_field_name("arguments")?.named_child(0)?;
            let is_constant = first.kind() == "string";
            (file.text(constructor) == "RegExp" && is_constant).then_some(REGEX_IN_LOOP)
        }
        "call_expression" => call(file, node, context),
        _ => None,
    }
}

fn call(file: &ParsedFile<'_>, node: Node<'_>, context: Context) -> Option<SlowPattern> {
    let callee = callee(file, node)?;
    let method = callee.rsplit('.').next()?;
    let first = node.child_by_field_name("arguments")?.named_child(0);
    match method {
        "forEach" => first
            .filter(|first| is_async(*first))
            .map(|_| ASYNC_FOR_EACH),
        "parse" if callee == "JSON.parse" => first
            .filter(|first| first.kind() == "call_expression")
            .and_then(|first| self::callee(file, first))
            .filter(|inner| *inner == "JSON.stringify")
            .map(|_| JSON_COPY),
        "reduce" => {
            let function = first.filter(|first| first.kind() == "arrow_function")?;
            let parameters = function.child_by_field_name("parameters")?;
            let accumulator = file.text(parameters.named_child(0)?);
            let body = function.child_by_field_name("body")?;
            let spreads = walk(body).any(|visit| {
                visit.node.kind() == "spread_element"
                    && visit
                        .node
                        .named_child(0)
                        .is_some_and(|it| file.text(it) == accumulator)
            });
            spreads.then_some(SPREAD_IN_REDUCE)
        }
        "shift" if context.in_loop && callee.contains('.') && first.is_none() => {
            Some(FRONT_OF_LIST)
        }
        _ if context.in_async && is_blocking(callee, method) => Some(ASYNC_BLOCKING),
        _ => None,
    }
}

fn is_blocking(callee: &str, method: &str) -> bool {
    let known = callee.starts_with("fs.")
        || callee.starts_with("child_process.")
        || callee.starts_with("zlib.")
        || callee.starts_with("crypto.")
        || callee == method;
    let named = [
        "readFileSync",
        "writeFileSync",
        "appendFileSync",
        "readdirSync",
        "execSync",
        "execFileSync",
        "spawnSync",
        "gzipSync",
        "gunzipSync",
        "pbkdf2Sync",
        "scryptSync",
    ];
    known && named.contains(&method)
}
