//! The parts of a task's text: items of a list, sentences, and what stands behind "then" or "and".

use crate::meta::vocabulary::Meaning;
use crate::meta::words::hits;

/// A part of a task, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause<'a> {
    pub(super) text: &'a str,
    /// Whether the words say that it comes after the part before it.
    pub(super) after: bool,
}

/// Words that say that what follows comes afterwards, with what they are set apart by.
const THEN: [&str; 8] = [
    ", and then ",
    " and then ",
    ", then ",
    " then ",
    ", after that ",
    " after that ",
    ", afterwards ",
    ", finally ",
];

/// Words between parts that do not build on each other.
const AND: [&str; 4] = [", and ", " and ", ", ", " as well as "];

/// Words at the beginning of a part that only say where it stands.
const ORDER: [(&str, bool); 8] = [
    ("first, ", false),
    ("first ", false),
    ("then, ", true),
    ("then ", true),
    ("next, ", true),
    ("after that, ", true),
    ("afterwards, ", true),
    ("finally, ", true),
];

/// The parts of a text in their order; a text without parts is one.
pub(super) fn split(text: &str) -> Vec<Clause<'_>> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let items: Vec<(&str, bool)> = lines().filter_map(item).collect();
    let mut clauses = Vec::new();
    if items.len() > 1 {
        // What stands around a list is about all of it and no part of its own.
        for (item, numbered) in items {
            let first = clauses.len();
            sentence(item, &mut clauses);
            if let Some(clause) = clauses.get_mut(first) {
                clause.after |= numbered && first > 0;
            }
        }
    } else {
        for sentence_text in lines().flat_map(sentences) {
            sentence(sentence_text, &mut clauses);
        }
    }
    clauses
}

/// The text of a list's item, and whether the list is numbered, which says that its order matters.
fn item(line: &str) -> Option<(&str, bool)> {
    let bullet = ["- ", "* ", "• "];
    if let Some(text) = bullet.iter().find_map(|sign| line.strip_prefix(sign)) {
        return Some((text.trim(), false));
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = rest
        .strip_prefix(". ")
        .or_else(|| rest.strip_prefix(") "))?;
    (rest.len() < line.len()).then(|| (text.trim(), true))
}

/// The sentences of a line. A full stop ends one only before a blank: `v1.2` and `a.py` go on.
fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.match_indices(['.', '!', '?', ';']).find(|(at, _)| {
            rest.get(at + 1..)
                .is_none_or(|after| after.starts_with(' '))
        });
        let (head, tail) = match end {
            Some((at, _)) => (rest.get(..at), rest.get(at + 1..)),
            None => (Some(rest), None),
        };
        rest = tail.unwrap_or_default().trim_start();
        head
    })
    .filter(|sentence| !sentence.trim().is_empty())
}

/// The parts of one sentence.
fn sentence<'a>(text: &'a str, clauses: &mut Vec<Clause<'a>>) {
    // Before the sentence is split: the comma behind `finally` does not set it apart.
    let (mut rest, mut after) = without_order(text);
    while let Some((at, word)) = first_of(rest, &THEN) {
        let (head, tail) = (rest.get(..at), rest.get(at + word.len()..));
        side_by_side(head.unwrap_or_default(), after, clauses);
        after = true;
        rest = tail.unwrap_or_default();
    }
    side_by_side(rest, after, clauses);
}

/// Parts that stand beside each other: behind "and" or a comma a new one begins only with a verb.
fn side_by_side<'a>(text: &'a str, after: bool, clauses: &mut Vec<Clause<'a>>) {
    let (mut from, mut searched) = (0, 0);
    let first = clauses.len();
    while let Some((at, word)) = text.get(searched..).and_then(|rest| first_of(rest, &AND)) {
        let (end, next) = (searched + at, searched + at + word.len());
        if text.get(next..).is_some_and(begins_with_a_verb) {
            push(text.get(from..end).unwrap_or_default(), clauses);
            from = next;
        }
        searched = next;
    }
    push(text.get(from..).unwrap_or_default(), clauses);
    if let Some(clause) = clauses.get_mut(first) {
        clause.after |= after;
    }
}

fn push<'a>(text: &'a str, clauses: &mut Vec<Clause<'a>>) {
    let (text, after) = without_order(text);
    let blank = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '.' | '!' | '?');
    let text = text.trim_matches(blank);
    if !text.is_empty() {
        clauses.push(Clause { text, after });
    }
}

/// A text without the word at its beginning that says where it stands, and whether that is behind what came before.
fn without_order(text: &str) -> (&str, bool) {
    let text = text.trim();
    let strip = |(word, after): &(&str, bool)| {
        let start = text.get(..word.len())?;
        let same = start.eq_ignore_ascii_case(word);
        same.then_some((text.get(word.len()..)?.trim(), *after))
    };
    ORDER.iter().find_map(strip).unwrap_or((text, false))
}

/// The first of several words in a text; of those at one place the longest.
fn first_of(text: &str, words: &[&'static str]) -> Option<(usize, &'static str)> {
    words
        .iter()
        .filter_map(|word| Some((text.find(word)?, *word)))
        .min_by_key(|(at, word)| (*at, std::cmp::Reverse(word.len())))
}

fn begins_with_a_verb(text: &str) -> bool {
    let lower = text.to_lowercase();
    let kind = |meaning: &Meaning| {
        matches!(
            meaning,
            Meaning::Action | Meaning::Work(_) | Meaning::Search | Meaning::Polish
        )
    };
    hits(&lower)
        .first()
        .is_some_and(|hit| hit.at == 0 && hit.phrase.meanings.iter().any(kind))
}
