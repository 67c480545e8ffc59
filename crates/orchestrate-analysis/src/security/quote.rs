//! How source text is quoted in a message: one short line, without comments and without what
//! literals hold, because that is data and may be a credential.

use tree_sitter::Node;

use super::flow::Flow;
use crate::secrets::redact;

/// How many characters of source text a message shows.
const SHOWN: usize = 60;
/// How much is read for them: enough that a credential is seen whole before it is cut off.
const READ: usize = 2_000;

/// The text of a node as shown in a message.
pub(super) fn shown(flow: &Flow<'_>, node: Node<'_>) -> String {
    let text = without_literals(flow, node);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = redact(&line);
    if line.chars().count() > SHOWN {
        return line.chars().take(SHOWN - 3).collect::<String>() + "...";
    }
    line.into_owned()
}

/// The head of the text of a node, with `"…"` for each literal and nothing for comments.
fn without_literals(flow: &Flow<'_>, node: Node<'_>) -> String {
    let piece = |from: usize, to: usize| {
        let to = flow.text.floor_char_boundary(to.min(from + READ));
        flow.text.get(from..to).unwrap_or_default()
    };
    let mut text = String::new();
    let mut at = node.start_byte();
    let mut cursor = node.walk();
    // A walk without recursion: trees of programs can be deeper than the stack.
    'walk: while text.len() < READ {
        let here = cursor.node();
        let instead = replacement(here.kind());
        if let Some(instead) = instead {
            text.push_str(piece(at, here.start_byte()));
            text.push_str(instead);
            at = here.end_byte();
        }
        if instead.is_none()
            && here.start_byte() < node.start_byte() + READ
            && cursor.goto_first_child()
        {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    text.push_str(piece(at, node.end_byte()));
    text
}

/// What stands for a node of a kind that is not shown.
fn replacement(kind: &str) -> Option<&'static str> {
    match kind {
        "string"
        | "template_string"
        | "string_literal"
        | "raw_string_literal"
        | "interpreted_string_literal" => Some("\"…\""),
        "comment" | "line_comment" | "block_comment" => Some(" "),
        _ => None,
    }
}
