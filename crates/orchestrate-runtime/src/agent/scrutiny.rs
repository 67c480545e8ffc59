//! Guards in a row: each sees what the one before made of the subject, and what they decide is noted.

use std::sync::Arc;

use orchestrate_core::guard::{Guard, Subject, Verdict};
use serde_json::Value;

/// What all guards together say.
#[derive(Debug, PartialEq)]
pub(super) enum Scrutiny<T> {
    /// Go on with this.
    Pass(T),
    /// Do not go on.
    Block(String),
}

/// The guards of a backend, with notes of everything that they did not simply let pass.
#[derive(Debug)]
pub(super) struct Guards<'a> {
    guards: &'a [Arc<dyn Guard>],
    notes: Vec<String>,
}

impl<'a> Guards<'a> {
    pub(super) fn new(guards: &'a [Arc<dyn Guard>]) -> Self {
        Self {
            guards,
            notes: Vec::new(),
        }
    }

    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// Looks at what the model is told.
    pub(super) fn input(&mut self, text: String) -> Scrutiny<String> {
        self.each(
            text,
            |guard, text| guard.judge(Subject::Input(text)),
            "input",
            text_of,
        )
    }

    /// Looks at what the model answered at last.
    pub(super) fn output(&mut self, value: Value) -> Scrutiny<Value> {
        self.each(
            value,
            |guard, value| guard.judge(Subject::Output(value)),
            "output",
            |value| value,
        )
    }

    /// Looks at a call before it is made.
    pub(super) fn tool_call(&mut self, tool: &str, arguments: Value) -> Scrutiny<Value> {
        let judge = |guard: &dyn Guard, arguments: &Value| {
            guard.judge(Subject::ToolCall { tool, arguments })
        };
        self.each(arguments, judge, "tool call", |value| value)
    }

    /// Looks at what a tool gave before the model sees it.
    pub(super) fn tool_result(&mut self, tool: &str, content: String) -> Scrutiny<String> {
        let judge = |guard: &dyn Guard, content: &String| {
            guard.judge(Subject::ToolResult { tool, content })
        };
        self.each(content, judge, "tool result", text_of)
    }

    fn each<T>(
        &mut self,
        mut subject: T,
        judge: impl Fn(&dyn Guard, &T) -> Verdict,
        what: &str,
        read: impl Fn(Value) -> T,
    ) -> Scrutiny<T> {
        for guard in self.guards {
            let (did, reason, with) = match judge(guard.as_ref(), &subject) {
                Verdict::Pass => continue,
                Verdict::Rewrite { with, reason } => ("rewrote", reason, Some(with)),
                Verdict::Block { reason } => ("blocked", reason, None),
            };
            let name = guard.name();
            self.notes
                .push(format!("guard `{name}` {did} {what}: {reason}"));
            match with {
                Some(with) => subject = read(with),
                None => return Scrutiny::Block(format!("{reason} (guard `{name}`)")),
            }
        }
        Scrutiny::Pass(subject)
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
