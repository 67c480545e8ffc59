//! Markers of unfinished work in comments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which marker it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MarkerKind {
    /// `TODO`.
    Todo,
    /// `FIXME`.
    Fixme,
    /// `XXX`.
    Xxx,
}

/// A marker at a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marker {
    /// Which marker.
    pub kind: MarkerKind,
    /// Its line, from 1.
    pub line: u32,
    /// Whether it stands in test code.
    pub in_test: bool,
}

const WORDS: [(&str, MarkerKind); 3] = [
    ("TODO", MarkerKind::Todo),
    ("FIXME", MarkerKind::Fixme),
    ("XXX", MarkerKind::Xxx),
];

/// Finds the markers of a comment that starts on `line`: whole words in capitals, one per line.
pub(super) fn markers(comment: &str, line: u32, in_test: bool, found: &mut Vec<Marker>) {
    for (offset, text) in (0..).zip(comment.lines()) {
        let first = WORDS
            .iter()
            .filter_map(|(word, kind)| position_of_word(text, word).map(|at| (at, *kind)))
            .min_by_key(|(at, _)| *at);
        if let Some((_, kind)) = first {
            found.push(Marker {
                kind,
                line: line + offset,
                in_test,
            });
        }
    }
}

fn position_of_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let is_part = |other: char| other.is_alphanumeric() || other == '_';
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::{MarkerKind, markers};

    fn check(comment: &str, expected: &[(MarkerKind, u32)]) {
        let mut found = Vec::new();
        markers(comment, 10, false, &mut found);
        let found: Vec<_> = found
            .iter()
            .map(|marker| (marker.kind, marker.line))
            .collect();
        assert_eq!(found, expected, "for `{comment}`");
    }

    #[test]
    fn whole_words_in_capitals() {
        check("// TODO: later", &[(MarkerKind::Todo, 10)]);
        check("# FIXME(me) TODO", &[(MarkerKind::Fixme, 10)]);
        check(
            "/* a\n * XXX b\n TODO */",
            &[(MarkerKind::Xxx, 11), (MarkerKind::Todo, 12)],
        );
        check("// todo list, TODOs, XXXX, MY_TODO", &[]);
        check("", &[]);
    }
}
