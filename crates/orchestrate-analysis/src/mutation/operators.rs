//! Which operator takes another's place.

use super::mutant::MutantKind;

/// The operator that means something else, and what kind of fault that is.
pub(super) fn swapped(operator: &str) -> Option<(&'static str, MutantKind)> {
    use MutantKind::{Arithmetic, Comparison, Logic};
    Some(match operator {
        "<" => (">=", Comparison),
        "<=" => (">", Comparison),
        ">" => ("<=", Comparison),
        ">=" => ("<", Comparison),
        "==" => ("!=", Comparison),
        "!=" => ("==", Comparison),
        "===" => ("!==", Comparison),
        "!==" => ("===", Comparison),
        "is" => ("is not", Comparison),
        "is not" => ("is", Comparison),
        "in" => ("not in", Comparison),
        "not in" => ("in", Comparison),
        "+" => ("-", Arithmetic),
        "-" | "*" => ("+", Arithmetic),
        "/" | "//" | "%" | "**" => ("*", Arithmetic),
        "+=" => ("-=", Arithmetic),
        "-=" => ("+=", Arithmetic),
        "and" => ("or", Logic),
        "or" => ("and", Logic),
        "&&" => ("||", Logic),
        "||" => ("&&", Logic),
        _ => return None,
    })
}
