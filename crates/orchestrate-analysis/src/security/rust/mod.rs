//! Rules.
use super::dialect::Dialect;
use super::rule::Rule;
pub(super) static RULES: &[&Rule] = &[];
pub(super) fn dialect() -> &'static Dialect { super::python::dialect() }
