//! How Python's syntax maps to the shapes of the data-flow pass.

use tree_sitter::Node;

use crate::security::shape::{
    Argument, Shape, binary, children, field, fields, index, member, number, text_of,
};
use crate::security::value::Constant;

/// The shape of a node.
pub(super) fn shape<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    match node.kind() {
        "identifier" => Shape::Name,
        "string" => string(node, text),
        "string_content" => Shape::Piece,
        "concatenated_string" => Shape::Build(children(node)),
        "interpolation" => Shape::Any(field(node, "expression").into_iter().collect()),
        "integer" => number(text_of(text, node))
            .map_or(Shape::Skip, |n| Shape::Constant(Constant::Number(n))),
        "float" => Shape::Constant(Constant::Text("".into())),
        "true" => Shape::Constant(Constant::Truth(true)),
        "false" => Shape::Constant(Constant::Truth(false)),
        "none" => Shape::Constant(Constant::Nothing),
        "attribute" => member(node, "object", "attribute"),
        "subscript" => index(node, "value", "subscript"),
        "call" => call(node, text),
        "binary_operator" | "boolean_operator" => binary(node, text),
        "comparison_operator" => comparison(node, text),
        "not_operator" | "assert_statement" => Shape::Harmless(children(node)),
        "parenthesized_expression"
        | "await"
        | "list_splat"
        | "dictionary_splat"
        | "yield"
        | "list_pattern_item" => Shape::Any(children(node)),
        "conditional_expression" => match children(node).as_slice() {
            [then, condition, otherwise] => Shape::If {
                first: None,
                condition: *condition,
                then: Some(*then),
                otherwise: vec![*otherwise],
            },
            _ => Shape::Block,
        },
        "named_expression" => assign(fields(node, "name"), fields(node, "value"), false),
        "list" | "tuple" | "set" | "expression_list" | "pattern_list" | "tuple_pattern"
        | "list_pattern" => Shape::Collect(children(node).into_iter().map(|n| (None, n)).collect()),
        "dictionary" => Shape::Collect(
            children(node)
                .into_iter()
                .map(|pair| (field(pair, "key"), field(pair, "value").unwrap_or(pair)))
                .collect(),
        ),
        "list_comprehension"
        | "set_comprehension"
        | "dictionary_comprehension"
        | "generator_expression" => comprehension(node),
        "assignment" => match (field(node, "left"), field(node, "right")) {
            (Some(left), Some(right)) if right.kind() == "assignment" => Shape::Assign {
                targets: vec![left],
                values: vec![right],
                adds: false,
            },
            (Some(left), Some(right)) => targets(left, right),
            _ => Shape::Skip,
        },
        "augmented_assignment" => Shape::Assign {
            targets: fields(node, "left"),
            values: fields(node, "right"),
            adds: field(node, "operator")
                .is_some_and(|operator| matches!(text_of(text, operator), "+=" | "%=" | "|=")),
        },
        "as_pattern" => match children(node).as_slice() {
            [value, alias] => Shape::Assign {
                targets: children(*alias),
                values: vec![*value],
                adds: false,
            },
            _ => Shape::Block,
        },
        "if_statement" | "elif_clause" => conditional(node),
        "for_statement" => Shape::Loop {
            target: field(node, "left"),
            over: field(node, "right"),
            body: fields(node, "body")
                .into_iter()
                .chain(field(node, "alternative"))
                .collect(),
        },
        "while_statement" => Shape::Loop {
            target: None,
            over: None,
            body: children(node),
        },
        "except_clause" | "except_group_clause" | "case_clause" => Shape::Choice {
            subject: None,
            arms: children(node).into_iter().last().into_iter().collect(),
        },
        "match_statement" => Shape::Choice {
            subject: field(node, "subject"),
            arms: field(node, "body").map(children).unwrap_or_default(),
        },
        "function_definition" | "lambda" => match field(node, "body") {
            Some(body) => Shape::Function { body },
            None => Shape::Skip,
        },
        "class_definition" => Shape::Any(fields(node, "body")),
        "return_statement" => Shape::Return(children(node)),
        "raise_statement" | "break_statement" | "continue_statement" => Shape::Exit(children(node)),
        "import_statement" | "import_from_statement" => Shape::Import,
        "comment"
        | "type"
        | "future_import_statement"
        | "global_statement"
        | "nonlocal_statement"
        | "pass_statement"
        | "string_start"
        | "string_end" => Shape::Skip,
        _ => Shape::Block,
    }
}

fn string<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    let pieces: Vec<Node<'t>> = children(node)
        .into_iter()
        .filter(|child| matches!(child.kind(), "string_content" | "interpolation"))
        .collect();
    match pieces.as_slice() {
        [] => Shape::Constant(Constant::Text("".into())),
        [only] if only.kind() == "string_content" => {
            Shape::Constant(Constant::Text(text_of(text, *only).into()))
        }
        _ => Shape::Build(pieces),
    }
}

fn call<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    let (Some(callee), Some(list)) = (field(node, "function"), field(node, "arguments")) else {
        return Shape::Block;
    };
    if list.kind() == "generator_expression" {
        return Shape::Call {
            callee,
            arguments: vec![Argument {
                name: None,
                value: list,
            }],
        };
    }
    let arguments = children(list)
        .into_iter()
        .map(|argument| match argument.kind() {
            "keyword_argument" => Argument {
                name: field(argument, "name").map(|name| text_of(text, name)),
                value: field(argument, "value").unwrap_or(argument),
            },
            "dictionary_splat" => Argument {
                name: Some("**"),
                value: argument,
            },
            _ => Argument {
                name: None,
                value: argument,
            },
        })
        .collect();
    Shape::Call { callee, arguments }
}

fn comparison<'t>(node: Node<'t>, text: &'t str) -> Shape<'t> {
    match (
        children(node).as_slice(),
        fields_any(node, "operators").as_slice(),
    ) {
        ([left, right], [operator]) => Shape::Binary {
            operator: text_of(text, *operator),
            left: *left,
            right: *right,
        },
        (all, _) => Shape::Harmless(all.to_vec()),
    }
}

/// The children under a field name, named or not.
fn fields_any<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).collect()
}

fn assign<'t>(targets: Vec<Node<'t>>, values: Vec<Node<'t>>, adds: bool) -> Shape<'t> {
    Shape::Assign {
        targets,
        values,
        adds,
    }
}

fn targets<'t>(left: Node<'t>, right: Node<'t>) -> Shape<'t> {
    let (lefts, rights) = (children(left), children(right));
    let spread = left.kind() == "pattern_list"
        && right.kind() == "expression_list"
        && lefts.len() == rights.len();
    if spread {
        assign(lefts, rights, false)
    } else {
        assign(vec![left], vec![right], false)
    }
}

fn comprehension(node: Node<'_>) -> Shape<'_> {
    let clauses = children(node);
    let clause = clauses.iter().find(|child| child.kind() == "for_in_clause");
    Shape::Loop {
        target: clause.and_then(|clause| field(*clause, "left")),
        over: clause.and_then(|clause| field(*clause, "right")),
        body: clauses
            .iter()
            .skip(1)
            .filter(|child| child.kind() == "if_clause")
            .chain(clauses.first())
            .copied()
            .collect(),
    }
}

fn conditional(node: Node<'_>) -> Shape<'_> {
    let Some(condition) = field(node, "condition") else {
        return Shape::Block;
    };
    let mut otherwise = fields(node, "alternative");
    // A chain of `elif` is nested by hand: each sees the ones after it.
    if node.kind() == "elif_clause" {
        let mut next = node.next_named_sibling();
        while let Some(sibling) = next {
            if matches!(sibling.kind(), "elif_clause" | "else_clause") {
                otherwise.push(sibling);
                break;
            }
            next = sibling.next_named_sibling();
        }
    } else {
        otherwise.truncate(1);
    }
    Shape::If {
        first: None,
        condition,
        then: field(node, "consequence"),
        otherwise,
    }
}
