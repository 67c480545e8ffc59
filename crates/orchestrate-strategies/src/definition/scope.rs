//! What texts of a definition may read at their place.

use std::collections::BTreeSet;

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::error::similar;
use orchestrate_core::expression::{Expression, ExpressionError, Read, Template, renamed};
use serde_json::{Map, Value};

use super::document::Document;
use super::values::{self, NoExpression};

/// What can be read at a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope<'a> {
    /// The inputs that the workflow declares.
    pub(super) inputs: BTreeSet<&'a str>,
    /// All steps.
    pub(super) steps: BTreeSet<&'a str>,
    /// The steps that have ended by then.
    pub(super) ended: BTreeSet<&'a str>,
    /// The step that the text belongs to, if it belongs to one.
    pub(super) step: Option<&'a str>,
    /// Inside `for_each`: what the item is called.
    pub(super) item: Option<&'a str>,
    /// Inside a loop.
    pub(super) repeated: bool,
    /// In the condition that ends a loop.
    pub(super) round: bool,
    /// In `fail_when`: what the workflow gives.
    pub(super) outputs: Option<BTreeSet<&'a str>>,
    /// Only what is known when the workflow starts.
    pub(super) at_start: bool,
}

impl Scope<'_> {
    /// A text with the item's own name replaced by the one that plans know.
    fn plain(&self, text: &str, is_expression: bool) -> String {
        match self.item {
            Some(name) if name != "item" => renamed(text, is_expression, name, "item"),
            _ => text.to_owned(),
        }
    }

    /// Checks every text in a value and gives it as the plan has it. `None` after a mistake.
    pub(super) fn value(
        &self,
        document: &Document<'_>,
        path: &[&str],
        value: &Value,
    ) -> Option<Value> {
        match value {
            Value::String(text) => self.template(document, path, text).map(Value::String),
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(i, item)| {
                    let i = i.to_string();
                    self.value(document, &[path, &[&i]].concat(), item)
                });
                all(items).map(Value::Array)
            }
            Value::Object(map) => {
                let pairs = map.iter().map(|(key, value)| {
                    let value = self.value(document, &[path, &[key]].concat(), value)?;
                    Some((key.clone(), value))
                });
                all(pairs).map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>()))
            }
            other => Some(other.clone()),
        }
    }

    /// A value as a reference of the plan.
    pub(super) fn reference(
        &self,
        document: &Document<'_>,
        path: &[&str],
        value: &Value,
    ) -> Option<Reference> {
        let value = self.value(document, path, value)?;
        values::reference(&value)
            .map_err(|NoExpression| blocks(document, path))
            .ok()
    }

    /// Checks a template and gives it as the plan has it.
    pub(super) fn template(
        &self,
        document: &Document<'_>,
        path: &[&str],
        text: &str,
    ) -> Option<String> {
        if !Template::is_needed(text) {
            return Some(text.to_owned());
        }
        let plain = self.plain(text, false);
        match Template::new(&plain) {
            Ok(template) => self
                .reads(document, path, template.reads_at())
                .then_some(plain),
            Err(error) => self.refuse(document, path, error),
        }
    }

    /// Checks an expression that stands alone, such as that of `for_each`, and gives it as a template.
    pub(super) fn bare(
        &self,
        document: &Document<'_>,
        path: &[&str],
        text: &str,
    ) -> Option<Reference> {
        let whole = if Template::is_needed(text) {
            text.to_owned()
        } else {
            format!("{{{{ {text} }}}}")
        };
        // The places are those of the text as it was written.
        let added = (whole.len() - text.len()) / 2;
        let plain = self.plain(&whole, false);
        match Template::new(&plain) {
            Ok(template) => {
                let reads: Vec<Read> = template
                    .reads_at()
                    .iter()
                    .map(|read| Read {
                        field: read.field.clone(),
                        at: read.at.start.saturating_sub(added)..read.at.end.saturating_sub(added),
                    })
                    .collect();
                self.reads(document, path, &reads).then_some(())?;
                values::reference(&Value::String(plain)).ok()
            }
            Err(mut error) => {
                for problem in &mut error.problems {
                    problem.at.start = problem.at.start.saturating_sub(added);
                }
                self.refuse(document, path, error)
            }
        }
    }

    /// Checks a condition in either spelling. `None` after a mistake.
    pub(super) fn condition(
        &self,
        document: &Document<'_>,
        path: &[&str],
        value: &Value,
    ) -> Option<Condition> {
        if let Value::String(text) = value {
            let plain = self.plain(text, true);
            return match Expression::new(&plain) {
                Ok(expression) => self
                    .reads(document, path, expression.reads_at())
                    .then_some(Condition::Expression { text: expression }),
                Err(error) => self.refuse(document, path, error),
            };
        }
        match Condition::from_predicate(value) {
            Ok(condition) => {
                let mut reads = Vec::new();
                condition.fields(&mut |field| {
                    reads.push(Read {
                        field: field.clone(),
                        at: 0..0,
                    });
                });
                self.reads(document, path, &reads).then_some(condition)
            }
            Err(problems) => {
                for problem in problems.0 {
                    let inside: Vec<&str> = problem.path.iter().map(String::as_str).collect();
                    let path = [path, &inside].concat();
                    document.report_key("ORC1017", &path, problem.message, problem.hint);
                }
                None
            }
        }
    }

    fn refuse<T>(
        &self,
        document: &Document<'_>,
        path: &[&str],
        error: ExpressionError,
    ) -> Option<T> {
        // A hyphen in a name reads as a subtraction, and what is said of that helps nobody.
        let text = &error.source_text;
        let hyphened = |step: &&&str| step.contains('-') && text.contains(&format!("steps.{step}"));
        if let Some(step) = self.steps.iter().find(hyphened) {
            let message = format!("`steps.{step}` is read as a subtraction");
            let hint = format!("write `steps[\"{step}\"]`");
            document.report("ORC1017", path, message, Some(hint));
            return None;
        }
        for problem in error.problems {
            let (message, hint) = (problem.message, problem.hint);
            document.report_in("ORC1017", path, &problem.at, message, hint);
        }
        None
    }

    /// Checks what a text reads; true when all of it can be there.
    fn reads(&self, document: &Document<'_>, path: &[&str], reads: &[Read]) -> bool {
        let mut fine = true;
        for read in reads {
            if let Err((message, hint)) = self.read(&read.field) {
                fine = false;
                document.report_in("ORC1015", path, &read.at, message, hint);
            }
        }
        fine
    }

    fn read(&self, field: &Reference) -> Result<(), (String, Option<String>)> {
        let mut segments = field.segments();
        let root = segments.next().unwrap_or_default();
        let name = segments.next();
        if self.at_start && !matches!(root, "inputs" | "context" | "run") {
            let hint = "hand the value over with `input:`, where it is named";
            let message = format!("`{field}` is not known when the workflow starts");
            return Err((message, Some(hint.to_owned())));
        }
        if root == "outputs" || self.outputs.is_some() && root != "inputs" {
            return self.output(field, root, name);
        }
        let locals = match (self.item.is_some(), self.repeated) {
            (true, true) => &["item", "index", "previous"][..],
            (true, false) => &["item", "index"],
            (false, true) => &["index", "previous"],
            (false, false) => &[],
        };
        match (root, name) {
            ("inputs", Some(name)) if !self.inputs.contains(name) => {
                Err(unknown("input", name, &self.inputs))
            }
            ("steps", Some("previous")) if self.repeated => Ok(()),
            ("steps", Some("round")) if self.round => Ok(()),
            ("steps", Some(local @ ("previous" | "round"))) => Err((
                format!("`{local}` has a meaning inside a `loop` only"),
                None,
            )),
            ("steps", Some(name)) => self.earlier(name, segments.next()),
            ("item" | "index", _) if !locals.contains(&root) => Err((
                format!("`{root}` has a meaning inside `for_each` only"),
                (root == "index").then(|| "inside a `loop` too".to_owned()),
            )),
            _ => Ok(()),
        }
    }

    fn earlier(&self, name: &str, after: Option<&str>) -> Result<(), (String, Option<String>)> {
        if self.ended.contains(name) {
            let known = ["output", "success", "outcome", "confidence"];
            // A part of a team is known by its member's name; the plan knows which there are.
            let near = after.and_then(|it| similar(it, known).into_iter().next());
            return match (near, after) {
                (Some(near), Some(given)) if near != given => Err((
                    format!("a step has no `{given}` (possible: {})", known.join(", ")),
                    Some(format!("did you mean `{near}`?")),
                )),
                _ => Ok(()),
            };
        }
        if self.step == Some(name) {
            return Err((format!("`{name}` cannot read itself"), None));
        }
        if self.steps.contains(name) {
            let hint = format!("add `{name}` to `needs`");
            let message = format!("step `{name}` need not have ended when this is read");
            return Err((message, Some(hint)));
        }
        // `steps.my-step` reads as a subtraction.
        let with_hyphen = self.steps.iter().find(|step| {
            step.strip_prefix(name)
                .is_some_and(|it| it.starts_with('-'))
        });
        if let Some(step) = with_hyphen {
            let hint = format!("a name with a hyphen is written `steps[\"{step}\"]`");
            return Err((format!("unknown step `{name}`"), Some(hint)));
        }
        Err(unknown("step", name, &self.steps))
    }

    fn output(
        &self,
        field: &Reference,
        root: &str,
        name: Option<&str>,
    ) -> Result<(), (String, Option<String>)> {
        match (&self.outputs, root, name) {
            (Some(outputs), "outputs", Some(name)) if !outputs.contains(name) => {
                Err(unknown("output", name, outputs))
            }
            (Some(_), "outputs", _) => Ok(()),
            (Some(_), ..) => Err((
                format!(
                    "`{field}` cannot be read here (possible: `outputs.<name>`, `inputs.<name>`)"
                ),
                Some("give the value a name under `outputs` and read that".to_owned()),
            )),
            (None, ..) => Err(("`outputs` can be read in `fail_when` only".to_owned(), None)),
        }
    }
}

fn unknown(what: &str, given: &str, possible: &BTreeSet<&str>) -> (String, Option<String>) {
    let near = similar(given, possible.iter().copied());
    let hint = near.first().map(|it| format!("did you mean `{it}`?"));
    let listed: Vec<&str> = possible.iter().copied().collect();
    let listed = if listed.is_empty() {
        "there is none".to_owned()
    } else {
        format!("possible: {}", listed.join(", "))
    };
    (format!("unknown {what} `{given}` ({listed})"), hint)
}

fn blocks(document: &Document<'_>, path: &[&str]) {
    let message = "a template with blocks (`{% … %}`) must stand alone here";
    let hint = "make it an `input` of its own";
    document.report("ORC1016", path, message, Some(hint.to_owned()));
}

/// All of them, after each has been looked at.
fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let items: Vec<Option<T>> = items.collect();
    items.into_iter().collect()
}
