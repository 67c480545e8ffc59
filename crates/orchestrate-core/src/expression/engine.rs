//! The engine and its limits.

use std::sync::OnceLock;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, UndefinedBehavior};

use crate::condition::Pattern;

/// Longest expression, in bytes.
pub const MAX_EXPRESSION: usize = 4_000;
/// Longest template, in bytes.
pub const MAX_TEMPLATE: usize = 256 * 1024;
/// Most words and signs in one expression.
pub const MAX_TOKENS: usize = 400;
/// Steps of the engine that one evaluation may take.
pub const FUEL: u64 = 200_000;

/// The engine: missing values are errors, and nothing reads a clock, a file or chance.
pub(super) fn engine() -> &'static Environment<'static> {
    static ENGINE: OnceLock<Environment<'static>> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_fuel(Some(FUEL));
        engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        engine.set_formatter(|out, state, value| match as_json(value) {
            Some(text) => Ok(out.write_str(&text)?),
            None => minijinja::escape_formatter(out, state, value),
        });
        // The engine's own of these two write values as Python would.
        engine.add_filter("string", |value: &Value| text(value));
        engine.add_filter("join", joined);
        // What shows the inner state or changes it has no place in a text that must be checkable.
        for function in ["debug", "namespace"] {
            engine.remove_global(function);
        }
        engine.add_test("matching", |text: &str, pattern: &str| {
            Pattern::new(pattern)
                .map(|pattern| pattern.is_in(text))
                .map_err(|error| {
                    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string())
                })
        });
        engine
    })
}

/// A value as it is written into a text, unless that is a text or a number: data is written as what it is, JSON.
fn as_json(value: &Value) -> Option<String> {
    match value.kind() {
        ValueKind::Seq
        | ValueKind::Map
        | ValueKind::Iterable
        | ValueKind::Bool
        | ValueKind::None => serde_json::to_string(value).ok(),
        _ => None,
    }
}

/// A value as a template writes it.
fn text(value: &Value) -> String {
    as_json(value).unwrap_or_else(|| value.to_string())
}

/// The items of a list in one text, with something between them.
fn joined(list: &Value, between: Option<&str>) -> Result<String, minijinja::Error> {
    let items: Vec<String> = list.try_iter()?.map(|item| text(&item)).collect();
    Ok(items.join(between.unwrap_or_default()))
}

/// The names of all filters. The engine does not list them, so they stand here; a test holds that all exist.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// The names of all tests.
pub(super) const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "matching",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

/// The names of all functions.
pub(super) const FUNCTIONS: &[&str] = &["dict", "range"];

/// What an error of the engine says, without its place.
pub(super) fn message(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

/// A value of ours as one of the engine, by copy.
pub(super) fn constant(value: &serde_json::Value) -> Value {
    Value::from(minijinja::value::Serde(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_page_names_everything() {
        for name in FILTERS.iter().chain(TESTS).chain(FUNCTIONS) {
            let quoted = format!("`{name}`");
            assert!(crate::condition::REFERENCE.contains(&quoted), "{quoted}");
        }
        for root in crate::condition::Reference::ROOTS {
            assert!(
                crate::condition::REFERENCE.contains(&format!("`{root}")),
                "{root}"
            );
        }
    }

    #[test]
    fn every_name_that_is_offered_exists() {
        for name in FILTERS {
            let known = engine().compile_expression("name is filter").unwrap();
            let known = known.eval(minijinja::context!(name => *name)).unwrap();
            assert!(known.is_true(), "filter {name}");
        }
        for name in TESTS {
            let known = engine().compile_expression("name is test").unwrap();
            let known = known.eval(minijinja::context!(name => *name)).unwrap();
            assert!(known.is_true(), "test {name}");
        }
        let functions: Vec<_> = engine().globals().map(|(name, _)| name).collect();
        assert_eq!(functions, FUNCTIONS);
    }
}
