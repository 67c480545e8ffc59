//! Which expressions are constant, so that an assertion of them cannot tell one product from another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tree_sitter::Node;

use super::assertions::is_neutral;
use super::walk::{Visit, walk};
use crate::language::Language;
use crate::source::ParsedFile;

/// The name that a leaf refers to, if it refers to anything. Names of fields and of keyword arguments do not.
pub(super) fn reference<'s>(file: &'s ParsedFile<'_>, visit: Visit<'_>) -> Option<&'s str> {
    let refers = match (file.source.language, visit.node.kind()) {
        (Language::Python, "identifier") => !visit.fills(&["attribute", "name"]),
        (Language::Rust, "identifier" | "self" | "crate" | "super" | "type_identifier")
        | (Language::Go, "identifier" | "type_identifier" | "package_identifier")
        | (
            Language::JavaScript | Language::TypeScript,
            "identifier" | "this" | "super" | "shorthand_property_identifier",
        ) => true,
        _ => false,
    };
    refers.then(|| file.text(visit.node))
}

/// Whether an expression depends on nothing but literals and constant names.
pub(super) fn is_constant(
    file: &ParsedFile<'_>,
    expression: Node<'_>,
    constants: &BTreeSet<&str>,
) -> bool {
    // Code inside the expression (a callback) may do anything.
    walk(expression).all(|visit| {
        let runs_code = matches!(
            visit.node.kind(),
            "arrow_function"
                | "function_expression"
                | "func_literal"
                | "closure_expression"
                | "lambda"
                | "await"
        );
        let name = reference(file, visit);
        !runs_code
            && name.is_none_or(|name| {
                is_neutral(file.source.language, name) || constants.contains(name)
            })
    })
}

/// The local names that are bound to constants only and used for nothing but assertions: `result = True`.
///
/// `looks` are the ranges that only look at names. A name that appears anywhere else may have been changed there.
pub(super) fn constant_names<'s>(
    file: &'s ParsedFile<'_>,
    body: Node<'_>,
    looks: &[Range<usize>],
) -> BTreeSet<&'s str> {
    let mut bindings: Vec<(&str, Range<usize>, Node<'_>)> = Vec::new();
    for visit in walk(body) {
        if let Some((name, value)) = binding(file, visit.node) {
            bindings.push((name, visit.node.byte_range(), value));
        }
    }
    // A binding is safe as long as its value is; values refer to earlier names only, so one pass in order is enough.
    let mut constants: BTreeSet<&str> = BTreeSet::new();
    let mut variable: BTreeSet<&str> = BTreeSet::new();
    for (name, _, value) in &bindings {
        if is_constant(file, *value, &constants) && !variable.contains(name) {
            constants.insert(name);
        } else {
            variable.insert(name);
            constants.remove(name);
        }
    }
    if constants.is_empty() {
        return constants;
    }
    // Ranges in order, so that each name is looked up and not searched for.
    let mut safe: BTreeMap<usize, usize> = BTreeMap::new();
    let constant_bindings = bindings
        .iter()
        .filter(|(name, ..)| constants.contains(name));
    for range in looks
        .iter()
        .chain(constant_bindings.map(|(_, range, _)| range))
    {
        let end = safe.entry(range.start).or_default();
        *end = (*end).max(range.end);
    }
    for visit in walk(body) {
        let at = visit.node.start_byte();
        let inside = safe
            .range(..=at)
            .next_back()
            .is_some_and(|(_, end)| at < *end);
        if let Some(name) = reference(file, visit).filter(|_| !inside) {
            constants.remove(name);
        }
    }
    // A constant that was computed from a name that fell out is none either.
    let mut changed = true;
    while changed {
        changed = false;
        for (name, _, value) in &bindings {
            if constants.contains(name) && !is_constant(file, *value, &constants) {
                constants.remove(name);
                changed = true;
            }
        }
    }
    constants
}

/// A statement that binds one name to one value.
fn binding<'s, 't>(file: &'s ParsedFile<'_>, node: Node<'t>) -> Option<(&'s str, Node<'t>)> {
    let (name, value) = match node.kind() {
        "assignment" | "assignment_expression" => (
            node.child_by_field_name("left")?,
            node.child_by_field_name("right")?,
        ),
        "let_declaration" => (
            node.child_by_field_name("pattern")?,
            node.child_by_field_name("value")?,
        ),
        "variable_declarator" => (
            node.child_by_field_name("name")?,
            node.child_by_field_name("value")?,
        ),
        "short_var_declaration" => {
            let single = |list: Node<'t>| {
                (list.named_child_count() == 1)
                    .then(|| list.named_child(0))
                    .flatten()
            };
            (
                single(node.child_by_field_name("left")?)?,
                single(node.child_by_field_name("right")?)?,
            )
        }
        _ => return None,
    };
    (name.kind() == "identifier").then(|| (file.text(name), value))
}
