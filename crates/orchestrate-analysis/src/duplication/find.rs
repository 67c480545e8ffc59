//! Finds repeated blocks with an index of short windows.
//!
//! Every 25th window of 25 tokens is remembered; any block of at least 50 tokens that was seen
//! before holds one of them whole, and is then extended to both sides as far as it goes. The index
//! stays small, and no block is missed for it.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lexer::Token;

/// The shortest block that counts, in tokens.
pub const MIN_TOKENS: usize = 50;
/// The shortest block that counts, in lines from its first to its last.
pub const MIN_LINES: u32 = 5;
/// Tokens of a window of the index, and the distance between windows.
const WINDOW: usize = 25;
/// How many places of one window are remembered: data may repeat a window thousands of times.
const PLACES: usize = 8;

/// The tokens of one file.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Path of the file.
    pub path: String,
    /// Its tokens, without those of test code.
    pub tokens: Vec<Token>,
}

/// Lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Path of the file.
    pub path: String,
    /// The first line, from 1.
    pub line: u32,
    /// The last line.
    pub end_line: u32,
}

/// A block that stands at two places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CodeClone {
    /// The later place, in the order of paths and lines.
    pub copy: Place,
    /// The earlier place.
    pub original: Place,
    /// How many tokens they share.
    pub tokens: u32,
}

impl CodeClone {
    /// Lines of the copy.
    #[must_use]
    pub fn lines(&self) -> u32 {
        self.copy.end_line.saturating_sub(self.copy.line) + 1
    }
}

/// The repeated blocks of files of one language, in the order of the files.
#[must_use]
pub fn clones(streams: &[Stream]) -> Vec<CodeClone> {
    let mut finder = Finder {
        streams,
        index: HashMap::new(),
        found: Vec::new(),
    };
    for file in 0..streams.len() {
        finder.scan(file);
    }
    finder.found
}

/// A window of the index: file and first token.
type At = (u32, u32);

struct Finder<'s> {
    streams: &'s [Stream],
    index: HashMap<u64, Vec<At>>,
    found: Vec<CodeClone>,
}

/// A match: first tokens in the copy and the original, and how many.
#[derive(Clone, Copy)]
struct Match {
    copy: usize,
    file: usize,
    original: usize,
    tokens: usize,
}

impl<'s> Finder<'s> {
    fn of(&self, file: usize) -> &'s [Token] {
        self.streams.get(file).map_or(&[], |stream| &stream.tokens)
    }

    fn scan(&mut self, file: usize) {
        let tokens = self.of(file);
        let mut rolling = Rolling::default();
        // Up to here the tokens are known to be copies, and need no second look.
        let mut covered = 0;
        let mut added: Vec<(u64, usize)> = Vec::new();
        let mut matches = Vec::new();
        for (end, token) in tokens.iter().enumerate() {
            rolling.push(
                token.hash,
                end.checked_sub(WINDOW).and_then(|at| tokens.get(at)),
            );
            let Some(start) = (end + 1).checked_sub(WINDOW) else {
                continue;
            };
            // A window is remembered once it lies behind: a block is no copy of itself.
            if let Some((hash, at)) = added.first().copied()
                && at + WINDOW <= start
            {
                added.remove(0);
                remember(&mut self.index, hash, file, at);
            }
            if start >= covered
                && let Some(best) = self.best(file, start, rolling.hash, covered)
            {
                covered = best.copy + best.tokens;
                matches.push(best);
            }
            if start.is_multiple_of(WINDOW) {
                added.push((rolling.hash, start));
            }
        }
        for (hash, at) in added {
            remember(&mut self.index, hash, file, at);
        }
        for found in matches {
            self.found.extend(self.clone_of(file, found));
        }
    }

    /// The longest match around a window.
    fn best(&self, file: usize, start: usize, hash: u64, covered: usize) -> Option<Match> {
        let places = self.index.get(&hash)?;
        places
            .iter()
            .filter_map(|(other, at)| {
                self.extend(file, start, *other as usize, *at as usize, covered)
            })
            .max_by_key(|found| {
                (
                    found.tokens,
                    std::cmp::Reverse((found.file, found.original)),
                )
            })
            .filter(|found| self.counts(file, found))
    }

    fn extend(
        &self,
        file: usize,
        start: usize,
        other: usize,
        at: usize,
        covered: usize,
    ) -> Option<Match> {
        let (copy, original) = (self.of(file), self.of(other));
        let same = |a: usize, b: usize| {
            copy.get(a).map(|token| token.hash) == original.get(b).map(|token| token.hash)
        };
        let (mut from, mut from_original) = (start, at);
        while from > covered && from_original > 0 && same(from - 1, from_original - 1) {
            from -= 1;
            from_original -= 1;
        }
        let (mut to, mut to_original) = (start, at);
        while to < copy.len() && to_original < original.len() && same(to, to_original) {
            // In one file the two may touch but not overlap.
            if file == other && to_original >= from {
                break;
            }
            to += 1;
            to_original += 1;
        }
        (to - from >= MIN_TOKENS).then_some(Match {
            copy: from,
            file: other,
            original: from_original,
            tokens: to - from,
        })
    }

    fn counts(&self, file: usize, found: &Match) -> bool {
        let place = self.place(file, found.copy, found.tokens);
        place.is_some_and(|place| place.end_line - place.line + 1 >= MIN_LINES)
    }

    fn clone_of(&self, file: usize, found: Match) -> Option<CodeClone> {
        Some(CodeClone {
            copy: self.place(file, found.copy, found.tokens)?,
            original: self.place(found.file, found.original, found.tokens)?,
            tokens: u32::try_from(found.tokens).unwrap_or(u32::MAX),
        })
    }

    fn place(&self, file: usize, from: usize, tokens: usize) -> Option<Place> {
        let stream = self.streams.get(file)?;
        Some(Place {
            path: stream.path.clone(),
            line: stream.tokens.get(from)?.line,
            end_line: stream.tokens.get((from + tokens).checked_sub(1)?)?.line,
        })
    }
}

fn remember(index: &mut HashMap<u64, Vec<At>>, hash: u64, file: usize, at: usize) {
    let (Ok(file), Ok(at)) = (u32::try_from(file), u32::try_from(at)) else {
        return;
    };
    let places = index.entry(hash).or_default();
    if places.len() < PLACES {
        places.push((file, at));
    }
}

/// A hash of the last [`WINDOW`] tokens, kept up to date token by token.
#[derive(Default)]
struct Rolling {
    hash: u64,
}

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
/// `BASE` to the power of [`WINDOW`].
const OUT: u64 = {
    let (mut power, mut times) = (1_u64, 0);
    while times < WINDOW {
        power = power.wrapping_mul(BASE);
        times += 1;
    }
    power
};

impl Rolling {
    fn push(&mut self, token: u32, leaving: Option<&Token>) {
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(token) + 1);
        if let Some(leaving) = leaving {
            let gone = (u64::from(leaving.hash) + 1).wrapping_mul(OUT);
            self.hash = self.hash.wrapping_sub(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::duplication::tokens;
    use crate::language::Language;

    fn streams(files: &[(&str, String)]) -> Vec<Stream> {
        files
            .iter()
            .map(|(path, text)| Stream {
                path: (*path).to_owned(),
                tokens: tokens(text, Language::Python),
            })
            .collect()
    }

    fn check(files: &[(&str, String)], expected: Expect) {
        let text: String = clones(&streams(files))
            .iter()
            .map(|it| {
                let (a, b) = (&it.copy, &it.original);
                format!(
                    "{}:{}-{} = {}:{}-{} ({})\n",
                    a.path, a.line, a.end_line, b.path, b.line, b.end_line, it.tokens
                )
            })
            .collect();
        expected.assert_eq(&text);
    }

    /// Lines of ten different tokens each.
    fn lines(name: &str, from: usize, count: usize) -> String {
        (from..from + count)
            .map(|n| format!("{name}{n} = call({name}{n}, {n}, [{n}])\n"))
            .collect()
    }

    #[test]
    fn a_block_in_two_files_is_one_clone_whatever_stands_around_it() {
        let a = lines("x", 0, 3) + &lines("same", 0, 6) + &lines("y", 0, 3);
        let b = lines("z", 0, 1) + "# a comment\n\n" + &lines("same", 0, 6) + &lines("w", 0, 2);
        check(
            &[("a.py", a), ("b.py", b)],
            expect![[r#"
                b.py:1-9 = a.py:3-9 (74)
            "#]],
        );
    }

    #[test]
    fn short_blocks_do_not_count() {
        let few_lines = "f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26)\n";
        check(
            &[
                ("a.py", few_lines.to_owned()),
                ("b.py", few_lines.to_owned()),
            ],
            expect![""],
        );
        check(
            &[("a.py", lines("s", 0, 3)), ("b.py", lines("s", 0, 3))],
            expect![""],
        );
    }

    #[test]
    fn copies_in_one_file_do_not_overlap_and_each_counts_once() {
        let twice = lines("s", 0, 6) + &lines("other", 0, 2) + &lines("s", 0, 6);
        check(
            &[("a.py", twice)],
            expect![[r#"
                a.py:9-14 = a.py:1-6 (72)
            "#]],
        );
        let table = "    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),\n".repeat(20);
        let found = clones(&streams(&[("a.py", table)]));
        let copied: u32 = found.iter().map(|it| it.tokens).sum();
        assert!(found.len() < 4 && copied < 24 * 20, "{found:?}");
    }

    /// The longest repeated run, found the slow way.
    fn longest(a: &[Token], b: &[Token]) -> usize {
        let mut best = 0;
        for i in 0..a.len() {
            for j in 0..b.len() {
                let run = a[i..]
                    .iter()
                    .zip(&b[j..])
                    .take_while(|(x, y)| x.hash == y.hash)
                    .count();
                best = best.max(run);
            }
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn prop_no_block_of_fifty_tokens_is_missed(
            before in 0..40_usize, after in 0..40_usize, shared in 0..90_usize, offset in 0..40_usize,
        ) {
            let unique = |name: &str, count: usize| (0..count).map(|n| format!("{name}{n}\n")).collect::<String>();
            let a = unique("a", before) + &unique("s", shared) + &unique("b", after);
            let b = unique("c", offset) + &unique("s", shared) + &unique("d", after);
            let streams = streams(&[("a.py", a), ("b.py", b)]);
            let found = clones(&streams);
            let expected = longest(&streams[0].tokens, &streams[1].tokens);
            if expected >= MIN_TOKENS {
                prop_assert_eq!(found.len(), 1);
                prop_assert_eq!(found[0].tokens as usize, expected);
            } else {
                prop_assert!(found.is_empty());
            }
        }
    }
}
