//! What is wrong with an expression or a template, with its place in the text.

use std::ops::Range;

use crate::error::{ErrorKind, Explain};

/// One mistake in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionProblem {
    /// The bytes of the text that it is about.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub hint: Option<String>,
}

/// Every mistake that could be found in a text; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not usable: {}", shown(source_text), self.list())]
pub struct ExpressionError {
    /// The text.
    pub source_text: String,
    /// The mistakes, in the order of the text.
    pub problems: Vec<ExpressionProblem>,
}

/// The beginning of a text, on one line.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.replace('\n', " ")
}

impl ExpressionError {
    fn list(&self) -> String {
        let one = |it: &ExpressionProblem| {
            let before = self.source_text.get(..it.at.start).unwrap_or_default();
            format!(
                "{} (at character {})",
                it.message,
                before.chars().count() + 1
            )
        };
        self.problems.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

impl Explain for ExpressionError {
    fn code(&self) -> &'static str {
        "ORC1002"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Definition
    }

    fn hints(&self) -> Vec<String> {
        let mut hints: Vec<String> = self
            .problems
            .iter()
            .filter_map(|it| it.hint.clone())
            .collect();
        hints.push("`orchestrate help conditions` describes the language".to_owned());
        hints
    }
}
