//! Calls that must not get outside data: the table entry, and what a finding there is worth.

use super::call::{Call, Passed};
use super::flow::Flow;
use super::quote::shown;
use super::rule::Rule;
use super::value::{Taint, Uses, Value};
use crate::finding::{Confidence, Severity};
use tree_sitter::Node;

/// Which arguments of a call are dangerous.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// The positional argument at an index.
    Index(usize),
    /// The positional argument at an index, or the keyword.
    Named(usize, &'static str),
    /// Every argument.
    Every,
    /// The object of the method.
    Receiver,
}

/// What is said of a value of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Nothing.
    Quiet,
    /// A finding if text was put together from it.
    Built(Severity),
    /// A finding if SQL was put together from it.
    BuiltSql(Severity),
    /// A finding unless it is constant; the first severity for text put together from it.
    Any(Severity, Severity),
}

/// A dangerous call.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) rule: &'static Rule,
    pub(super) at: At,
    pub(super) uses: Uses,
    /// The severity when whoever starts the program chooses the data; `None` for nothing.
    pub(super) local: Option<Severity>,
    pub(super) unknown: Unknown,
    /// A constant host or directory before the data makes it harmless.
    pub(super) anchor_helps: bool,
}

impl Sink {
    pub(super) const fn new(rule: &'static Rule, at: At, uses: Uses) -> Self {
        Self {
            rule,
            at,
            uses,
            local: None,
            unknown: Unknown::Quiet,
            anchor_helps: false,
        }
    }

    pub(super) const fn with_local(mut self, severity: Severity) -> Self {
        self.local = Some(severity);
        self
    }

    pub(super) const fn with_unknown(mut self, unknown: Unknown) -> Self {
        self.unknown = unknown;
        self
    }

    pub(super) const fn with_anchor(mut self) -> Self {
        self.anchor_helps = true;
        self
    }
}

/// Checks a call against the table; whether it is a sink at all.
pub(super) fn check<'t>(flow: &mut Flow<'t>, call: &Call<'t>) -> bool {
    let table = &flow.dialect.sinks;
    let sinks: Vec<&'static Sink> = table.all(&call.path).collect();
    for sink in &sinks {
        check_one(flow, call, sink);
    }
    !sinks.is_empty()
}

/// Checks the arguments of a call against one sink.
pub(super) fn check_one<'t>(flow: &mut Flow<'t>, call: &Call<'t>, sink: &Sink) {
    let arguments: Vec<&Passed<'t>> = match sink.at {
        At::Index(index) => call.at(index).into_iter().collect(),
        At::Named(index, name) => call.argument(index, name).into_iter().collect(),
        At::Every => call.arguments.iter().collect(),
        At::Receiver => {
            if let Some((_, value)) = &call.receiver {
                let value = value.clone();
                check_value(flow, call.node, call.callee, &value, sink);
            }
            return;
        }
    };
    for argument in arguments {
        check_value(flow, call.node, call.callee, &argument.value, sink);
    }
}

/// Checks one value that reaches a dangerous place; the finding stands at `node`.
pub(super) fn check_value<'t>(
    flow: &mut Flow<'t>,
    node: Node<'t>,
    place: Node<'t>,
    value: &Value,
    sink: &Sink,
) {
    if value.constant.is_some() || value.safe.covers(sink.uses) {
        return;
    }
    if sink.anchor_helps && value.anchored && sink.uses.covers(Uses::URL) {
        return;
    }
    let found = match value.taint {
        Taint::Clean => None,
        Taint::Remote if value.through => Some((one_less(sink.rule.severity), Confidence::Medium)),
        Taint::Remote => Some((sink.rule.severity, Confidence::High)),
        Taint::Local => sink.local.map(|severity| (severity, Confidence::Medium)),
        Taint::Unknown => match sink.unknown {
            Unknown::Quiet => None,
            Unknown::Built(severity) => value.built.then_some((severity, Confidence::Medium)),
            Unknown::BuiltSql(severity) => {
                (value.built && value.sql).then_some((severity, Confidence::Medium))
            }
            Unknown::Any(built, _) if value.built => Some((built, Confidence::Medium)),
            Unknown::Any(_, plain) => Some((plain, Confidence::Medium)),
        },
    };
    if let Some((severity, confidence)) = found {
        let message = message(flow, place, value, sink.rule);
        flow.report
            .add(sink.rule, node, severity, confidence, message);
    }
}

/// Checks the statement of `database.query(statement)`; `names` are the methods that run one.
///
/// Many things can be executed or queried: the statement must look like SQL, or the receiver like a database.
pub(super) fn check_statement<'t>(
    flow: &mut Flow<'t>,
    call: &Call<'t>,
    names: &[&str],
    sink: &Sink,
) {
    const DATABASES: [&str; 14] = [
        "cur",
        "conn",
        "db",
        "session",
        "engine",
        "sql",
        "objects",
        "transaction",
        "pool",
        "knex",
        "sequelize",
        "prisma",
        "client",
        "tx",
    ];
    if !names.contains(&call.name()) {
        return;
    }
    let Some((receiver, _)) = &call.receiver else {
        return;
    };
    let name = flow.text(*receiver).to_ascii_lowercase();
    let is_database = DATABASES.iter().any(|word| name.contains(word));
    let candidates: Vec<Value> = call
        .arguments
        .iter()
        .take(2)
        .map(|argument| argument.value.clone())
        .collect();
    if let Some(statement) = candidates.iter().find(|value| value.sql) {
        check_value(flow, call.node, call.callee, statement, sink);
    } else if let (true, Some(first)) = (is_database, candidates.first())
        && first.parts.is_none()
    {
        check_value(flow, call.node, call.callee, first, sink);
    }
}

/// One sentence that names the data, its way and its end.
fn message(flow: &Flow<'_>, place: Node<'_>, value: &Value, rule: &Rule) -> String {
    let place = shown(flow, place);
    let data = match &value.origin {
        Some(origin) => format!("`{}` (line {})", origin.name, origin.line),
        _ if value.built => "text put together from values that are not constant".to_owned(),
        _ => "a value that is not constant".to_owned(),
    };
    format!("{}: {data} reaches `{place}`", rule.title)
}

/// Records a finding at `node` where the pattern itself is the fault; the message names `what`.
pub(super) fn found<'t>(
    flow: &mut Flow<'t>,
    rule: &'static Rule,
    node: Node<'t>,
    what: Node<'t>,
    severity: Severity,
) {
    let message = format!("{}: `{}`", rule.title, shown(flow, what));
    flow.report
        .add(rule, node, severity, Confidence::High, message);
}

/// The same where the pattern is usually the fault.
pub(super) fn suspected<'t>(
    flow: &mut Flow<'t>,
    rule: &'static Rule,
    node: Node<'t>,
    what: Node<'t>,
    severity: Severity,
) {
    let message = format!("{}: `{}`", rule.title, shown(flow, what));
    flow.report
        .add(rule, node, severity, Confidence::Medium, message);
}

fn one_less(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Info => Severity::Info,
    }
}
