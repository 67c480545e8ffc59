//! Security rules over syntax trees, with data flow inside a file where it pays.
//!
//! `check` looks at one parsed file; `rules` is the catalogue for explanations and SARIF.
//! The engine is small: a shape per node kind of each language (`shape`), one data-flow pass over
//! those shapes (`flow`, `call`, `assign`, `guard`), tables of sources, cleaners and sinks
//! per language, and one walk for rules over single nodes (`walk`). It follows no data between files
//! and reads nothing but the file it is given.

mod assign;
mod bidirectional;
mod branch;
mod call;
mod dialect;
mod flow;
mod go;
mod guard;
mod javascript;
mod names;
mod python;
mod quote;
mod report;
mod rule;
mod rust;
mod shape;
mod sink;
pub(crate) mod suppress;
mod value;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use report::line_at;
pub use rule::Rule;
pub use walk::check;

/// Every security rule, by language.
#[must_use]
pub fn rules() -> Vec<&'static Rule> {
    [
        python::RULES,
        python::AUDIT_RULES,
        javascript::RULES,
        go::RULES,
        rust::RULES,
        bidirectional::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}
