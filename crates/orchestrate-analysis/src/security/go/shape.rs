//! How Go's syntax maps to the shapes of the data-flow pass.

use tree_sitter::Node;

use crate::security::shape::{
    Shape, binary, children, field, fields, index, member, number, positional, text_of,
};
use crate::security::value::Constant;

/// The shape of a node.
pub(super) fn shape<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    match node.kind() {
        "identifier" | "package_identifier" => Shape::Name,
        "interpreted_string_literal" | "raw_string_literal" => Shape::Constant(Constant::Text(
            text_of(text, node).trim_matches(['"', '`']).into(),
        )),
        "int_literal" => number(text_of(text, node))
            .map_or(Shape::Skip, |n| Shape::Constant(Constant::Number(n))),
        "true" => Shape::Constant(Constant::Truth(true)),
        "false" => Shape::Constant(Constant::Truth(false)),
        "nil" => Shape::Constant(Constant::Nothing),
        "selector_expression" => member(node, "operand", "field"),
        "index_expression" => index(node, "operand", "index"),
        "call_expression" => call(node),
        "slice_expression" | "type_conversion_expression" | "type_assertion_expression" => {
            Shape::Any(fields(node, "operand"))
        }
        "binary_expression" => binary(node, text),
        "unary_expression" => {
            let inner = fields(node, "operand");
            let operator = text_of(text, node);
            if operator.starts_with(['&', '*', '<']) {
                Shape::Any(inner)
            } else {
                Shape::Harmless(inner)
            }
        }
        "parenthesized_expression" | "literal_element" | "variadic_argument" => {
            Shape::Any(children(node))
        }
        "composite_literal" => field(node, "body").map_or(Shape::Block, collect),
        "literal_value" => collect(node),
        "short_var_declaration" | "assignment_statement" => Shape::Assign {
            targets: field(node, "left").map(listed).unwrap_or_default(),
            values: field(node, "right").map(listed).unwrap_or_default(),
            adds: field(node, "operator").is_some_and(|sign| text_of(text, sign) == "+="),
        },
        "var_spec" | "const_spec" => Shape::Assign {
            targets: fields(node, "name"),
            values: field(node, "value").map(listed).unwrap_or_default(),
            adds: false,
        },
        "if_statement" => match field(node, "condition") {
            Some(condition) => Shape::If {
                first: field(node, "initializer"),
                condition,
                then: field(node, "consequence"),
                otherwise: fields(node, "alternative"),
            },
            None => Shape::Block,
        },
        "for_statement" => loops(node),
        "expression_switch_statement" | "type_switch_statement" | "select_statement" => {
            let (arms, before): (Vec<_>, Vec<_>) = children(node)
                .into_iter()
                .partition(|child| child.kind().ends_with("_case"));
            Shape::Choice {
                subject: before.first().copied(),
                arms,
            }
        }
        "function_declaration" | "method_declaration" | "func_literal" => {
            match field(node, "body") {
                Some(body) => Shape::Function { body },
                None => Shape::Skip,
            }
        }
        "return_statement" => Shape::Return(children(node).into_iter().flat_map(listed).collect()),
        "break_statement" | "continue_statement" | "goto_statement" => Shape::Exit(Vec::new()),
        "import_spec" => Shape::Import,
        "comment" | "type_declaration" | "package_clause" | "parameter_list"
        | "field_identifier" | "type_identifier" | "qualified_type" | "pointer_type"
        | "slice_type" | "map_type" | "label_name" | "rune_literal" | "float_literal"
        | "imaginary_literal" => Shape::Skip,
        _ => Shape::Block,
    }
}

/// The expressions of a list, or the one expression.
fn listed(node: Node<'_>) -> Vec<Node<'_>> {
    if node.kind() == "expression_list" {
        children(node)
    } else {
        vec![node]
    }
}

fn call(node: Node<'_>) -> Shape<'_> {
    let Some(callee) = field(node, "function") else {
        return Shape::Block;
    };
    // `[]byte(x)` is a conversion.
    if matches!(
        callee.kind(),
        "slice_type" | "parenthesized_type" | "array_type"
    ) {
        return Shape::Any(field(node, "arguments").map(children).unwrap_or_default());
    }
    Shape::Call {
        callee,
        arguments: positional(field(node, "arguments")),
    }
}

fn collect(body: Node<'_>) -> Shape<'_> {
    Shape::Collect(
        children(body)
            .into_iter()
            .map(
                |element| match (element.kind(), children(element).as_slice()) {
                    ("keyed_element", [key, value]) => (
                        Some(children(*key).first().copied().unwrap_or(*key)),
                        *value,
                    ),
                    _ => (None, element),
                },
            )
            .collect(),
    )
}

fn loops(node: Node<'_>) -> Shape<'_> {
    let head = children(node).into_iter().next();
    let range = head.filter(|head| head.kind() == "range_clause");
    let mut body: Vec<Node<'_>> = fields(node, "body");
    if let (None, Some(head)) = (range, head)
        && head.kind() != "block"
    {
        body.insert(0, head);
    }
    Shape::Loop {
        // The key comes first; its value stands last.
        target: range
            .and_then(|range| field(range, "left"))
            .and_then(|left| children(left).last().copied()),
        over: range.and_then(|range| field(range, "right")),
        body,
    }
}
