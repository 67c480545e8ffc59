//! What is wrong with definition files, as people read it.

use std::fmt::Write as _;

use orchestrate_strategies::definition::DefinitionProblem;

use crate::render::{BAD, HEAD, paint, safe};

/// Each problem with its place and hint, and how many there are.
pub(super) fn listed(problems: &[DefinitionProblem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let place = paint(HEAD, format_args!("{}:{}", safe(&problem.file), problem.at));
        let code = paint(BAD, format_args!("error[{}]:", problem.code));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{place}: {code} {}", safe(&problem.message));
        if let Some(hint) = &problem.hint {
            let _ = writeln!(out, "  hint: {}", safe(hint));
        }
    }
    match problems.len() {
        1 => out.push_str("1 problem\n"),
        n => {
            let _ = writeln!(out, "{n} problems");
        }
    }
    out
}
