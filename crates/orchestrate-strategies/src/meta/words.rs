//! From a task's text to the words and phrases that mean something, with what is left out marked.

use super::vocabulary::{ENDS_NEGATIVE, Meaning, NEGATIVE, Phrase, Vocabulary};

/// How far a "without" reaches when nothing ends it sooner, in words.
const REACH: usize = 4;

/// A word of the task.
#[derive(Debug)]
struct Word<'a> {
    text: &'a str,
    base: &'a str,
    /// Whether punctuation follows that ends a part of a sentence.
    ends: bool,
}

/// A phrase of the vocabulary that the task holds.
#[derive(Debug)]
pub(super) struct Hit {
    /// The phrase.
    pub(super) phrase: &'static Phrase,
    /// Which word of the task it begins with.
    pub(super) at: usize,
    /// The word that leaves it out, if one does.
    pub(super) left_out: Option<&'static str>,
}

impl Hit {
    /// The phrase as text.
    pub(super) fn text(&self) -> String {
        self.phrase.words.join(" ")
    }

    /// Whether it has a meaning.
    pub(super) fn means(&self, meaning: Meaning) -> bool {
        self.phrase.meanings.contains(&meaning)
    }
}

/// All phrases of a lower-case text in their order, longer ones before the words they are made of.
pub(super) fn hits(lower: &str) -> Vec<Hit> {
    let vocabulary = Vocabulary::get();
    let words = split(lower, vocabulary);
    let mut hits = Vec::new();
    let mut negation = Negation::default();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let found = rest.first().and_then(|first| {
            vocabulary
                .starting_with(first.base)
                .iter()
                .find(|phrase| begins_with(rest, &phrase.words))
        });
        let length = found.map_or(1, |phrase| phrase.words.len());
        let left_out = negation.step(rest, length, found);
        hits.extend(found.map(|phrase| Hit {
            phrase,
            at,
            left_out,
        }));
        at += length;
    }
    hits
}

/// Whether the words begin with a phrase, with no punctuation inside it.
fn begins_with(words: &[Word<'_>], phrase: &[&str]) -> bool {
    let inner = phrase.len().saturating_sub(1);
    phrase.len() <= words.len()
        && phrase
            .iter()
            .zip(words)
            .all(|(base, word)| *base == word.base)
        && !words.iter().take(inner).any(|word| word.ends)
}

fn split<'a>(lower: &'a str, vocabulary: &Vocabulary) -> Vec<Word<'a>> {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    let mut words = Vec::new();
    let mut rest = lower;
    while let Some(start) = rest.find(inner) {
        let from = rest.get(start..).unwrap_or_default();
        let length = from.find(|c| !inner(c)).unwrap_or(from.len());
        let (text, after) = from.split_at(length);
        let gap = after.find(inner).unwrap_or(after.len());
        let between = after.get(..gap).unwrap_or_default();
        words.push(Word {
            text,
            base: vocabulary.base(text).unwrap_or(text),
            ends: between.contains([',', ';', ':', '.', '!', '?', '\n', '(', ')']),
        });
        rest = after;
    }
    words
}

/// What "without" and the like reach over.
#[derive(Debug, Default)]
struct Negation {
    cue: Option<&'static str>,
    reach: usize,
    searching: bool,
    after_and: bool,
}

impl Negation {
    /// Takes the next phrase or word in and answers the cue that leaves it out.
    fn step(
        &mut self,
        rest: &[Word<'_>],
        length: usize,
        found: Option<&Phrase>,
    ) -> Option<&'static str> {
        let means = |meaning| found.is_some_and(|phrase| phrase.meanings.contains(&meaning));
        let text = rest.first().map_or("", |word| word.text);
        let cue = NEGATIVE.iter().copied().find(|cue| *cue == text);
        // "without docs and audit security": the verb begins something new.
        let new_part = self.after_and && means(Meaning::Action);
        if ENDS_NEGATIVE.contains(&text) || new_part {
            self.cue = None;
        }
        let left_out = self.cue.filter(|_| cue.is_none());
        if let Some(cue) = cue {
            // "find code without tests" looks for tests; "not" still leaves out.
            let looked_for = self.searching && matches!(cue, "without" | "no");
            (self.cue, self.reach) = ((!looked_for).then_some(cue), REACH);
        } else if matches!(text, "and" | "or") {
            self.reach = REACH;
        } else {
            self.reach = self.reach.saturating_sub(length);
        }
        self.after_and = matches!(text, "and" | "or");
        self.searching |= left_out.is_none() && means(Meaning::Search);
        let ends = rest
            .get(length.saturating_sub(1))
            .is_some_and(|word| word.ends);
        if ends || self.reach == 0 {
            self.cue = None;
        }
        if ends {
            self.searching = false;
        }
        left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let told: Vec<String> = hits(text)
            .iter()
            .map(|hit| match hit.left_out {
                Some(cue) => format!("{cue}:{}", hit.text()),
                None => hit.text(),
            })
            .collect();
        expected.assert_eq(&told.join(", "));
    }

    #[test]
    fn phrases_come_before_words_and_parts_of_words_are_nothing() {
        check(
            "run penetration-tests on the login",
            expect!["run, penetration test"],
        );
        check(
            "write release notes for the latest release",
            expect!["write, release note, release"],
        );
        check("attest contest protest greatest relationship", expect![]);
        check(
            "security, tests; code. review",
            expect!["security, test, code, review"],
        );
        check("", expect![]);
    }

    #[test]
    fn what_is_left_out_is_marked_and_no_more() {
        check(
            "improve the code without tests",
            expect!["improve, code, without:test"],
        );
        check(
            "improve performance without tests or docs, then audit security",
            expect!["improve, performance, without:test, without:docs, then, audit, security"],
        );
        check(
            "not security but performance",
            expect!["not:security, performance"],
        );
        check("not only security, also docs", expect!["security, docs"]);
        check(
            "don't touch the docs and audit security",
            expect!["don't:docs, audit, security"],
        );
        check(
            "find functions without documentation",
            expect!["find, function, documentation"],
        );
        check("no tests. write docs", expect!["no:test, write, docs"]);
        check(
            "without the many old and slow parts of the whole of its test code",
            expect!["without:slow, test, code"],
        );
    }
}
