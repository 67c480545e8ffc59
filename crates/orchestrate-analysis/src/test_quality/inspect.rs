//! Looks at each test of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tree_sitter::Node;

use super::assertions::{CallKind, is_framework, kind_of, kind_of_macro};
use super::calls::{callee, path};
use super::constants::{LocalNames, is_constant, local_names};
use super::find::{FoundTest, tests};
use super::model::{Claims, Reach, TestFunction};
use super::names::ProductNames;
use super::reach::reach_of_file;
use super::tautology::is_tautology;
use super::walk::walk;
use crate::language::Language;
use crate::source::ParsedFile;

/// The tests of a file, in order, and what they claim. Empty for a file without test code.
#[must_use]
pub fn inspect(file: &ParsedFile<'_>, names: &ProductNames) -> Vec<TestFunction> {
    let root = file.tree.root_node();
    let found = tests(file, root);
    if found.is_empty() {
        return Vec::new();
    }
    let helpers = asserting_helpers(file, root);
    let of_file = reach_of_file(file, names);
    found
        .iter()
        .map(|test| judge(file, test, &helpers, of_file))
        .collect()
}

/// Something in a test that can make it fail.
struct Claim<'t> {
    range: Range<usize>,
    /// What it depends on; nothing for a plain failure.
    subjects: Vec<Node<'t>>,
    /// Whether it fails wherever it is reached.
    fails: bool,
}

/// What stands in a piece of code.
#[derive(Default)]
struct Seen<'t, 's> {
    claims: Vec<Claim<'t>>,
    /// Branches that run only if a condition holds, with the condition.
    guarded: Vec<(Range<usize>, Node<'t>)>,
    /// Calls of which nobody knows what they do, by their last name.
    calls: BTreeSet<&'s str>,
}

impl Seen<'_, '_> {
    /// Adds a place that fails wherever it is reached.
    fn fails(&mut self, range: Range<usize>) {
        self.claims.push(Claim {
            range,
            subjects: Vec::new(),
            fails: true,
        });
    }
}

fn judge(
    file: &ParsedFile<'_>,
    test: &FoundTest<'_, '_>,
    helpers: &BTreeSet<&str>,
    of_file: Reach,
) -> TestFunction {
    let seen = look(file, test.body);
    // Looking at a name in an assertion or a plain condition does not change it.
    let conditions = seen
        .guarded
        .iter()
        .map(|(_, condition)| *condition)
        .filter(|condition| !calls_anything(*condition));
    let mut looks: Vec<Range<usize>> = seen
        .claims
        .iter()
        .map(|claim| claim.range.clone())
        .collect();
    looks.extend(conditions.map(|condition| condition.byte_range()));
    let names = local_names(file, test.body, &looks);
    let constant = |node: &Node<'_>| is_constant(file, *node, &names);
    // Code behind a condition that is constant and not plainly true never runs.
    let dead: Vec<&Range<usize>> = seen
        .guarded
        .iter()
        .filter(|(_, condition)| constant(condition) && !is_plainly_true(file.text(*condition)))
        .map(|(range, _)| range)
        .collect();
    let trivial = |claim: &&Claim<'_>| {
        let in_dead = dead
            .iter()
            .any(|range| range.start <= claim.range.start && claim.range.end <= range.end);
        let says_nothing = |subject: &Node<'_>| constant(subject) || is_tautology(file, *subject);
        in_dead || (!claim.fails && claim.subjects.iter().all(says_nothing))
    };
    let trivial_claims = seen.claims.iter().filter(trivial).count();
    let by_helper = seen.calls.iter().any(|call| helpers.contains(call));
    let count = |claims: usize| u32::try_from(claims).unwrap_or(u32::MAX);
    let implied = usize::from(test.must_panic) + usize::from(by_helper);
    let assertions = seen.claims.len() + implied;
    let claims = if assertions > trivial_claims {
        Claims::Asserts
    } else if assertions > 0 {
        Claims::OnlyTrivial
    } else if seen.calls.is_empty() {
        Claims::Nothing
    } else {
        Claims::NoneVisible
    };
    // A test of nothing but constants reaches nothing, whatever its file imports.
    let uses_something = !seen.calls.is_empty() || claims == Claims::Asserts;
    let reach = match of_file {
        _ if !uses_something => Reach::DoesNot,
        Reach::DoesNot if test.takes_fixtures => Reach::Unknown,
        of_file => of_file,
    };
    TestFunction {
        path: file.source.path.clone(),
        name: test.name.to_owned(),
        line: u32::try_from(test.node.start_position().row + 1).unwrap_or(u32::MAX),
        assertions: count(assertions),
        trivial_assertions: count(trivial_claims),
        claims,
        reach,
    }
}

fn calls_anything(expression: Node<'_>) -> bool {
    walk(expression).any(|visit| {
        matches!(
            visit.node.kind(),
            "call" | "call_expression" | "macro_invocation"
        )
    })
}

/// Whether a condition is `true` as it is written.
fn is_plainly_true(condition: &str) -> bool {
    matches!(
        condition.trim_matches(['(', ')', ' ']),
        "true" | "True" | "1"
    )
}

/// Whether an asserted expression is false as it is written: `assert False` is a way to fail, not to claim.
fn is_plainly_false(expression: &str) -> bool {
    // A message may follow it.
    let first = expression.split(',').next().unwrap_or_default();
    matches!(first.trim_matches(['(', ')', ' ']), "false" | "False" | "0")
}

/// Collects what stands below a node. What stands inside an assertion belongs to it.
fn look<'t, 's>(file: &'s ParsedFile<'_>, body: Node<'t>) -> Seen<'t, 's> {
    let mut seen = Seen::default();
    let mut nodes = walk(body);
    while let Some(visit) = nodes.next() {
        let node = visit.node;
        let claims = seen.claims.len();
        match node.kind() {
            "assert_statement" => {
                let subject = node.named_child(0);
                let fails = subject.is_some_and(|subject| is_plainly_false(file.text(subject)));
                seen.claims.push(Claim {
                    range: node.byte_range(),
                    subjects: subject.into_iter().collect(),
                    fails,
                });
            }
            "raise_statement" | "throw_statement" => seen.fails(node.byte_range()),
            // Go knows no `?`; in Rust it ends the test with an error.
            "try_expression" if file.source.language == Language::Rust => {
                seen.claims.push(Claim {
                    range: node.byte_range(),
                    subjects: vec![node],
                    fails: false,
                });
            }
            "call" | "call_expression" => call(file, node, &mut seen),
            // Chains such as `expect(x).to.be.true` and `x.should.be.ok` end in no call.
            "member_expression" => {
                let names = path(file, node);
                let is_claim = names.len() > 1
                    && (names.first() == Some(&"expect") || names.contains(&"should"));
                if is_claim {
                    seen.claims.push(Claim {
                        range: node.byte_range(),
                        subjects: vec![node],
                        fails: false,
                    });
                }
            }
            "macro_invocation" => macro_call(file, node, &mut seen),
            "token_tree" => tokens(file, node, &mut seen),
            "new_expression" | "composite_literal" => {
                seen.calls.extend(
                    node.child_by_field_name("constructor")
                        .or_else(|| node.child_by_field_name("type"))
                        .map(|name| file.text(name)),
                );
            }
            "if_statement" | "if_expression" => {
                let condition = node.child_by_field_name("condition");
                let branch = node.child_by_field_name("consequence");
                seen.guarded.extend(
                    branch
                        .zip(condition)
                        .map(|(branch, condition)| (branch.byte_range(), condition)),
                );
            }
            _ => {}
        }
        if seen.claims.len() > claims {
            nodes.skip_children();
        }
    }
    seen
}

fn call<'t, 's>(file: &'s ParsedFile<'_>, node: Node<'t>, seen: &mut Seen<'t, 's>) {
    let language = file.source.language;
    let names = callee(file, node);
    let range = node.byte_range();
    match kind_of(language, &names) {
        CallKind::Fail | CallKind::Helper => seen.fails(range),
        CallKind::Assertion => {
            let arguments = node.child_by_field_name("arguments");
            let subjects = match language {
                // Of `expect(x).toBe(y)` and `x.unwrap()` the whole chain is claimed.
                Language::JavaScript | Language::TypeScript | Language::Rust => vec![node],
                // Of `mock.assert_called()` the receiver is, of `self.assertTrue(x)` only the arguments are.
                Language::Python => {
                    let receiver = node
                        .child_by_field_name("function")
                        .and_then(|function| function.child_by_field_name("object"));
                    let receiver = receiver.filter(|receiver| !is_framework(file.text(*receiver)));
                    arguments.into_iter().chain(receiver).collect()
                }
                Language::Go => arguments.into_iter().collect(),
            };
            let fails = arguments.is_some_and(|arguments| is_plainly_false(file.text(arguments)));
            seen.claims.push(Claim {
                range,
                subjects,
                fails,
            });
        }
        CallKind::Harmless => {}
        CallKind::Other => seen.calls.extend(names.last()),
    }
}

/// The macros of Rust that assert, and what their arguments depend on.
fn macro_call<'t, 's>(file: &'s ParsedFile<'_>, node: Node<'t>, seen: &mut Seen<'t, 's>) {
    let Some(name) = node.child_by_field_name("macro") else {
        return;
    };
    let name = file.text(name).rsplit("::").next().unwrap_or_default();
    let mut cursor = node.walk();
    let arguments = node
        .children(&mut cursor)
        .find(|child| child.kind() == "token_tree");
    rust_macro(file, name, node.byte_range(), arguments, seen);
}

fn rust_macro<'t, 's>(
    file: &'s ParsedFile<'_>,
    name: &'s str,
    range: Range<usize>,
    arguments: Option<Node<'t>>,
    seen: &mut Seen<'t, 's>,
) {
    match kind_of_macro(name) {
        CallKind::Assertion | CallKind::Fail | CallKind::Helper => {
            let fails = matches!(name, "panic" | "unreachable")
                || arguments.is_some_and(|arguments| is_plainly_false(file.text(arguments)));
            seen.claims.push(Claim {
                range,
                subjects: arguments.into_iter().collect(),
                fails,
            });
        }
        CallKind::Harmless => {}
        CallKind::Other => {
            seen.calls.insert(name);
        }
    }
}

/// Calls and macros inside a macro of Rust, of which the parser sees the tokens only.
fn tokens<'t, 's>(file: &'s ParsedFile<'_>, tree: Node<'t>, seen: &mut Seen<'t, 's>) {
    let mut cursor = tree.walk();
    let mut name: Option<Node<'t>> = None;
    let mut is_macro = false;
    for token in tree.children(&mut cursor) {
        match token.kind() {
            "identifier" => (name, is_macro) = (Some(token), false),
            "!" if name.is_some() => is_macro = true,
            "?" => seen.fails(token.byte_range()),
            "token_tree" => {
                if let Some(name) = name.take() {
                    let range = name.start_byte()..token.end_byte();
                    let text = file.text(name);
                    if is_macro {
                        rust_macro(file, text, range, Some(token), seen);
                    } else if file.text(token).starts_with('(') {
                        match kind_of(file.source.language, &[text]) {
                            CallKind::Assertion | CallKind::Fail | CallKind::Helper => {
                                seen.fails(range);
                            }
                            CallKind::Harmless => {}
                            CallKind::Other => {
                                seen.calls.insert(text);
                            }
                        }
                    }
                }
                is_macro = false;
            }
            _ => (name, is_macro) = (None, false),
        }
    }
}

/// The functions of the file that assert something themselves or by calling such a function.
fn asserting_helpers<'s>(file: &'s ParsedFile<'_>, root: Node<'_>) -> BTreeSet<&'s str> {
    let mut functions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut asserting: BTreeSet<&str> = BTreeSet::new();
    for visit in walk(root) {
        let node = visit.node;
        let named = match node.kind() {
            "function_item"
            | "function_definition"
            | "function_declaration"
            | "method_declaration"
            | "method_definition" => Some(node),
            "variable_declarator" => node
                .child_by_field_name("value")
                .filter(|value| matches!(value.kind(), "arrow_function" | "function_expression")),
            _ => None,
        };
        let body = named.and_then(|function| function.child_by_field_name("body"));
        let (Some(body), Some(name)) = (body, node.child_by_field_name("name")) else {
            continue;
        };
        let seen = look(file, body);
        let none = LocalNames::default();
        let asserts = |claim: &Claim<'_>| {
            claim.fails
                || !claim
                    .subjects
                    .iter()
                    .all(|subject| is_constant(file, *subject, &none))
        };
        let name = file.text(name);
        if seen.claims.iter().any(asserts) {
            asserting.insert(name);
        }
        functions.entry(name).or_default().extend(seen.calls);
    }
    let mut grown = true;
    while grown {
        let more: Vec<&str> = functions
            .iter()
            .filter(|(name, calls)| !asserting.contains(*name) && !calls.is_disjoint(&asserting))
            .map(|(name, _)| *name)
            .collect();
        grown = !more.is_empty();
        asserting.extend(more);
    }
    asserting
}
