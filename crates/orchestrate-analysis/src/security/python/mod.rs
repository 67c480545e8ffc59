//! The Python rules: syntax to shapes, what is known of its libraries, the catalogue, rules over calls.

mod audit;
mod calls;
mod crypto;
mod model;
mod passwords;
mod rules;
mod shape;
mod vigilance;

use std::sync::LazyLock;

use super::dialect::{Dialect, Paths};
pub(super) use audit::RULES as AUDIT_RULES;
pub(super) use rules::RULES;

/// The tables of this language.
pub(super) fn dialect() -> &'static Dialect {
    static DIALECT: LazyLock<Dialect> = LazyLock::new(|| Dialect {
        shape: shape::shape,
        import: model::import,
        parameters: model::parameters,
        call_value: model::call_value,
        on_call: calls::on_call,
        on_assign: calls::on_assign,
        on_return: calls::on_return,
        on_node: vigilance::on_node,
        sources: Paths::new(model::sources()),
        cleaners: Paths::new(model::cleaners()),
        builders: Paths::new(model::BUILDERS.map(|path| (path, ()))),
        passes: Paths::new(model::PASSES.map(|path| (path, ()))),
        sinks: Paths::new(rules::sinks()),
        transparent: &["strip", "encode", "decode"],
        receiver: "self",
        separator: "\0",
    });
    &DIALECT
}
