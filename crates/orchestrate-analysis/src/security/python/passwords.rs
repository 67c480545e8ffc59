//! Passwords that stand in the source: given to a name, a parameter, a key or a comparison.

use tree_sitter::Node;

use super::audit::PASSWORD;
use crate::security::flow::Flow;
use crate::security::shape::{children, field, text_of};
use crate::security::sink::suspected;

/// Looks at one node.
pub(super) fn check<'t>(flow: &mut Flow<'t>, node: Node<'t>) {
    let pair = match node.kind() {
        "assignment" => (field(node, "left"), field(node, "right")),
        "keyword_argument" | "default_parameter" | "typed_default_parameter" => {
            (field(node, "name"), field(node, "value"))
        }
        "pair" => (field(node, "key"), field(node, "value")),
        "comparison_operator" => match children(node).as_slice() {
            [left, right] => (Some(*left), Some(*right)),
            _ => return,
        },
        _ => return,
    };
    let (Some(name), Some(value)) = pair else {
        return;
    };
    if value.kind() == "string"
        && is_password_name(last_name(flow.text, name))
        && is_password(content(flow.text, value))
    {
        suspected(flow, &PASSWORD, node, name, PASSWORD.severity);
    }
}

/// The last name of a target: the attribute, the key, or the name itself.
fn last_name<'t>(text: &'t str, node: Node<'t>) -> &'t str {
    let node = match node.kind() {
        "attribute" => field(node, "attribute").unwrap_or(node),
        "subscript" => field(node, "subscript").unwrap_or(node),
        _ => node,
    };
    if node.kind() == "string" {
        content(text, node)
    } else {
        text_of(text, node)
    }
}

/// What stands between the quotes; nothing if a part of it is computed.
fn content<'t>(text: &'t str, node: Node<'t>) -> &'t str {
    match children(node).as_slice() {
        [start, content, _]
            if start.kind() == "string_start" && content.kind() == "string_content" =>
        {
            text_of(text, *content)
        }
        _ => "",
    }
}

fn is_password_name(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "password",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "secret",
        "token",
        "pw",
        "passcode",
    ];
    const OTHER: [&str; 34] = [
        "url",
        "uri",
        "file",
        "path",
        "dir",
        "field",
        "name",
        "type",
        "label",
        "header",
        "help",
        "message",
        "msg",
        "template",
        "prefix",
        "suffix",
        "regex",
        "pattern",
        "format",
        "param",
        "input",
        "reset",
        "change",
        "form",
        "view",
        "re",
        "class",
        "endpoint",
        "env",
        "var",
        "id",
        "kind",
        "title",
        "placeholder",
    ];
    if name.len() > 60
        || !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(['_', '-']);
    let is_secret = words.clone().any(|word| WORDS.contains(&word))
        || ["password", "passwd", "secret"]
            .iter()
            .any(|word| lower.ends_with(word));
    is_secret && !words.any(|word| OTHER.contains(&word))
}

fn is_password(value: &str) -> bool {
    let is_text = value.contains(['{', '<', '$', '%', '\n']) && value.contains([' ', '{', '<']);
    let is_address = value.contains("://") || value.starts_with('/');
    (1..=64).contains(&value.len()) && !is_text && !is_address && value.split(' ').count() <= 4
}

#[cfg(test)]
mod tests {
    use super::{is_password, is_password_name};

    #[test]
    fn names_of_passwords_are_told_from_names_about_passwords() {
        for name in [
            "password",
            "DB_PASSWORD",
            "userPassword",
            "auth-token",
            "my_pwd",
        ] {
            assert!(is_password_name(name), "{name}");
        }
        for name in [
            "password_file",
            "token_url",
            "compass",
            "passport",
            "tokens",
            "secretary",
            "password_reset_view",
        ] {
            assert!(!is_password_name(name), "{name}");
        }
        assert!(is_password("hunter2"));
        for value in [
            "",
            "https://a/b",
            "/etc/passwd",
            "a long text that says what a password is",
            "{password} ",
        ] {
            assert!(!is_password(value), "{value}");
        }
    }
}
