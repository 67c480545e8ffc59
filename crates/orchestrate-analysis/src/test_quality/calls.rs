//! The names that a call goes by.

use tree_sitter::Node;

use crate::source::ParsedFile;

/// How many parts of a chain are looked at. Chains that people write are shorter, and looking at all of each part's
/// beginning would take quadratic time in one that a program wrote.
const LONGEST: usize = 100;

/// The dotted path of the function that a call calls, the first name first: `a.b().c(x)` is `a`, `b`, `c`.
///
/// What is no name (an index, a literal, a parenthesis) ends the path towards its beginning.
pub(super) fn callee<'s>(file: &'s ParsedFile<'_>, call: Node<'_>) -> Vec<&'s str> {
    call.child_by_field_name("function")
        .map(|function| path(file, function))
        .unwrap_or_default()
}

/// The same of a chain that does not have to end in a call.
pub(super) fn path<'s>(file: &'s ParsedFile<'_>, end: Node<'_>) -> Vec<&'s str> {
    let mut names = Vec::new();
    let mut next = Some(end);
    for _ in 0..LONGEST {
        let Some(node) = next else { break };
        let field = |name: &str| node.child_by_field_name(name);
        let (name, before) = match node.kind() {
            "attribute" => (field("attribute"), field("object")),
            "member_expression" => (field("property"), field("object")),
            "selector_expression" => (field("field"), field("operand")),
            "field_expression" => (field("field"), field("value")),
            "scoped_identifier" => (field("name"), field("path")),
            "call" | "call_expression" | "generic_function" => (None, field("function")),
            "await"
            | "await_expression"
            | "try_expression"
            | "non_null_expression"
            | "parenthesized_expression" => (None, node.named_child(0)),
            "subscript" | "subscript_expression" => {
                (None, field("object").or_else(|| field("value")))
            }
            "identifier"
            | "this"
            | "self"
            | "super"
            | "crate"
            | "field_identifier"
            | "property_identifier"
            | "type_identifier" => (Some(node), None),
            _ => (None, None),
        };
        names.extend(name.map(|name| file.text(name)));
        next = before;
    }
    names.reverse();
    names
}
