//! Rust: `use`, and paths that begin with `crate` wherever they stand.
//!
//! A module that publishes what its own children hold (`pub use child::Thing`) is their front, and
//! depends on them no more than a table of contents on its chapters: such imports are left out.

use tree_sitter::Node;

use super::line_of;
use crate::architecture::import::{Import, When};
use crate::source::ParsedFile;
use crate::test_quality::walk;

pub(super) fn imports(file: &ParsedFile<'_>) -> Vec<Import> {
    let mut found = Vec::new();
    let mut nodes = walk(file.tree.root_node());
    // Ends of the modules inside the file that the walk is in.
    let mut inline: Vec<usize> = Vec::new();
    while let Some(visit) = nodes.next() {
        let node = visit.node;
        while inline.last().is_some_and(|end| node.start_byte() >= *end) {
            inline.pop();
        }
        match node.kind() {
            "mod_item" if node.child_by_field_name("body").is_some() => {
                inline.push(node.end_byte());
            }
            "use_declaration" => {
                nodes.skip_children();
                if !file.is_test(node.start_byte()) {
                    read_use(file, node, inline.len(), &mut found);
                }
            }
            "crate" => {
                if !file.is_test(node.start_byte())
                    && let Some(path) = outermost_path(node)
                {
                    add(file.text(path), line_of(node), 0, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

fn read_use(file: &ParsedFile<'_>, node: Node<'_>, depth: usize, found: &mut Vec<Import>) {
    let Some(argument) = node.child_by_field_name("argument") else {
        return;
    };
    let published = node
        .named_child(0)
        .is_some_and(|first| first.kind() == "visibility_modifier");
    let mut paths = Vec::new();
    expand("", file.text(argument), &mut paths, 0);
    let inner = ["crate::", "super::", "self::"];
    for path in paths {
        // A path without a root begins at a crate or at a child of this module.
        let is_front = published
            && (path.starts_with("self::") || !inner.iter().any(|root| path.starts_with(root)));
        if !is_front {
            add(&path, line_of(node), depth, found);
        }
    }
}

/// Deeper trees of braces are nobody's code.
const MAX_DEPTH: usize = 32;

/// The paths of a tree such as `a::{b, c::{self, d as e}}`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>, depth: usize) {
    let tree = tree.trim();
    match tree.split_once('{') {
        Some((head, rest)) if depth < MAX_DEPTH => {
            let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
            let prefix = format!("{prefix}{}", head.trim());
            let (mut level, mut start) = (0_u32, 0);
            for (at, c) in inside.char_indices() {
                match c {
                    '{' => level += 1,
                    '}' => level = level.saturating_sub(1),
                    ',' if level == 0 => {
                        let part = inside.get(start..at).unwrap_or_default();
                        expand(&prefix, part, paths, depth + 1);
                        start = at + 1;
                    }
                    _ => {}
                }
            }
            expand(
                &prefix,
                inside.get(start..).unwrap_or_default(),
                paths,
                depth + 1,
            );
        }
        _ => {
            let path = tree.split(" as ").next().unwrap_or(tree).trim();
            if !path.is_empty() {
                paths.push(format!("{prefix}{path}"));
            }
        }
    }
}

/// The whole path that a leading `crate` begins.
fn outermost_path(node: Node<'_>) -> Option<Node<'_>> {
    let mut path = node;
    while let Some(parent) = path.parent()
        && matches!(
            parent.kind(),
            "scoped_identifier" | "scoped_type_identifier"
        )
    {
        path = parent;
    }
    (path.kind() != "crate").then_some(path)
}

/// Adds a path, seen from the module of the file, whatever modules inside it the path stands in.
fn add(path: &str, line: u32, depth: usize, found: &mut Vec<Import>) {
    let path: String = path.split_whitespace().collect();
    let supers = path.split("::").take_while(|part| *part == "super").count();
    let target = match depth {
        0 => path,
        _ if path.starts_with("self::") => return,
        depth if supers > 0 => {
            let Some(left) = supers.checked_sub(depth) else {
                return;
            };
            let rest = path.split("::").skip(supers).collect::<Vec<_>>().join("::");
            format!("self::{}{rest}", "super::".repeat(left))
        }
        _ => path,
    };
    let when = When::Load;
    found.push(Import { target, line, when });
}
