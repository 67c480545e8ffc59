//! Checks of form: a tree against the JSON Schema of what it should be, every mistake at once.
//!
//! Only what the schemas of our own types use is understood here. That they are the types' own
//! schemas is what makes a tree that passes readable as the type.

use std::collections::HashSet;

use orchestrate_core::condition::Pattern;
use orchestrate_core::error::similar;
use orchestrate_core::id::StepName;
use serde_json::Value;

use super::document::listed;
use super::model::{Duration, formats};
use super::problem::Place;
use super::tree::{Kind, Node};

/// A mistake of form, with the file left out.
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) at: Place,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// What is to be left out for the rest to be read: the value of this path, if any.
    pub(super) path: Vec<String>,
    /// A value of the right form that can stand in its place instead, so that the rest can be read.
    pub(super) stand_in: Option<Value>,
}

/// Everything in a tree that does not fit a schema.
pub(super) fn faults(tree: &Node, schema: &Value) -> Vec<Fault> {
    let mut checker = Checker {
        root: schema,
        path: Vec::new(),
        faults: Vec::new(),
    };
    checker.node(tree, schema, "");
    checker.faults
}

struct Checker<'a> {
    root: &'a Value,
    path: Vec<String>,
    faults: Vec<Fault>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, code: &'static str, at: Place, message: String, hint: Option<String>) {
        self.faults.push(Fault {
            code,
            at,
            message,
            hint,
            // A key that stands twice is there once more. What lacks a key is left out as a whole, unless
            // it has a name that others may use.
            path: match code {
                "ORC1011" => Vec::new(),
                "ORC1013" if self.path.len() < 3 => Vec::new(),
                _ => self.path.clone(),
            },
            stand_in: None,
        });
    }

    /// Reports a value that has the right kind, and what can stand in its place.
    fn report_value(&mut self, at: Place, message: String, hint: Option<String>, stand_in: Value) {
        self.report("ORC1014", at, message, hint);
        if let Some(fault) = self.faults.last_mut() {
            fault.stand_in = Some(stand_in);
        }
    }

    fn within(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        self.path.push(key.to_owned());
        check(self);
        self.path.pop();
    }

    /// A schema after its references.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..8 {
            let Some(name) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            match name.strip_prefix('#').and_then(|it| self.root.pointer(it)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// `name` is what the value is called: the last key on the way to it.
    fn node(&mut self, node: &Node, schema: &'a Value, name: &str) {
        let schema = self.resolve(schema);
        let alternatives = ["anyOf", "oneOf"]
            .iter()
            .find_map(|key| schema.get(*key)?.as_array());
        if let Some(alternatives) = alternatives {
            return self.alternatives(node, alternatives, name);
        }
        if !self.has_kind(node, schema) {
            let wanted = wanted(schema);
            let message = format!("`{name}` must be {wanted}, and this is {}", node.word());
            let hint = (matches!(node.kind, Kind::Number(_) | Kind::Bool(_))
                && wanted.contains("a text"))
            .then(|| "put it into quotes".to_owned())
            .or_else(|| match &node.kind {
                Kind::Text(text) if wanted == "a list" => {
                    let words: Vec<&str> = text.split_whitespace().collect();
                    Some(format!("write `[{}]`", words.join(", ")))
                }
                _ => None,
            });
            return self.report("ORC1014", node.at, message, hint);
        }
        match &node.kind {
            Kind::Text(text) => self.text(node, text, schema, name),
            Kind::Number(number) => self.number(node, number.as_f64(), schema, name),
            Kind::List(items) => {
                self.length(node, items.len(), schema.get("minItems"), name);
                if let Some(of) = schema.get("items") {
                    for (at, item) in items.iter().enumerate() {
                        self.within(&at.to_string(), |it| it.node(item, of, name));
                    }
                }
            }
            Kind::Map(_) => self.map(node, schema, name),
            Kind::Null | Kind::Bool(_) => {}
        }
    }

    fn has_kind(&self, node: &Node, schema: &Value) -> bool {
        let fits = |kind: &Value| match (&node.kind, kind.as_str()) {
            (Kind::Bool(_), Some("boolean"))
            | (Kind::Number(_), Some("number"))
            | (Kind::Text(_), Some("string"))
            | (Kind::List(_), Some("array"))
            | (Kind::Map(_), Some("object")) => true,
            (Kind::Number(number), Some("integer")) => number.is_i64() || number.is_u64(),
            // Nothing is no value: who wants none leaves the field out.
            _ => false,
        };
        match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(fits),
            Some(kind) => fits(kind),
            None => match schema.get("const") {
                Some(only) => *only == node.value(),
                None => schema.get("enum").is_none() || matches!(node.kind, Kind::Text(_)),
            },
        }
    }

    fn alternatives(&mut self, node: &Node, alternatives: &'a [Value], name: &str) {
        let all: Vec<&Value> = alternatives.iter().map(|it| self.resolve(it)).collect();
        // Words of a fixed list are told together.
        if matches!(node.kind, Kind::Text(_)) {
            let words: Vec<&str> = all.iter().flat_map(|it| words(it)).collect();
            let takes_any = all
                .iter()
                .any(|it| words_free(it) && self.has_kind(node, it));
            if !words.is_empty() && !takes_any {
                return self.word(node, &words, name);
            }
        }
        let fitting = all.iter().find(|it| self.has_kind(node, it));
        match fitting {
            Some(schema) => self.node(node, schema, name),
            None => {
                let mut kinds: Vec<String> = Vec::new();
                for schema in all {
                    let kind = if words(schema).is_empty() {
                        wanted(schema)
                    } else {
                        "a word".to_owned()
                    };
                    if kind != "nothing" && !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
                let message = format!(
                    "`{name}` must be {}, and this is {}",
                    kinds.join(" or "),
                    node.word()
                );
                self.report("ORC1014", node.at, message, None);
            }
        }
    }

    fn word(&mut self, node: &Node, possible: &[&str], name: &str) {
        let Kind::Text(text) = &node.kind else { return };
        if possible.contains(&text.as_str()) {
            return;
        }
        let near = similar(text, possible.iter().copied());
        let hint = near.first().map(|it| format!("did you mean `{it}`?"));
        let message = format!(
            "`{name}` cannot be `{text}` (possible: {})",
            possible.join(", ")
        );
        let stand_in = possible.first().copied().unwrap_or_default();
        self.report_value(node.at, message, hint, stand_in.into());
    }

    fn text(&mut self, node: &Node, text: &str, schema: &'a Value, name: &str) {
        let words = words(schema);
        if !words.is_empty() {
            return self.word(node, &words, name);
        }
        let (problem, stand_in) = match schema.get("format").and_then(Value::as_str) {
            Some(formats::NAME) => (StepName::new(text).err().map(|it| it.to_string()), "_"),
            Some(formats::DURATION) => (Duration::parse(text).is_none().then(|| {
                format!("`{text}` is no time: write a number above 0 and `ms`, `s`, `m`, `h` or `d`, for example `20m`")
            }), "1s"),
            Some(formats::PATTERN) => (Pattern::new(text).err().map(|it| it.to_string()), "."),
            _ => (None, ""),
        };
        if let Some(problem) = problem {
            self.report_value(node.at, problem, None, stand_in.into());
        }
        let _ = name;
    }

    fn number(&mut self, node: &Node, number: Option<f64>, schema: &Value, name: &str) {
        let Some(number) = number else { return };
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let (least, most) = (bound("minimum"), bound("maximum"));
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            let range = match (least, most) {
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, Some(most)) => format!("at most {most}"),
                (None, None) => return,
            };
            let message = format!("`{name}` must be {range}, and this is {number}");
            let bounds = ["minimum", "maximum"];
            let bound = bounds.iter().find_map(|key| schema.get(*key));
            self.report_value(node.at, message, None, bound.cloned().unwrap_or_default());
        }
    }

    fn length(&mut self, node: &Node, length: usize, least: Option<&Value>, name: &str) {
        let least = least.and_then(Value::as_u64).unwrap_or_default();
        if (length as u64) < least {
            let message = format!("`{name}` is empty and needs at least {least}");
            self.report_value(node.at, message, None, node.value());
        }
    }

    fn map(&mut self, node: &Node, schema: &'a Value, name: &str) {
        self.length(node, node.pairs().len(), schema.get("minProperties"), name);
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let mut seen = HashSet::new();
        for (key, value) in node.pairs() {
            if !seen.insert(&*key.name) {
                let message = format!("`{}` stands here for the second time", key.name);
                self.report("ORC1011", key.at, message, None);
                continue;
            }
            match (properties.and_then(|it| it.get(&key.name)), others) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                    self.within(&key.name, |it| it.node(value, schema, &key.name));
                }
                (None, Some(Value::Bool(false))) => {
                    let possible: Vec<&str> = properties
                        .into_iter()
                        .flat_map(|it| it.keys().map(String::as_str))
                        .collect();
                    let near = similar(&key.name, possible.iter().copied());
                    let hint = near.first().map(|it| format!("did you mean `{it}`?"));
                    let of = if name.is_empty() {
                        String::new()
                    } else {
                        format!(" of `{name}`")
                    };
                    let listed = listed(&possible, hint.is_some());
                    let message = format!("unknown field `{}`{of}{listed}", key.name);
                    self.within(&key.name, |it| it.report("ORC1012", key.at, message, hint));
                }
                (None, _) => self.free(value),
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if node.get(key).is_none() {
                let of = if name.is_empty() {
                    "the file".to_owned()
                } else {
                    format!("`{name}`")
                };
                self.report("ORC1013", node.at, format!("{of} needs `{key}`"), None);
            }
        }
    }

    /// Values of any shape: only keys that stand twice are wrong in them.
    fn free(&mut self, node: &Node) {
        let mut seen = HashSet::new();
        for (key, value) in node.pairs() {
            if !seen.insert(&*key.name) {
                let message = format!("`{}` stands here for the second time", key.name);
                self.report("ORC1011", key.at, message, None);
            }
            self.free(value);
        }
        if let Kind::List(items) = &node.kind {
            items.iter().for_each(|item| self.free(item));
        }
    }
}

/// The words that a schema takes, if it takes no other texts.
fn words(schema: &Value) -> Vec<&str> {
    let list = schema.get("enum").and_then(Value::as_array);
    let only = schema.get("const");
    list.into_iter()
        .flatten()
        .chain(only)
        .filter_map(Value::as_str)
        .collect()
}

fn words_free(schema: &Value) -> bool {
    words(schema).is_empty()
}

/// What a schema wants, in words.
fn wanted(schema: &Value) -> String {
    let word = |kind: &Value| match kind.as_str() {
        Some("boolean") => "true or false",
        Some("number") => "a number",
        Some("integer") => "a whole number",
        Some("string") => "a text",
        Some("array") => "a list",
        Some("object") => "an object",
        _ => "nothing",
    };
    match schema.get("type") {
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds
                .iter()
                .map(word)
                .filter(|it| *it != "nothing")
                .collect();
            kinds.join(" or ")
        }
        Some(kind) => word(kind).to_owned(),
        None if !words(schema).is_empty() => "a word".to_owned(),
        None => "a value".to_owned(),
    }
}
