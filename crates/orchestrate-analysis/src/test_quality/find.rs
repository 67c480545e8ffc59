//! Finds the tests in a file.

use tree_sitter::Node;

use super::calls::callee;
use super::walk::walk;
use crate::language::Language;
use crate::source::ParsedFile;

/// A test as it stands in the syntax.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundTest<'t, 's> {
    /// Its name, or the text given to `it`.
    pub(super) name: &'s str,
    /// The whole function.
    pub(super) node: Node<'t>,
    /// What runs.
    pub(super) body: Node<'t>,
    /// Whether it passes only if it fails (`#[should_panic]`).
    pub(super) must_panic: bool,
    /// Whether it takes arguments that someone else provides: fixtures, table rows, pages.
    pub(super) takes_fixtures: bool,
}

/// The tests of a file, in order. Tests inside tests belong to the outer one.
pub(super) fn tests<'t, 's>(file: &'s ParsedFile<'_>, root: Node<'t>) -> Vec<FoundTest<'t, 's>> {
    let mut found = Vec::new();
    let mut nodes = walk(root);
    // Attributes of Rust stand before the function they belong to, as nodes of their own.
    let mut attributes: Vec<&str> = Vec::new();
    while let Some(visit) = nodes.next() {
        let node = visit.node;
        if node.kind() == "attribute_item" {
            attributes.push(file.text(node));
            nodes.skip_children();
            continue;
        }
        let test = match file.source.language {
            Language::Rust if node.kind() == "function_item" => rust(file, node, &attributes),
            Language::Rust if node.kind() == "token_tree" => {
                found.extend(rust_tokens(file, node));
                None
            }
            Language::Python if node.kind() == "function_definition" => python(file, node),
            Language::JavaScript | Language::TypeScript if node.kind() == "call_expression" => {
                javascript(file, node)
            }
            Language::Go if node.kind() == "function_declaration" => go(file, node),
            _ => None,
        };
        if !node.is_extra() && node.is_named() {
            attributes.clear();
        }
        if let Some(test) = test.filter(|test| file.is_test(test.node.start_byte())) {
            found.push(test);
            nodes.skip_children();
        }
    }
    found
}

fn rust<'t, 's>(
    file: &'s ParsedFile<'_>,
    node: Node<'t>,
    attributes: &[&str],
) -> Option<FoundTest<'t, 's>> {
    let is_test = attributes.iter().any(|attribute| {
        let path = attribute
            .trim_start_matches("#[")
            .split(['(', ']', '='])
            .next()
            .unwrap_or_default();
        let last = path.rsplit("::").next().unwrap_or_default().trim();
        matches!(
            last,
            "test"
                | "rstest"
                | "test_case"
                | "case"
                | "quickcheck"
                | "wasm_bindgen_test"
                | "test_log"
                | "proptest"
        )
    });
    is_test.then_some(())?;
    Some(FoundTest {
        name: file.text(node.child_by_field_name("name")?),
        node,
        body: node.child_by_field_name("body")?,
        must_panic: attributes
            .iter()
            .any(|attribute| attribute.contains("should_panic")),
        takes_fixtures: false,
    })
}

/// Tests inside a macro such as `proptest! { #[test] fn name(..) { .. } }`, where the parser sees only tokens.
fn rust_tokens<'t, 's>(file: &'s ParsedFile<'_>, tree: Node<'t>) -> Vec<FoundTest<'t, 's>> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    let (mut is_test, mut must_panic) = (false, false);
    let mut name: Option<Node<'t>> = None;
    let mut after_fn = false;
    for token in tree.children(&mut cursor) {
        let text = || file.text(token);
        match token.kind() {
            "token_tree" if text().starts_with('[') && name.is_none() => {
                let inner = text().trim_matches(['[', ']']);
                must_panic |= inner.contains("should_panic");
                is_test |= inner
                    .trim()
                    .rsplit("::")
                    .next()
                    .is_some_and(|last| last.trim() == "test");
            }
            "token_tree" if text().starts_with('{') => {
                if let Some(named) = name.filter(|_| is_test && file.is_test(token.start_byte())) {
                    found.push(FoundTest {
                        name: file.text(named),
                        node: named,
                        body: token,
                        must_panic,
                        takes_fixtures: false,
                    });
                }
                (is_test, must_panic, name) = (false, false, None);
            }
            "identifier" if after_fn => name = Some(token),
            _ => {}
        }
        after_fn = token.kind() == "fn" || (token.kind() == "identifier" && text() == "fn");
    }
    found
}

/// `@pytest.fixture(..)` and its likes, but not `@pytest.mark.usefixtures(..)`.
fn is_fixture_decorator(decorator: &str) -> bool {
    let name = decorator.split('(').next().unwrap_or_default().trim();
    name.ends_with("fixture")
}

fn python<'t, 's>(file: &'s ParsedFile<'_>, node: Node<'t>) -> Option<FoundTest<'t, 's>> {
    /// Fixtures of pytest itself and of plugins that bring no product code.
    const OWN: [&str; 16] = [
        "self",
        "cls",
        "tmp_path",
        "tmpdir",
        "tmp_path_factory",
        "tmpdir_factory",
        "capsys",
        "capfd",
        "caplog",
        "monkeypatch",
        "mocker",
        "request",
        "recwarn",
        "benchmark",
        "event_loop",
        "pytestconfig",
    ];
    let name = file.text(node.child_by_field_name("name")?);
    // A fixture may be called so as well, and is none.
    let is_fixture = node.parent().is_some_and(|parent| {
        let mut cursor = parent.walk();
        parent.kind() == "decorated_definition"
            && parent
                .children(&mut cursor)
                .any(|child| child.kind() == "decorator" && is_fixture_decorator(file.text(child)))
    });
    (name.starts_with("test") && !is_fixture).then_some(())?;
    let parameters = node.child_by_field_name("parameters")?;
    let mut cursor = parameters.walk();
    let takes_fixtures = parameters.named_children(&mut cursor).any(|parameter| {
        parameter.kind() != "comment"
            && !OWN.contains(
                &file
                    .text(parameter)
                    .split([':', '='])
                    .next()
                    .unwrap_or_default()
                    .trim(),
            )
    });
    Some(FoundTest {
        name,
        node,
        body: node.child_by_field_name("body")?,
        must_panic: false,
        takes_fixtures,
    })
}

fn javascript<'t, 's>(file: &'s ParsedFile<'_>, node: Node<'t>) -> Option<FoundTest<'t, 's>> {
    let callee = callee(file, node);
    let is_test = match callee.as_slice() {
        ["it" | "test" | "specify"] | ["Deno" | "Bun" | "QUnit", "test"] => true,
        ["it" | "test" | "specify", rest @ ..] => rest.iter().all(|part| {
            matches!(
                *part,
                "only"
                    | "each"
                    | "concurrent"
                    | "failing"
                    | "serial"
                    | "sequential"
                    | "for"
                    | "prop"
                    | "runIf"
                    | "skipIf"
            )
        }),
        _ => false,
    };
    is_test.then_some(())?;
    let arguments = node.child_by_field_name("arguments")?;
    let mut cursor = arguments.walk();
    let mut arguments = arguments
        .named_children(&mut cursor)
        .filter(|argument| argument.kind() != "comment");
    let title = arguments.next()?;
    let function = |node: &Node<'_>| {
        matches!(
            node.kind(),
            "arrow_function" | "function_expression" | "function"
        )
    };
    let body = if function(&title) {
        title
    } else {
        arguments.find(function)?
    };
    let name = if function(&title) {
        ""
    } else {
        file.text(title).trim_matches(['"', '\'', '`'])
    };
    let inner = body.child_by_field_name("body")?;
    let parameters = body
        .child_by_field_name("parameters")
        .or_else(|| body.child_by_field_name("parameter"));
    let takes_fixtures = parameters.is_some_and(|parameters| file.text(parameters).contains('{'))
        || callee.len() > 1;
    Some(FoundTest {
        name,
        node,
        body: inner,
        must_panic: false,
        takes_fixtures,
    })
}

fn go<'t, 's>(file: &'s ParsedFile<'_>, node: Node<'t>) -> Option<FoundTest<'t, 's>> {
    let name = file.text(node.child_by_field_name("name")?);
    let rest = name
        .strip_prefix("Test")
        .or_else(|| name.strip_prefix("Fuzz"))?;
    let parameters = file.text(node.child_by_field_name("parameters")?);
    let is_test = !rest.starts_with(|c: char| c.is_lowercase())
        && parameters.contains("testing.")
        && !parameters.contains("testing.M");
    is_test.then_some(())?;
    Some(FoundTest {
        name,
        node,
        body: node.child_by_field_name("body")?,
        must_panic: false,
        takes_fixtures: false,
    })
}
