//! How often functions are called, so that gaps in what many rely on come first.
//!
//! Calls are counted by name. Where several functions share a name, its calls are divided among
//! them: nobody knows by the name alone which one is meant.

use std::collections::HashMap;

use super::gaps::Gap;

/// Words before a name that declare it.
const DECLARING: [&str; 4] = ["def", "fn", "func", "function"];

/// Ranks gaps anew: change risk × √(units that never ran) × log₂(2 + callers), the gravest first.
///
/// `texts` are those of the product sources, `declared` the names of all its functions. Gaps
/// without a known risk keep their places behind those that have one.
pub fn rank_by_callers<'a>(
    gaps: &mut [Gap],
    texts: impl IntoIterator<Item = &'a str>,
    declared: impl IntoIterator<Item = &'a str>,
) {
    let mut calls: HashMap<String, u32> = gaps
        .iter()
        .filter_map(|gap| gap.function.as_deref())
        .map(|name| (simple(name).to_owned(), 0))
        .collect();
    for text in texts {
        count(text, &mut calls);
    }
    let mut declarations: HashMap<&str, u32> = HashMap::new();
    for name in declared {
        *declarations.entry(simple(name)).or_default() += 1;
    }
    for gap in gaps.iter_mut() {
        let Some(name) = gap.function.as_deref().map(simple) else {
            continue;
        };
        let calls = calls.get(name).copied().unwrap_or_default();
        let shared = declarations.get(name).copied().unwrap_or_default().max(1);
        let callers = calls.div_ceil(shared);
        gap.callers = Some(callers);
        gap.importance = gap
            .risk
            .map(|risk| risk * (gap.uncovered as f64).sqrt() * (2.0 + f64::from(callers)).log2());
    }
    gaps.sort_by(|a, b| {
        let weight = |gap: &Gap| gap.importance.unwrap_or(-1.0);
        weight(b).total_cmp(&weight(a))
    });
}

/// The last part of a qualified name.
fn simple(name: &str) -> &str {
    name.rsplit(['.', ':']).next().unwrap_or(name)
}

/// Counts the calls of known names: the name, then an opening parenthesis, and no declaration.
fn count(text: &str, calls: &mut HashMap<String, u32>) {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let mut before = "";
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let from = rest.get(start..).unwrap_or_default();
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        if after.trim_start_matches(' ').starts_with('(')
            && !DECLARING.contains(&before)
            && let Some(count) = calls.get_mut(word)
        {
            *count += 1;
        }
        before = word;
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Counts;

    fn gap(name: &str, risk: f64, uncovered: u64) -> Gap {
        Gap {
            path: "a.py".into(),
            function: Some(name.into()),
            start: 1,
            end: 2,
            counts: Counts::default(),
            uncovered,
            cyclomatic: Some(1),
            risk: Some(risk),
            callers: None,
            importance: None,
        }
    }

    #[test]
    fn of_equal_gaps_the_one_that_more_call_comes_first() {
        let mut gaps = vec![
            gap("a", 2.0, 4),
            gap("B.b", 2.0, 4),
            gap("c", 9.0, 4),
            gap("shared", 2.0, 4),
        ];
        let text = "def a():\n  b(1); x.b (2)\nfn c() { b(); a_b(); }\nshared(); shared();";
        rank_by_callers(
            &mut gaps,
            [text],
            ["a", "B.b", "c", "shared", "X.shared", "Y.shared"],
        );
        let ranked: Vec<(Option<&str>, Option<u32>)> = gaps
            .iter()
            .map(|gap| (gap.function.as_deref(), gap.callers))
            .collect();
        assert_eq!(
            ranked,
            [
                (Some("c"), Some(0)),
                (Some("B.b"), Some(3)),
                (Some("shared"), Some(1)),
                (Some("a"), Some(0))
            ]
        );
        assert_eq!(gaps[3].importance, Some(4.0));
    }
}
