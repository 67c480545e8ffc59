//! The inputs of a workflow: what is given, checked against what is declared.

use std::collections::BTreeMap;

use orchestrate_core::condition::{Pattern, equal, kind};
use orchestrate_core::error::similar;
use serde_json::{Map, Value};

use super::document::Document;
use super::model::{InputKind, InputSpec};

/// What a workflow is started with.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Nothing yet: only the definition is looked at.
    Later,
    /// These values, by name.
    Values(Map<String, Value>),
}

/// One mistake in what was given.
pub(super) struct InputFault {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl InputSpec {
    /// Whether it must be given.
    #[must_use]
    pub(super) fn is_required(&self) -> bool {
        self.default.is_none()
    }

    /// What is wrong with a value; `None` when it fits.
    pub(super) fn misfit(&self, value: &Value) -> Option<String> {
        let fits = match self.kind {
            InputKind::String => value.is_string(),
            InputKind::Number => value.is_number(),
            InputKind::Integer => value.is_i64() || value.is_u64(),
            InputKind::Boolean => value.is_boolean(),
            InputKind::List => value.is_array(),
            InputKind::Object => value.is_object(),
        };
        if !fits {
            let wanted = self.kind.word();
            return Some(format!("must be {wanted}, and this is {}", kind(value)));
        }
        if let (Some(pattern), Value::String(text)) = (&self.pattern, value)
            && Pattern::new(&pattern.0).is_ok_and(|it| !it.is_in(text))
        {
            return Some(format!("`{text}` does not match `{}`", pattern.0));
        }
        match &self.one_of {
            Some(values) if !values.iter().any(|it| equal(it, value)) => {
                let possible: Vec<String> = values.iter().map(ToString::to_string).collect();
                Some(format!(
                    "cannot be {value} (possible: {})",
                    possible.join(", ")
                ))
            }
            _ => None,
        }
    }
}

impl InputKind {
    /// What it is, in words.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// Checks the declarations themselves.
pub(super) fn declared(document: &Document<'_>, inputs: &BTreeMap<String, InputSpec>) {
    for (name, input) in inputs {
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name {
            let message = format!("an input cannot be called `{name}`");
            let hint = "use letters, digits and `_`";
            document.report_key("ORC1014", &["inputs", name], message, Some(hint.into()));
        }
        if input.pattern.is_some() && input.kind != InputKind::String {
            let path = ["inputs", name, "pattern"];
            document.report_key("ORC1016", &path, "only a text can have a `pattern`", None);
        }
        if let Some(problem) = input.default.as_ref().and_then(|it| input.misfit(it)) {
            let path = ["inputs", name, "default"];
            document.report("ORC1014", &path, format!("`default` {problem}"), None);
        }
    }
}

/// The values with the defaults filled in, or everything that is wrong with them. `how` says how one is given.
pub(super) fn complete(
    inputs: &BTreeMap<String, InputSpec>,
    given: &Map<String, Value>,
    how: impl Fn(&str) -> String,
) -> Result<Map<String, Value>, Vec<InputFault>> {
    let mut faults = Vec::new();
    let mut values = Map::new();
    for name in given.keys().filter(|name| !inputs.contains_key(*name)) {
        let near = similar(name, inputs.keys().map(String::as_str));
        let possible: Vec<&str> = inputs.keys().map(String::as_str).collect();
        let possible = if possible.is_empty() {
            "it has none".to_owned()
        } else {
            format!("possible: {}", possible.join(", "))
        };
        faults.push(InputFault {
            message: format!("the workflow has no input `{name}` ({possible})"),
            hint: near.first().map(|it| format!("did you mean `{it}`?")),
        });
    }
    for (name, input) in inputs {
        let Some(value) = given.get(name).or(input.default.as_ref()) else {
            let about = match input.description.trim() {
                "" => String::new(),
                about => format!(": {about}"),
            };
            faults.push(InputFault {
                message: format!(
                    "the input `{name}` is missing ({}{about})",
                    input.kind.word()
                ),
                hint: Some(format!("give it as `{}`", how(name))),
            });
            continue;
        };
        match input.misfit(value) {
            Some(problem) => faults.push(InputFault {
                message: format!("the input `{name}` {problem}"),
                hint: None,
            }),
            None => {
                values.insert(name.clone(), value.clone());
            }
        }
    }
    if faults.is_empty() {
        Ok(values)
    } else {
        Err(faults)
    }
}
