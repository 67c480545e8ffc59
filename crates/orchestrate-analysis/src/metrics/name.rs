//! Names and parameters of functions, read off the tree.

use tree_sitter::Node;

use crate::language::Language;

/// The name of a definition; `None` where the grammar has none.
pub(super) fn definition_name(node: Node<'_>, text: &str) -> Option<String> {
    named_field(node, "name", text)
}

/// The name that `parent` binds to the function literal in its `field`, if it binds one.
pub(super) fn bound_name(parent: Node<'_>, field: Option<&str>, text: &str) -> Option<String> {
    let name_field = match (parent.kind(), field?) {
        ("variable_declarator" | "public_field_definition", "value") => "name",
        ("assignment_expression", "right") => "left",
        ("pair", "value") => "key",
        ("field_definition", "value") => "property",
        ("export_statement", "value" | "declaration") => return Some("default".to_owned()),
        _ => return None,
    };
    named_field(parent, name_field, text)
}

/// The name of the type that a node declares or extends, without type parameters.
pub(super) fn type_name(node: Node<'_>, text: &str) -> Option<String> {
    named_field(node, "name", text)
        .or_else(|| named_field(node, "type", text))
        .map(|name| bare(&name))
}

/// The type to which a Go method belongs.
pub(super) fn receiver_type(node: Node<'_>, text: &str) -> Option<String> {
    let receiver = named_field(node, "receiver", text)?;
    let inside = receiver.trim_start_matches('(').trim_end_matches(')');
    Some(bare(inside.rsplit([' ', '*']).next().unwrap_or(inside)))
}

/// How many parameters a function takes, without its receiver.
pub(super) fn parameter_count(node: Node<'_>, language: Language, text: &str) -> u32 {
    if node.child_by_field_name("parameter").is_some() {
        return 1;
    }
    let Some(list) = node.child_by_field_name("parameters") else {
        return 0;
    };
    let mut cursor = list.walk();
    let mut count = 0;
    for (index, parameter) in list.named_children(&mut cursor).enumerate() {
        count += match parameter.kind() {
            "comment"
            | "line_comment"
            | "block_comment"
            | "attribute_item"
            | "self_parameter"
            | "keyword_separator"
            | "positional_separator" => 0,
            "identifier"
                if language == Language::Python
                    && index == 0
                    && matches!(text.get(parameter.byte_range()), Some("self" | "cls")) =>
            {
                0
            }
            "parameter_declaration" => names_declared(parameter),
            _ => 1,
        };
    }
    count
}

/// Go writes `a, b int` for two parameters, and a type alone for one without a name.
fn names_declared(declaration: Node<'_>) -> u32 {
    let mut cursor = declaration.walk();
    let names = declaration
        .children_by_field_name("name", &mut cursor)
        .filter(Node::is_named)
        .count();
    u32::try_from(names).unwrap_or(u32::MAX).max(1)
}

fn named_field(node: Node<'_>, field: &str, text: &str) -> Option<String> {
    let name = text.get(node.child_by_field_name(field)?.byte_range())?;
    // A pattern or a computed name may span lines; a name for people does not.
    Some(name.lines().next().unwrap_or_default().trim().to_owned())
}

fn bare(name: &str) -> String {
    name.split(['<', '['])
        .next()
        .unwrap_or(name)
        .trim()
        .to_owned()
}
