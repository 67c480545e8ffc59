//! Test code inside files that are not tests as a whole.

use std::ops::Range;

use tree_sitter::Node;

use crate::language::Language;

/// What of a file is test code, beyond what its path says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestCode {
    /// Byte ranges, sorted and disjoint.
    pub ranges: Vec<Range<usize>>,
    /// Names of Rust modules in other files that are compiled for tests only (`#[cfg(test)] mod x;`).
    pub modules: Vec<String>,
}

/// Finds the test code of a file.
///
/// Rust: items under `#[cfg(test)]` or a test attribute. Python: classes `Test..` that extend a
/// `TestCase`. Go and scripts keep their tests in files of their own.
#[must_use]
pub fn test_code(language: Language, root: Node<'_>, text: &str) -> TestCode {
    let mut found = TestCode::default();
    match language {
        Language::Rust => rust(root, text, &mut found),
        Language::Python => python(root, text, &mut found),
        Language::JavaScript | Language::TypeScript | Language::Go => {}
    }
    found.ranges.sort_by_key(|range| range.start);
    found
}

fn rust(root: Node<'_>, text: &str, found: &mut TestCode) {
    let mut open = vec![root];
    while let Some(block) = open.pop() {
        // Attributes are siblings that stand before their item.
        let mut attributed: Option<(usize, bool)> = None;
        let mut cursor = block.walk();
        for child in block.named_children(&mut cursor) {
            match child.kind() {
                "inner_attribute_item" => {
                    if is_test_attribute(text.get(child.byte_range()).unwrap_or_default()) {
                        found.ranges.push(block.byte_range());
                        break;
                    }
                }
                "attribute_item" => {
                    let is_test =
                        is_test_attribute(text.get(child.byte_range()).unwrap_or_default());
                    let (start, before) = attributed.unwrap_or((child.start_byte(), false));
                    attributed = Some((start, before || is_test));
                }
                "line_comment" | "block_comment" => {}
                kind => {
                    if let Some((start, true)) = attributed.take() {
                        found.ranges.push(start..child.end_byte());
                        if kind == "mod_item" && child.child_by_field_name("body").is_none() {
                            let name = child
                                .child_by_field_name("name")
                                .and_then(|name| text.get(name.byte_range()));
                            found.modules.extend(name.map(ToOwned::to_owned));
                        }
                    } else if matches!(kind, "mod_item" | "impl_item" | "trait_item") {
                        open.extend(child.child_by_field_name("body"));
                    }
                }
            }
        }
    }
}

/// Whether a Rust attribute marks its item as test code.
fn is_test_attribute(attribute: &str) -> bool {
    let inside: String = attribute
        .trim_start_matches(['#', '!', '['])
        .trim_end_matches(']')
        .split_whitespace()
        .collect();
    if let Some(condition) = inside.strip_prefix("cfg(") {
        return requires_test(condition.trim_end_matches(')'));
    }
    let path = inside.split(['(', '=']).next().unwrap_or_default();
    let last = path.rsplit("::").next().unwrap_or_default();
    matches!(
        last,
        "test" | "bench" | "rstest" | "test_case" | "quickcheck" | "wasm_bindgen_test"
    )
}

/// Whether a `cfg` condition cannot hold outside of tests: `test`, or `all(..)` with `test` in it.
fn requires_test(condition: &str) -> bool {
    condition == "test"
        || condition.strip_prefix("all(").is_some_and(|parts| {
            // Only the outermost parts count: `all(unix, not(test))` is product code.
            let mut depth = 0_i32;
            parts.split(',').any(|part| {
                let at_top = depth == 0;
                for letter in part.chars() {
                    depth += match letter {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
                }
                at_top && part.trim_end_matches(')') == "test"
            })
        })
}

fn python(root: Node<'_>, text: &str, found: &mut TestCode) {
    let mut cursor = root.walk();
    for child in root.named_children(&mut cursor) {
        let class = match child.kind() {
            "decorated_definition" => child.child_by_field_name("definition"),
            "class_definition" => Some(child),
            _ => None,
        };
        let field = |name| {
            class
                .filter(|class| class.kind() == "class_definition")
                .and_then(|class| class.child_by_field_name(name))
                .and_then(|node| text.get(node.byte_range()))
                .unwrap_or_default()
        };
        // `class TestCase(..)` is what a test framework ships.
        let name = field("name");
        if name.starts_with("Test")
            && !name.ends_with("TestCase")
            && field("superclasses")
                .split(['(', ')', ','])
                .any(|base| base.trim().ends_with("TestCase"))
        {
            found.ranges.push(child.byte_range());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_test_attribute;

    #[test]
    fn attributes_of_tests() {
        for attribute in [
            "#[test]",
            "#[tokio::test(flavor = \"multi_thread\")]",
            "#[cfg(test)]",
            "#![cfg(test)]",
            "#[cfg(all(test, feature = \"a\"))]",
            "#[cfg(all(any(unix, windows), test))]",
        ] {
            assert!(is_test_attribute(attribute), "{attribute}");
        }
    }

    #[test]
    fn attributes_of_product_code() {
        for attribute in [
            "#[derive(Test)]",
            "#[cfg(not(test))]",
            "#[cfg(any(unix, test))]",
            "#[cfg(all(unix, not(test)))]",
            "#[cfg(all(any(unix, test), windows))]",
            "#[cfg(feature = \"test\")]",
            "#[cfg_attr(test, derive(Debug))]",
        ] {
            assert!(!is_test_attribute(attribute), "{attribute}");
        }
    }
}
