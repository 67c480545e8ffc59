//! One iterative walk over a tree: notes comments, functions and definitions, then hands single
//! nodes to the rules that need no data flow. Tree depth costs no stack here.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::dialect::Dialect;
use super::flow::Flow;
use super::report::Report;
use super::shape::{Shape, field, text_of};
use crate::finding::Finding;
use crate::language::Language;
use crate::source::ParsedFile;

/// Checks one parsed file against every rule of its language.
///
/// The findings are sorted by position; those in test code and those suppressed by a comment are
/// among them and marked.
#[must_use]
pub fn check(file: &ParsedFile<'_>) -> Vec<Finding> {
    let dialect: &'static Dialect = match file.source.language {
        Language::Python => super::python::dialect(),
        Language::JavaScript | Language::TypeScript => super::javascript::dialect(),
        Language::Go => super::go::dialect(),
        Language::Rust => super::rust::dialect(),
    };
    let text = file.source.text.as_str();
    let root = file.tree.root_node();
    let (report, definitions, methods) = index(root, text, dialect);
    let mut flow = Flow::new(text, dialect, report, definitions);
    flow.methods = methods;
    flow.visit(root);
    each(root, |node| (dialect.on_node)(&mut flow, node));
    super::bidirectional::check(&mut flow.report, text);
    flow.report.finish(file)
}

type Definitions<'t> = HashMap<&'t str, Option<Node<'t>>>;
/// Names that only methods have: without an object before it, such a name is another thing.
type Methods<'t> = HashSet<&'t str>;

fn index<'t>(
    root: Node<'t>,
    text: &'t str,
    dialect: &Dialect,
) -> (Report<'t>, Definitions<'t>, Methods<'t>) {
    let mut report = Report::default();
    let mut definitions = Definitions::new();
    let mut methods = Methods::new();
    let mut functions = Methods::new();
    each(root, |node| {
        let kind = node.kind();
        if kind.ends_with("comment") {
            report.comment(node, text, text_of(text, node));
            return;
        }
        if !is_definition(kind) {
            return;
        }
        let Some(name) = definition_name(node).map(|name| text_of(text, name)) else {
            return;
        };
        report.function(node, name);
        if is_method(node) {
            methods.insert(name);
        } else {
            functions.insert(name);
        }
        let function = match (dialect.shape)(node, text) {
            Shape::Function { .. } => Some(node),
            _ => function_value(node, text, dialect),
        };
        if kind == "variable_declarator" && function.is_none() {
            return;
        }
        definitions
            .entry(name)
            .and_modify(|known| *known = None)
            .or_insert(function);
    });
    methods.retain(|name| !functions.contains(name));
    (report, definitions, methods)
}

/// Whether a definition is one of a class, by how its language writes that.
fn is_method(node: Node<'_>) -> bool {
    let class = || {
        let block = node.parent()?;
        let outer = match block.kind() {
            "decorated_definition" => block.parent()?.parent()?,
            _ => block.parent()?,
        };
        Some(outer.kind() == "class_definition")
    };
    matches!(node.kind(), "method_definition" | "method_declaration") || class() == Some(true)
}

fn is_definition(kind: &str) -> bool {
    matches!(
        kind,
        "function_definition"
            | "class_definition"
            | "function_declaration"
            | "generator_function_declaration"
            | "class_declaration"
            | "method_definition"
            | "method_declaration"
            | "function_item"
            | "struct_item"
            | "variable_declarator"
    )
}

fn definition_name(node: Node<'_>) -> Option<Node<'_>> {
    field(node, "name").filter(|name| name.kind().ends_with("identifier"))
}

/// The function in `const name = (a) => ...`.
fn function_value<'t>(node: Node<'t>, text: &'t str, dialect: &Dialect) -> Option<Node<'t>> {
    let value = field(node, "value")?;
    matches!((dialect.shape)(value, text), Shape::Function { .. }).then_some(value)
}

/// Calls `look` on every named node, outer ones first.
fn each<'t>(root: Node<'t>, mut look: impl FnMut(Node<'t>)) {
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.is_named() {
            look(node);
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}
