//! Masks every secret in a text that is about to be shown, whatever it is about.
//!
//! It asks the same rules as the scan, but more widely: a token of a known form is also masked in a
//! path or in an identifier, where the scan leaves it alone as a name.

use std::borrow::Cow;
use std::ops::Range;

use super::scan::{Where, masked, ranges};

/// The text with every secret in it masked, as `ghp_...(40 characters)`.
///
/// A text without one is returned as it is, after a single pass over it.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let secrets = joined(ranges(text, Where::Anywhere));
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for range in secrets {
        let secret = text.get(range.clone()).unwrap_or_default();
        shown.push_str(text.get(from..range.start).unwrap_or_default());
        let length = secret.chars().count();
        shown.push_str(&format!("{}({length} characters)", masked(secret)));
        from = range.end;
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Ranges that overlap as one, so that no end of any of them stays in clear.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, known| {
        let overlap = next.start < known.end;
        if overlap {
            known.end = known.end.max(next.end);
        }
        overlap
    });
    ranges
}
