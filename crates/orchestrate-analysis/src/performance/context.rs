//! One walk over a tree, which knows at every node whether it runs in a loop and in an async function.

use tree_sitter::Node;

use super::rule::SlowPattern;
use super::{go, python, rust, script};
use crate::finding::{Finding, fingerprint, number_equal};
use crate::language::Language;
use crate::source::{ParsedFile, Role};
use crate::test_quality::walk;

/// Where a node stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// Whether it runs once for each turn of a loop of its own function.
    pub(super) in_loop: bool,
    /// Whether its own function is async.
    pub(super) in_async: bool,
}

/// What a language says of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// Nothing.
    Plain,
    /// A function; whether it is async.
    Function(bool),
    /// A loop, with the part of it that runs each turn.
    Loop(Option<Node<'t>>),
}

struct Frame<'t> {
    end: usize,
    /// The part that runs each turn; for a loop only.
    body: Option<Node<'t>>,
    name: Option<Node<'t>>,
    context: Context,
}

/// The slow patterns of a file that ships.
#[must_use]
pub fn hints(file: &ParsedFile<'_>) -> Vec<Finding> {
    if file.source.role != Role::Product {
        return Vec::new();
    }
    let (kind, check) = match file.source.language {
        Language::Rust => (rust::kind as fn(_, _) -> _, rust::check as fn(_, _, _) -> _),
        Language::Python => (
            python::kind as fn(_, _) -> _,
            python::check as fn(_, _, _) -> _,
        ),
        Language::JavaScript | Language::TypeScript => (
            script::kind as fn(_, _) -> _,
            script::check as fn(_, _, _) -> _,
        ),
        Language::Go => (go::kind as fn(_, _) -> _, go::check as fn(_, _, _) -> _),
    };
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut found = Vec::new();
    for visit in walk(file.tree.root_node()) {
        let node = visit.node;
        while frames
            .last()
            .is_some_and(|frame| node.start_byte() >= frame.end)
        {
            frames.pop();
        }
        let mut context = frames
            .last()
            .map_or(Context::default(), |frame| frame.context);
        // The head of a loop runs once, or belongs to the loop around it.
        if let Some(frame) = frames.last()
            && let Some(body) = frame.body
        {
            let around = frames
                .iter()
                .rev()
                .nth(1)
                .map_or(Context::default(), |frame| frame.context);
            context.in_loop = around.in_loop || body.byte_range().contains(&node.start_byte());
        }
        if !node.is_named() {
            continue;
        }
        let pattern: Option<SlowPattern> = check(file, node, context);
        if let Some(pattern) = pattern
            && !file.is_test(node.start_byte())
        {
            let function = frames.iter().rev().find_map(|frame| frame.name);
            found.push(finding(
                file,
                node,
                pattern,
                function.map_or("", |name| file.text(name)),
            ));
        }
        let (body, context) = match kind(file, node) {
            Kind::Plain => continue,
            // What a function defined in a loop does runs when somebody calls it.
            Kind::Function(in_async) => (
                None,
                Context {
                    in_loop: false,
                    in_async,
                },
            ),
            Kind::Loop(body) => (
                body,
                Context {
                    in_loop: true,
                    ..context
                },
            ),
        };
        frames.push(Frame {
            end: node.end_byte(),
            body,
            name: node.child_by_field_name("name"),
            context,
        });
    }
    number_equal(&mut found);
    found
}

fn finding(file: &ParsedFile<'_>, node: Node<'_>, pattern: SlowPattern, function: &str) -> Finding {
    let start = node.start_position();
    let text = &file.source.text;
    let line = text.lines().nth(start.row).unwrap_or_default();
    let before = line.get(..start.column).unwrap_or(line);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1) + 1;
    Finding {
        rule_id: pattern.id.to_owned(),
        severity: pattern.severity,
        confidence: pattern.confidence,
        path: file.source.path.clone(),
        line: number(start.row),
        column: number(before.chars().count()),
        message: format!("{}: {}", pattern.title, pattern.why),
        fix: pattern.fix.to_owned(),
        fingerprint: fingerprint(pattern.id, &file.source.path, function, line),
        in_test: false,
        suppressed: None,
    }
}

/// The last name of what a call calls, for example `compile` in `re.compile(x)`.
pub(super) fn callee<'f>(file: &'f ParsedFile<'_>, call: Node<'_>) -> Option<&'f str> {
    let function = call.child_by_field_name("function")?;
    Some(file.text(function))
}

/// Whether the text of a node is a plain string, or joined from some.
pub(super) fn has_string(node: Node<'_>) -> bool {
    walk(node)
        .take(64)
        .any(|visit| visit.node.kind().contains("string"))
}
