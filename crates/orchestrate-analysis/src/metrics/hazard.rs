//! Places that end the program or swallow every error, found by name at a leaf of the tree.
//!
//! Names are looked at rather than shapes because the inside of a Rust macro is a flat list of
//! tokens: a search for call expressions misses every fifth `unwrap`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What kind of place it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HazardKind {
    /// Rust `panic!`, Go `panic(..)`.
    Panic,
    /// Rust `.unwrap()`.
    Unwrap,
    /// Rust `.expect(..)`.
    Expect,
    /// Rust `todo!`.
    Todo,
    /// Rust `unimplemented!`.
    Unimplemented,
    /// Rust `unreachable!`.
    Unreachable,
    /// Python `except:` without a type.
    BareExcept,
}

/// A place at a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hazard {
    /// What it is.
    pub kind: HazardKind,
    /// Its line, from 1.
    pub line: u32,
    /// Whether it stands in test code.
    pub in_test: bool,
}

/// The hazard that the identifier at `start..end` names, judged by the text around it.
pub(super) fn at_identifier(
    language: Language,
    text: &str,
    start: usize,
    end: usize,
) -> Option<HazardKind> {
    let name = text.get(start..end)?;
    let before = || text.get(..start).unwrap_or_default().trim_end();
    let after = || text.get(end..).unwrap_or_default().trim_start();
    match language {
        Language::Rust => {
            let macro_kind = match name {
                "unwrap" => {
                    let rest = after().strip_prefix('(')?.trim_start();
                    return (before().ends_with('.') && rest.starts_with(')'))
                        .then_some(HazardKind::Unwrap);
                }
                "expect" => {
                    return (before().ends_with('.') && after().starts_with('('))
                        .then_some(HazardKind::Expect);
                }
                "panic" => HazardKind::Panic,
                "todo" => HazardKind::Todo,
                "unimplemented" => HazardKind::Unimplemented,
                "unreachable" => HazardKind::Unreachable,
                _ => return None,
            };
            after()
                .strip_prefix('!')?
                .trim_start()
                .starts_with(['(', '[', '{'])
                .then_some(macro_kind)
        }
        Language::Go => (name == "panic"
            && after().starts_with('(')
            && !before().ends_with('.')
            && !before().ends_with("func"))
        .then_some(HazardKind::Panic),
        Language::Python | Language::JavaScript | Language::TypeScript => None,
    }
}
