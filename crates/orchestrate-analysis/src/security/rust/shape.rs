//! How Rust's syntax maps to the shapes of the data-flow pass.
//!
//! Macros are token trees to the grammar: the names in them are known, the calls in them are not.

use tree_sitter::Node;

use crate::security::shape::{
    Shape, binary, children, field, fields, member, number, positional, text_of,
};
use crate::security::value::Constant;

/// The shape of a node.
pub(super) fn shape<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    match node.kind() {
        "identifier" | "scoped_identifier" | "self" | "shorthand_field_identifier" => Shape::Name,
        "string_literal" | "raw_string_literal" => Shape::Constant(Constant::Text(
            text_of(text, node)
                .trim_start_matches(['b', 'c', 'r', '#'])
                .trim_matches(['"', '#'])
                .into(),
        )),
        "integer_literal" => integer(text_of(text, node))
            .map_or(Shape::Skip, |n| Shape::Constant(Constant::Number(n))),
        "boolean_literal" => Shape::Constant(Constant::Truth(text_of(text, node) == "true")),
        "field_expression" => member(node, "value", "field"),
        "index_expression" => match children(node).as_slice() {
            [object, index] => Shape::Index {
                object: *object,
                index: *index,
            },
            _ => Shape::Block,
        },
        "call_expression" => call(node),
        "generic_function" => Shape::Any(fields(node, "function")),
        "macro_invocation" => match (
            field(node, "macro"),
            children(node)
                .into_iter()
                .find(|child| child.kind() == "token_tree"),
        ) {
            (Some(name), Some(tokens)) => Shape::Macro { name, tokens },
            _ => Shape::Skip,
        },
        "binary_expression" => binary(node, text),
        "unary_expression" => {
            if text_of(text, node).starts_with('*') {
                Shape::Any(children(node))
            } else {
                Shape::Harmless(children(node))
            }
        }
        "reference_expression" | "type_cast_expression" | "match_arm" => {
            Shape::Any(fields(node, "value"))
        }
        "try_expression" | "await_expression" | "parenthesized_expression" => {
            Shape::Any(children(node))
        }
        "tuple_expression" | "array_expression" | "tuple_pattern" | "slice_pattern" => {
            Shape::Collect(children(node).into_iter().map(|n| (None, n)).collect())
        }
        "tuple_struct_pattern" => Shape::Collect(
            children(node)
                .into_iter()
                .skip(1)
                .map(|n| (None, n))
                .collect(),
        ),
        "struct_pattern" => Shape::Collect(
            children(node)
                .into_iter()
                .filter(|child| child.kind() == "field_pattern")
                .map(|child| {
                    (
                        field(child, "name"),
                        field(child, "pattern").unwrap_or(child),
                    )
                })
                .collect(),
        ),
        "struct_expression" => Shape::Collect(
            field(node, "body")
                .map(children)
                .unwrap_or_default()
                .into_iter()
                .map(|entry| match entry.kind() {
                    "field_initializer" => (
                        field(entry, "field"),
                        field(entry, "value").unwrap_or(entry),
                    ),
                    "shorthand_field_initializer" => {
                        let name = children(entry).first().copied().unwrap_or(entry);
                        (Some(name), name)
                    }
                    _ => (Some(entry), entry),
                })
                .collect(),
        ),
        "let_declaration" | "let_condition" => Shape::Assign {
            targets: fields(node, "pattern"),
            values: fields(node, "value"),
            adds: false,
        },
        "const_item" | "static_item" => Shape::Assign {
            targets: fields(node, "name"),
            values: fields(node, "value"),
            adds: false,
        },
        "assignment_expression" | "compound_assignment_expr" => Shape::Assign {
            targets: fields(node, "left"),
            values: fields(node, "right"),
            adds: node.kind() == "compound_assignment_expr",
        },
        "if_expression" => match field(node, "condition") {
            Some(condition) => Shape::If {
                first: None,
                condition,
                then: field(node, "consequence"),
                otherwise: fields(node, "alternative"),
            },
            None => Shape::Block,
        },
        "match_expression" => Shape::Choice {
            subject: field(node, "value"),
            arms: field(node, "body").map(children).unwrap_or_default(),
        },
        "for_expression" => Shape::Loop {
            target: field(node, "pattern"),
            over: field(node, "value"),
            body: fields(node, "body"),
        },
        "while_expression" | "loop_expression" => Shape::Loop {
            target: None,
            over: None,
            body: children(node),
        },
        "function_item" | "closure_expression" => match field(node, "body") {
            Some(body) => Shape::Function { body },
            None => Shape::Skip,
        },
        "return_expression" => Shape::Return(children(node)),
        "break_expression" | "continue_expression" => Shape::Exit(children(node)),
        "use_declaration" => Shape::Import,
        "line_comment"
        | "block_comment"
        | "attribute_item"
        | "inner_attribute_item"
        | "type_item"
        | "struct_item"
        | "enum_item"
        | "macro_definition"
        | "token_tree"
        | "type_identifier"
        | "generic_type"
        | "reference_type"
        | "lifetime"
        | "char_literal"
        | "function_signature_item"
        | "visibility_modifier"
        | "where_clause"
        | "type_parameters"
        | "type_arguments"
        | "extern_crate_declaration" => Shape::Skip,
        _ => Shape::Block,
    }
}

/// A whole number, its type suffix left out.
fn integer(text: &str) -> Option<i64> {
    let digits = match text.find(['u', 'i']) {
        Some(at) if !text.starts_with("0x") => text.get(..at)?,
        _ => text,
    };
    // A leading zero means nothing here.
    let plain = digits.trim_start_matches('0');
    if plain.len() < digits.len() && plain.starts_with(|c: char| c.is_ascii_digit()) {
        return number(plain);
    }
    number(digits)
}

fn call(node: Node<'_>) -> Shape<'_> {
    let Some(callee) = field(node, "function") else {
        return Shape::Block;
    };
    let callee = match callee.kind() {
        "generic_function" => field(callee, "function").unwrap_or(callee),
        _ => callee,
    };
    Shape::Call {
        callee,
        arguments: positional(field(node, "arguments")),
    }
}
