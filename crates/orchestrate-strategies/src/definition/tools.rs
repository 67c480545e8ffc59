//! Steps that call a tool or start a program: what they give it, and whether it may be made again.

use std::collections::BTreeMap;

use orchestrate_core::condition::Reference;
use orchestrate_core::error::similar;
use orchestrate_core::plan::{RetryPolicy, Step, StepKind, ToolStep};
use orchestrate_core::task::Context;
use orchestrate_core::tool::{Effect, ToolSpec};
use serde_json::{Map, Value};

use super::build::{Builder, policy};
use super::model::{EffectsSpec, Parse, StepSpec, Template as Text};
use super::scope::Scope;
use super::values;

/// The tools that run programs, by what a program may change.
pub const PROGRAM_TOOLS: [(&str, Effect); 3] = [
    ("program.read", Effect::Read),
    ("program.write", Effect::Write),
    ("program.external", Effect::External),
];

impl Builder<'_, '_> {
    pub(super) fn program_step(
        &mut self,
        name: &str,
        argv: &[Text],
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let effect = match spec.effects {
            Some(EffectsSpec::Read) => Effect::Read,
            // What a program does is not known, so it is not repeated unless the file says that it may be.
            None | Some(EffectsSpec::Write) => Effect::Write,
            Some(EffectsSpec::External) => Effect::External,
        };
        let tool = PROGRAM_TOOLS.iter().find(|(_, it)| *it == effect)?.0;
        self.assembly.tools.insert(tool.to_owned(), effect);
        let argv: Value = argv.iter().map(|it| it.0.clone()).collect();
        let parse = if spec.parse == Some(Parse::Json) {
            "json"
        } else {
            "text"
        };
        let mut arguments = Context::new();
        arguments.insert("parse".to_owned(), parse.into());
        let mut inputs = BTreeMap::new();
        let path = ["steps", name, "run"];
        if values::is_constant(&argv) {
            arguments.insert("argv".to_owned(), argv);
        } else {
            let argv = scope.reference(self.document, &path, &argv)?;
            inputs.insert("argv".to_owned(), argv);
        }
        self.call(name, (tool, effect), arguments, inputs, spec)
    }

    pub(super) fn tool_step(
        &mut self,
        name: &str,
        tool: &str,
        spec: &StepSpec,
        scope: &Scope<'_>,
    ) -> Option<Step> {
        let path = ["steps", name, "tool"];
        let (effect, mut fine) = match self.assembly.world.tools {
            None => (Effect::External, true),
            Some(tools) => match (tools.get(tool), tools.advice(tool)) {
                (Some(known), _) => (known.effect, self.takes(name, known, spec)),
                (None, Some(advice)) => {
                    let message = format!("the tool `{tool}` is not set up for steps");
                    self.document
                        .report("ORC1015", &path, message, Some(advice.to_owned()));
                    return None;
                }
                (None, None) => {
                    self.document.unknown(&path, "tool", tool, tools.names());
                    return None;
                }
            },
        };
        self.assembly.tools.insert(tool.to_owned(), effect);
        let mut arguments = Context::new();
        let mut inputs = BTreeMap::new();
        for (key, value) in &spec.input {
            if values::is_constant(value) {
                arguments.insert(key.clone(), value.clone());
                continue;
            }
            match scope.reference(self.document, &["steps", name, "input", key], value) {
                Some(reference) => {
                    inputs.insert(key.clone(), reference);
                }
                None => fine = false,
            }
        }
        fine.then(|| self.call(name, (tool, effect), arguments, inputs, spec))?
    }

    /// Whether a tool takes what a step gives it, as far as that is a matter of names.
    fn takes(&self, name: &str, tool: &ToolSpec, spec: &StepSpec) -> bool {
        let known = self.document.problem_count();
        let (tool, parameters) = (&tool.name, &tool.parameters);
        let possible = parameters.get("properties").and_then(Value::as_object);
        let possible: Vec<&str> = possible
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        let is_closed = parameters.get("additionalProperties") == Some(&Value::Bool(false));
        let unknown = |it: &&String| is_closed && !possible.contains(&it.as_str());
        for key in spec.input.keys().filter(unknown) {
            let message = format!(
                "`{tool}` takes no `{key}` (possible: {})",
                possible.join(", ")
            );
            let near = similar(key, possible.iter().copied());
            let hint = near.first().map(|it| format!("did you mean `{it}`?"));
            let path = ["steps", name, "input", key];
            self.document.report_key("ORC1012", &path, message, hint);
        }
        let required = parameters.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for key in required.filter(|it| !spec.input.contains_key(*it)) {
            let message = format!("`{tool}` needs `{key}`");
            let hint = format!("give it as `input: {{ {key}: … }}`");
            let path = ["steps", name, "tool"];
            self.document.report("ORC1013", &path, message, Some(hint));
        }
        self.document.problem_count() == known
    }

    /// A call of a tool or program. What changes nothing may be made again whatever it failed by, and the
    /// rest never: a retry that cannot happen is refused and not left out in silence.
    fn call(
        &self,
        name: &str,
        (tool, effect): (&str, Effect),
        arguments: Context,
        inputs: BTreeMap<String, Reference>,
        spec: &StepSpec,
    ) -> Option<Step> {
        // The tool of a world that knows none could be anything, and whoever says `effects` is told elsewhere.
        let is_known = spec.run.is_some() || self.assembly.world.tools.is_some();
        if !effect.is_repeatable()
            && is_known
            && spec.effects.is_none()
            && spec.retry.is_some_and(|it| it.max > 0)
        {
            let (message, hint) = match spec.run {
                Some(_) => (
                    "a program may change something, so it is never run again by itself".to_owned(),
                    "say `effects: read` if it changes nothing, or leave `retry` out",
                ),
                None => (
                    format!(
                        "the tool `{tool}` changes something, so it is never called again by itself"
                    ),
                    "leave `retry` out",
                ),
            };
            let path = ["steps", name, "retry"];
            self.document
                .report_key("ORC1016", &path, message, Some(hint.into()));
            return None;
        }
        let retry = spec
            .retry
            .or(self.file.defaults.retry)
            .map(|retry| RetryPolicy {
                retry_failures: true,
                ..policy(retry)
            });
        let timeout = spec.timeout.or(self.file.defaults.timeout);
        let mut call = ToolStep::new(tool, arguments);
        call.inputs = inputs;
        call.retry = match retry {
            Some(retry) if effect.is_repeatable() => retry,
            _ => call.retry,
        };
        call.timeout_ms = timeout.map(|it| it.ms);
        Some(Step::new(StepKind::Tool(call)))
    }
}
