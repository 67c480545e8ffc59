//! Control characters that turn the direction of text: what a reader sees is then not what is compiled.

use super::report::Report;
use super::rule::{self, Rule, catalogue};
use crate::finding::Confidence;

catalogue! {
    CONTROL = BIDIRECTIONAL, "source.bidirectional-control",
        "remove it, or write it as an escape where text really needs it", ["B613"];
}

/// Embeddings, overrides and isolates. Marks that only set a direction change no order.
fn is_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Reports the first of them on each line.
pub(super) fn check(report: &mut Report<'_>, text: &str) {
    // Nearly no source has one: the search for its first byte costs next to nothing.
    if !text.as_bytes().contains(&0xe2) {
        return;
    }
    let mut at = 0;
    for (row, line) in text.split_inclusive('\n').enumerate() {
        let found = line.char_indices().find(|(_, c)| is_control(*c));
        if let Some((column, c)) = found {
            let message = format!("{}: U+{:04X}", CONTROL.title, u32::from(c));
            report.add_at(
                &CONTROL,
                at + column,
                (row, row),
                CONTROL.severity,
                Confidence::High,
                message,
            );
        }
        at += line.len();
    }
}
