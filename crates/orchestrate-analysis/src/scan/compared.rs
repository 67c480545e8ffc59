//! Product code as it is searched for copies: its tokens, or only what they would be read from while nothing changed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::thread;

use super::cache::{Cache, CacheUse, Key};
use crate::duplication::{Duplication, Stream, Token, tokens};
use crate::inventory::{TextKind, read_text};
use crate::language::Language;

/// The largest file that is read again, in bytes; it was read before, so this is only against one that grew since.
const MAX_BYTES: u64 = 16 << 20;

/// One file.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) language: Language,
    pub(super) path: String,
    /// Where it lies.
    pub(super) file: PathBuf,
    pub(super) key: Option<Key>,
    /// Byte ranges of test code in it, which is not compared.
    pub(super) tests: Vec<Range<usize>>,
    /// `None` for a file that is as an earlier scan saw it.
    pub(super) tokens: Option<Vec<Token>>,
}

impl Part {
    /// Its tokens that are no test code, read again if need be.
    fn stream(mut self) -> (Language, Stream) {
        let mut tokens = self.tokens.take().unwrap_or_else(|| {
            read_text(&self.file, MAX_BYTES, TextKind::Source)
                .map_or_else(|_| Vec::new(), |read| tokens(&read.text, self.language))
        });
        if !self.tests.is_empty() {
            let is_test = |token: &Token| {
                let start = token.start as usize;
                self.tests.iter().any(|range| range.contains(&start))
            };
            tokens.retain(|token| !is_test(token));
        }
        tokens.shrink_to_fit();
        let path = self.path;
        (self.language, Stream { path, tokens })
    }
}

/// All product code.
#[derive(Debug, Default)]
pub(super) struct Compared {
    parts: Vec<Part>,
}

impl Compared {
    pub(super) fn add(&mut self, part: Part) {
        self.parts.push(part);
    }

    pub(super) fn merge(&mut self, mut other: Self) {
        self.parts.append(&mut other.parts);
    }

    /// Drops Rust files that turned out to be tests.
    pub(super) fn drop_files(&mut self, is_test: &dyn Fn(&str) -> bool) {
        self.parts
            .retain(|part| part.language != Language::Rust || !is_test(&part.path));
    }

    /// What stands more than once: as it was kept, if every file is as it was, or else found anew.
    pub(super) fn finish(
        mut self,
        cache: &Cache,
        using: &mut CacheUse,
        threads: usize,
    ) -> Duplication {
        self.parts.sort_by(|a, b| a.path.cmp(&b.path));
        let key = self.key();
        if let Some(kept) = cache.get_of_many(key, using, |_| true) {
            return kept;
        }
        let found = Duplication::of(self.streams(threads));
        cache.put(key, &found, using);
        found
    }

    /// A key over all files; `None` when no cache is used.
    fn key(&self) -> Option<Key> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"duplication");
        for part in &self.parts {
            hasher.update(&part.key?);
        }
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        (!self.parts.is_empty()).then_some(key)
    }

    fn streams(mut self, threads: usize) -> BTreeMap<Language, Vec<Stream>> {
        let share = self.parts.len().div_ceil(threads.max(1)).max(1);
        let mut shares = Vec::new();
        while !self.parts.is_empty() {
            let rest = self.parts.split_off(share.min(self.parts.len()));
            shares.push(std::mem::replace(&mut self.parts, rest));
        }
        let read = |parts: Vec<Part>| parts.into_iter().map(Part::stream).collect::<Vec<_>>();
        let read: Vec<(Language, Stream)> = thread::scope(|scope| {
            let running: Vec<_> = shares
                .into_iter()
                .map(|share| scope.spawn(move || read(share)))
                .collect();
            let mut all = Vec::new();
            for it in running {
                match it.join() {
                    Ok(mut streams) => all.append(&mut streams),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        });
        let mut streams: BTreeMap<Language, Vec<Stream>> = BTreeMap::new();
        for (language, stream) in read {
            streams.entry(language).or_default().push(stream);
        }
        streams
    }
}
