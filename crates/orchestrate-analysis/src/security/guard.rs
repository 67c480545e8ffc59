//! Conditions that check a value: what they make safe, and on which side of the branch.
//!
//! A membership test, an equality with a constant, a match of a whole pattern or a check of the
//! head of a path is taken as validation. A test for presence is not.

use tree_sitter::Node;

use super::flow::Flow;
use super::shape::{Argument, Shape, children};
use super::value::{Constant, Taint, Uses};

/// One thing that a condition says of a variable.
#[derive(Debug)]
pub(super) struct Fact<'t> {
    name: &'t str,
    uses: Uses,
    /// On which side of the condition it holds.
    when: bool,
}

const CHECKING_CALLS: [(&str, Uses); 32] = [
    ("isdigit", Uses::ALL),
    ("isalnum", Uses::ALL),
    ("isalpha", Uses::ALL),
    ("isdecimal", Uses::ALL),
    ("isnumeric", Uses::ALL),
    ("isidentifier", Uses::ALL),
    ("match", Uses::ALL),
    ("fullmatch", Uses::ALL),
    ("test", Uses::ALL),
    ("includes", Uses::ALL),
    ("has", Uses::ALL),
    ("contains", Uses::ALL),
    ("contains_key", Uses::ALL),
    ("MatchString", Uses::ALL),
    ("Contains", Uses::ALL),
    ("is_match", Uses::ALL),
    ("isInteger", Uses::ALL),
    ("isSafeInteger", Uses::ALL),
    ("startswith", Uses::PATH.and(Uses::URL)),
    ("startsWith", Uses::PATH.and(Uses::URL)),
    ("starts_with", Uses::PATH.and(Uses::URL)),
    ("HasPrefix", Uses::PATH.and(Uses::URL)),
    ("is_relative_to", Uses::PATH),
    ("IsLocal", Uses::PATH),
    ("isSubPath", Uses::PATH),
    ("url_has_allowed_host_and_scheme", Uses::URL),
    ("is_safe_url", Uses::URL),
    ("validate", Uses::ALL),
    ("is_valid", Uses::ALL),
    ("isValid", Uses::ALL),
    ("indexOf", Uses::ALL),
    ("hasOwnProperty", Uses::ALL),
];

/// What a condition says, in a bounded look at it.
pub(super) fn facts<'t>(flow: &Flow<'t>, condition: Node<'t>) -> Vec<Fact<'t>> {
    let mut facts = Vec::new();
    let mut open = vec![(condition, true)];
    let mut steps = 0;
    while let Some((node, when)) = open.pop() {
        steps += 1;
        if steps > 64 {
            break;
        }
        match flow.shape(node) {
            Shape::Binary {
                operator,
                left,
                right,
            } => match operator {
                "and" | "or" | "&&" | "||" => {
                    open.push((left, when));
                    open.push((right, when));
                }
                "in" => membership(flow, left, right, when, &mut facts),
                "not in" => membership(flow, left, right, !when, &mut facts),
                "==" | "===" => equality(flow, left, right, when, &mut facts),
                "!=" | "!==" => equality(flow, left, right, !when, &mut facts),
                _ => open.extend(compared_call(flow, operator, left, when)),
            },
            Shape::Harmless(inner) => {
                let text = flow.text(node);
                let negated =
                    text.starts_with('!') || text.starts_with("not ") || text.starts_with("not(");
                open.extend(inner.into_iter().map(|inner| (inner, when != negated)));
            }
            Shape::Any(inner) => open.extend(inner.into_iter().map(|inner| (inner, when))),
            Shape::Call { callee, arguments } => {
                let (object, name) = match flow.shape(callee) {
                    Shape::Member { object, field } => (Some(object), flow.text(field)),
                    _ => (None, flow.text(callee)),
                };
                if let Some((_, uses)) = CHECKING_CALLS.iter().find(|(known, _)| *known == name) {
                    let of = arguments.iter().map(|a| a.value).chain(object);
                    facts.extend(of.filter_map(|node| variable(flow, node)).map(|name| Fact {
                        name,
                        uses: *uses,
                        when,
                    }));
                }
            }
            _ => {}
        }
    }
    facts
}

/// `x.indexOf(y) === -1` and the like were seen as comparisons: the call inside still counts.
fn compared_call<'t>(
    flow: &Flow<'t>,
    operator: &str,
    left: Node<'t>,
    when: bool,
) -> Option<(Node<'t>, bool)> {
    matches!(flow.shape(left), Shape::Call { .. }).then_some((
        left,
        if operator.starts_with('<') {
            !when
        } else {
            when
        },
    ))
}

fn membership<'t>(
    flow: &Flow<'t>,
    left: Node<'t>,
    right: Node<'t>,
    when: bool,
    facts: &mut Vec<Fact<'t>>,
) {
    if let Some(name) = variable(flow, left) {
        facts.push(Fact {
            name,
            uses: Uses::ALL,
            when,
        });
    } else if matches!(flow.shape(left), Shape::Constant(Constant::Text(_)))
        && flow.text(left).contains("..")
        && let Some(name) = variable(flow, right)
    {
        // `if ".." in path` keeps what is safe on the other side.
        facts.push(Fact {
            name,
            uses: Uses::PATH,
            when: !when,
        });
    }
}

fn equality<'t>(
    flow: &Flow<'t>,
    left: Node<'t>,
    right: Node<'t>,
    when: bool,
    facts: &mut Vec<Fact<'t>>,
) {
    for (one, other) in [(left, right), (right, left)] {
        let Shape::Constant(constant) = flow.shape(other) else {
            continue;
        };
        let empty = match &constant {
            Constant::Text(text) => text.is_empty(),
            Constant::Nothing => true,
            Constant::Number(_) | Constant::Truth(_) => false,
        };
        if let Some(name) = variable(flow, one).filter(|_| !empty) {
            facts.push(Fact {
                name,
                uses: Uses::ALL,
                when,
            });
        } else if constant == Constant::Number(-1)
            && let Shape::Call { arguments, .. } = flow.shape(one)
        {
            facts.extend(
                arguments
                    .iter()
                    .filter_map(|argument| variable(flow, argument.value))
                    .map(|name| Fact {
                        name,
                        uses: Uses::ALL,
                        when: !when,
                    }),
            );
        }
    }
}

/// The variable that an expression is about: itself, or the one inside `x.lower()` and the like.
fn variable<'t>(flow: &Flow<'t>, node: Node<'t>) -> Option<&'t str> {
    let mut node = node;
    for _ in 0..8 {
        match flow.shape(node) {
            Shape::Name => return Some(flow.text(node)),
            Shape::Member { .. } => {
                let name = flow.text(node);
                return flow.variable(name).map(|_| name);
            }
            // `realpath(x).startswith(...)` is about `x`.
            Shape::Call { arguments, .. } if is_variable(flow, arguments.first()) => {
                return arguments.first().map(|argument| flow.text(argument.value));
            }
            Shape::Call { callee, .. } => match flow.shape(callee) {
                Shape::Member { object, .. } => node = object,
                _ => return None,
            },
            Shape::Any(inner) => node = *inner.first()?,
            Shape::Block => node = *children(node).first()?,
            _ => return None,
        }
    }
    None
}

fn is_variable(flow: &Flow<'_>, argument: Option<&Argument<'_>>) -> bool {
    argument.is_some_and(|argument| {
        let name = flow.text(argument.value);
        flow.variable(name).is_some()
    })
}

/// Takes the facts of one side of a branch as given.
pub(super) fn assume<'t>(flow: &mut Flow<'t>, facts: &[Fact<'t>], side: bool) {
    for fact in facts.iter().filter(|fact| fact.when == side) {
        // A module or a request object is not what was checked: its data was.
        if let Some(value) = flow.variable(fact.name).cloned()
            && (value.taint > Taint::Unknown || value.path.is_none())
        {
            flow.bind(fact.name, value.made_safe(fact.uses));
        }
    }
}
