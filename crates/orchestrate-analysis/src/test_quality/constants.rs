//! Which expressions are constant, so that an assertion of them cannot tell one product from another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tree_sitter::Node;

use super::assertions::is_neutral;
use super::walk::{Visit, walk};
use crate::language::Language;
use crate::source::ParsedFile;

/// The name that a leaf refers to, if it refers to anything. Names of fields and of keyword arguments do not, except in
/// Rust, where a trait of the product may add a method to any literal.
pub(super) fn reference<'s>(file: &'s ParsedFile<'_>, visit: Visit<'_>) -> Option<&'s str> {
    let refers = match (file.source.language, visit.node.kind()) {
        (Language::Python, "identifier") => !visit.fills(&["attribute", "name"]),
        (
            Language::Rust,
            "identifier" | "self" | "crate" | "super" | "type_identifier" | "field_identifier",
        )
        | (Language::Go, "identifier" | "type_identifier" | "package_identifier")
        | (
            Language::JavaScript | Language::TypeScript,
            "identifier" | "this" | "super" | "shorthand_property_identifier",
        ) => true,
        _ => false,
    };
    refers.then(|| file.text(visit.node))
}

/// What is known of the names of a test.
#[derive(Debug, Default)]
pub(super) struct LocalNames<'s> {
    /// Bound once, to a constant, and used for nothing but looking at them: `result = True`.
    constants: BTreeSet<&'s str>,
    /// Bound to anything else. Such a name hides the function of the language that has the same.
    variables: BTreeSet<&'s str>,
}

/// Whether an expression depends on nothing but literals and constant names.
pub(super) fn is_constant(
    file: &ParsedFile<'_>,
    expression: Node<'_>,
    names: &LocalNames<'_>,
) -> bool {
    let neutral =
        |name: &str| is_neutral(file.source.language, name) && !names.variables.contains(name);
    walk(expression).all(|visit| {
        let name = reference(file, visit);
        !changes_something(visit.node)
            && name.is_none_or(|name| neutral(name) || names.constants.contains(name))
    })
}

/// Whether a node, by its kind, runs code of its own or changes a name.
fn changes_something(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "arrow_function"
            | "function_expression"
            | "func_literal"
            | "closure_expression"
            | "lambda"
            | "await"
            | "update_expression"
            | "assignment_expression"
            | "augmented_assignment_expression"
            | "compound_assignment_expr"
            | "named_expression"
    )
}

/// Looks at the bindings of a test.
///
/// `looks` are the ranges that only look at names. A name that appears anywhere else may have been changed there.
pub(super) fn local_names<'s>(
    file: &'s ParsedFile<'_>,
    body: Node<'_>,
    looks: &[Range<usize>],
) -> LocalNames<'s> {
    let mut bindings: Vec<(&str, Range<usize>, Node<'_>)> = Vec::new();
    for visit in walk(body) {
        if let Some((name, value)) = binding(file, visit.node) {
            bindings.push((name, visit.node.byte_range(), value));
        }
    }
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, ..) in &bindings {
        *times.entry(name).or_default() += 1;
    }
    // Values refer to names that were bound before, so one pass in order is enough.
    let pass = |allowed: &dyn Fn(&str) -> bool| {
        let mut names = LocalNames::default();
        for (name, _, value) in &bindings {
            let constant =
                times.get(name) == Some(&1) && allowed(name) && is_constant(file, *value, &names);
            if constant {
                &mut names.constants
            } else {
                &mut names.variables
            }
            .insert(*name);
        }
        names
    };
    let names = pass(&|_| true);
    if names.constants.is_empty() {
        return names;
    }
    // By start, so that the range around a place is looked up and not searched for.
    let mut safe: BTreeMap<usize, usize> = BTreeMap::new();
    let constant_bindings = bindings
        .iter()
        .filter(|(name, ..)| names.constants.contains(name));
    for range in looks
        .iter()
        .chain(constant_bindings.map(|(_, range, _)| range))
    {
        let end = safe.entry(range.start).or_default();
        *end = (*end).max(range.end);
    }
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for visit in walk(body) {
        let at = visit.node.start_byte();
        let inside = safe
            .range(..=at)
            .next_back()
            .is_some_and(|(_, end)| at < *end);
        used.extend(reference(file, visit).filter(|_| !inside));
    }
    // A constant that was computed from a name that fell out is none either.
    pass(&|name| !used.contains(name))
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
