//! How the syntax of JavaScript and TypeScript maps to the shapes of the data-flow pass.

use tree_sitter::Node;

use crate::security::shape::{
    Shape, binary, children, field, fields, index, member, number, positional, text_of,
};
use crate::security::value::Constant;

/// The shape of a node.
pub(super) fn shape<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    match node.kind() {
        "identifier"
        | "this"
        | "super"
        | "shorthand_property_identifier"
        | "shorthand_property_identifier_pattern" => Shape::Name,
        "string" => string(node, text),
        "string_fragment" => Shape::Piece,
        "template_string" => template(node, text),
        "number" => number(text_of(text, node))
            .map_or(Shape::Skip, |n| Shape::Constant(Constant::Number(n))),
        "true" => Shape::Constant(Constant::Truth(true)),
        "false" => Shape::Constant(Constant::Truth(false)),
        "null" | "undefined" => Shape::Constant(Constant::Nothing),
        "member_expression" => member(node, "object", "property"),
        "subscript_expression" => index(node, "object", "index"),
        "call_expression" => call(node, "function"),
        "new_expression" => call(node, "constructor"),
        "binary_expression" => binary(node, text),
        "unary_expression" | "update_expression" => Shape::Harmless(children(node)),
        "parenthesized_expression"
        | "await_expression"
        | "spread_element"
        | "as_expression"
        | "non_null_expression"
        | "satisfies_expression"
        | "yield_expression"
        | "type_assertion"
        | "export_specifier" => Shape::Any(children(node).into_iter().take(1).collect()),
        "ternary_expression" | "if_statement" => match field(node, "condition") {
            Some(condition) => Shape::If {
                first: None,
                condition,
                then: field(node, "consequence"),
                otherwise: fields(node, "alternative"),
            },
            None => Shape::Block,
        },
        "array" | "array_pattern" => {
            Shape::Collect(children(node).into_iter().map(|n| (None, n)).collect())
        }
        "object" | "object_pattern" => object(node),
        "variable_declarator" => declared(node),
        "assignment_expression" => Shape::Assign {
            targets: fields(node, "left"),
            values: fields(node, "right"),
            adds: false,
        },
        "augmented_assignment_expression" => Shape::Assign {
            targets: fields(node, "left"),
            values: fields(node, "right"),
            adds: true,
        },
        "assignment_pattern" | "object_assignment_pattern" => Shape::Any(fields(node, "left")),
        "for_in_statement" => Shape::Loop {
            target: field(node, "left"),
            over: field(node, "right"),
            body: fields(node, "body"),
        },
        "for_statement" | "while_statement" | "do_statement" => Shape::Loop {
            target: None,
            over: None,
            body: children(node),
        },
        "catch_clause" => Shape::Choice {
            subject: None,
            arms: fields(node, "body"),
        },
        "switch_statement" => Shape::Choice {
            subject: field(node, "value"),
            arms: field(node, "body").map(children).unwrap_or_default(),
        },
        "arrow_function"
        | "function_expression"
        | "function_declaration"
        | "method_definition"
        | "generator_function"
        | "generator_function_declaration"
        | "function" => match field(node, "body") {
            Some(body) => Shape::Function { body },
            None => Shape::Skip,
        },
        "return_statement" => Shape::Return(children(node)),
        "throw_statement" | "break_statement" | "continue_statement" => Shape::Exit(children(node)),
        "import_statement" => Shape::Import,
        "jsx_element" | "jsx_self_closing_element" | "jsx_fragment" | "jsx_opening_element" => {
            Shape::Harmless(children(node))
        }
        // An attribute is an assignment that rules may look at.
        "jsx_attribute" => match children(node).as_slice() {
            [name, value] => Shape::Assign {
                targets: vec![*name],
                values: vec![*value],
                adds: false,
            },
            _ => Shape::Skip,
        },
        "jsx_expression" | "template_substitution" => Shape::Any(children(node)),
        "comment"
        | "regex"
        | "type_annotation"
        | "interface_declaration"
        | "property_identifier"
        | "private_property_identifier"
        | "type_alias_declaration"
        | "statement_identifier"
        | "type_parameters"
        | "type_arguments"
        | "ambient_declaration"
        | "escape_sequence"
        | "hash_bang_line"
        | "type_identifier"
        | "predefined_type"
        | "enum_declaration" => Shape::Skip,
        _ => Shape::Block,
    }
}

fn string<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    let whole = text_of(text, node);
    Shape::Constant(Constant::Text(whole.trim_matches(['"', '\'']).into()))
}

fn template<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    let pieces: Vec<Node<'t>> = children(node)
        .into_iter()
        .filter(|child| matches!(child.kind(), "string_fragment" | "template_substitution"))
        .collect();
    if pieces.iter().all(|piece| piece.kind() == "string_fragment") {
        let whole = text_of(text, node);
        return Shape::Constant(Constant::Text(whole.trim_matches('`').into()));
    }
    Shape::Build(pieces)
}

fn call<'t>(node: Node<'t>, callee: &str) -> Shape<'t> {
    let Some(callee) = field(node, callee) else {
        return Shape::Block;
    };
    let list = field(node, "arguments");
    // sql`...${x}`: the tag gets the pieces apart, so it is no text put together.
    if list.is_some_and(|list| list.kind() == "template_string") {
        return Shape::Harmless(list.map(children).unwrap_or_default());
    }
    Shape::Call {
        callee,
        arguments: positional(list),
    }
}

fn object(node: Node<'_>) -> Shape<'_> {
    Shape::Collect(
        children(node)
            .into_iter()
            .map(|entry| match entry.kind() {
                "pair" | "pair_pattern" => {
                    (field(entry, "key"), field(entry, "value").unwrap_or(entry))
                }
                "shorthand_property_identifier" | "shorthand_property_identifier_pattern" => {
                    (Some(entry), entry)
                }
                "object_assignment_pattern" => (field(entry, "left"), entry),
                "method_definition" => (field(entry, "name"), entry),
                _ => (Some(entry), entry),
            })
            .collect(),
    )
}

fn declared(node: Node<'_>) -> Shape<'_> {
    Shape::Assign {
        targets: fields(node, "name"),
        values: fields(node, "value"),
        adds: false,
    }
}
