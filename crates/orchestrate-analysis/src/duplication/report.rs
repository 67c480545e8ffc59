//! The repeated blocks of a project, and how much of each file is a copy.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::find::{CodeClone, Stream, clones};
use crate::language::Language;

/// What stands more than once in product code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Duplication {
    /// Repeated blocks, by the path and line of the copy.
    pub clones: Vec<CodeClone>,
    /// Lines of copies, by file; a line counts once however many blocks it is in.
    pub copied_lines: BTreeMap<String, u32>,
    /// Tokens that were compared.
    pub tokens: u64,
}

impl Duplication {
    /// Compares the files of each language among themselves; the order of the files does not matter.
    #[must_use]
    pub fn of(mut streams: BTreeMap<Language, Vec<Stream>>) -> Self {
        let mut duplication = Self::default();
        for streams in streams.values_mut() {
            streams.sort_by(|a, b| a.path.cmp(&b.path));
            duplication.tokens += streams
                .iter()
                .map(|stream| stream.tokens.len() as u64)
                .sum::<u64>();
            let found = clones(streams);
            for it in &found {
                // Copies of one file come in its order and do not overlap, but two may share a line.
                *duplication
                    .copied_lines
                    .entry(it.copy.path.clone())
                    .or_default() += it.lines();
            }
            for pair in found.windows(2) {
                if let [a, b] = pair
                    && a.copy.path == b.copy.path
                    && a.copy.end_line == b.copy.line
                    && let Some(lines) = duplication.copied_lines.get_mut(&b.copy.path)
                {
                    *lines -= 1;
                }
            }
            duplication.clones.extend(found);
        }
        duplication.clones.sort_by(|a, b| a.copy.cmp(&b.copy));
        duplication
    }

    /// Lines of copies in all files.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.copied_lines
            .values()
            .map(|lines| u64::from(*lines))
            .sum()
    }
}
