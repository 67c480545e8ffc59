//! The lines of a run's file, and back.
//!
//! The text of an entry stands in its line as it is, because its digest is over its bytes.

use std::collections::HashMap;

use orchestrate_core::journal::{Digest, Encoded};
use serde::{Deserialize, Serialize};

const BODY: &[u8] = b",\"body\":";

/// What a line says besides its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Frame {
    /// An entry; `more` entries of its batch follow.
    Entry {
        entry: u64,
        digest: String,
        more: usize,
    },
    /// A large value, before the first entry that refers to it.
    Value { value: String },
}

/// Writes a batch whose first entry has this number. Values that `known` has are left out.
pub(super) fn write(
    entries: &[(Digest, &Encoded)],
    first: u64,
    known: impl Fn(&Digest) -> bool,
) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut written = Vec::new();
    let mut line = |frame: &Frame, body: &[u8]| {
        // Texts and numbers can always be written.
        let mut frame = serde_json::to_vec(frame).unwrap_or_default();
        frame.pop();
        lines.extend_from_slice(&frame);
        lines.extend_from_slice(BODY);
        lines.extend_from_slice(body);
        lines.extend_from_slice(b"}\n");
    };
    let numbered = entries.iter().zip(first..);
    for (at, ((digest, entry), number)) in numbered.enumerate() {
        for (digest, body) in &entry.values {
            if !known(digest) && !written.contains(digest) {
                written.push(*digest);
                let value = digest.to_string();
                line(&Frame::Value { value }, body);
            }
        }
        let frame = Frame::Entry {
            entry: number,
            digest: digest.to_string(),
            more: entries.len() - at - 1,
        };
        line(&frame, &entry.body);
    }
    lines
}

/// An entry as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) digest: Digest,
    pub(super) body: &'a [u8],
}

/// A batch whose lines are all there.
#[derive(Debug, Default)]
pub(super) struct Whole<'a> {
    pub(super) entries: Vec<Line<'a>>,
    /// Where it ends in the file.
    pub(super) end: usize,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    pub(super) batches: Vec<Whole<'a>>,
    /// The entries behind the last whole batch that can be read.
    pub(super) rest: Vec<Line<'a>>,
    /// The large values by their digest.
    pub(super) values: HashMap<Digest, &'a [u8]>,
    /// Whether it ends with something that is no line.
    pub(super) torn: bool,
}

/// Reads a file up to the first line that is none.
pub(super) fn read(text: &[u8]) -> Lines<'_> {
    let mut lines = Lines::default();
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let parsed = line.strip_suffix(b"\n").and_then(parse);
        match parsed {
            Some((
                Frame::Entry {
                    entry,
                    digest,
                    more,
                },
                body,
            )) => {
                lines.rest.push(Line {
                    number: entry,
                    // What is no digest fits no entry.
                    digest: digest.parse().unwrap_or_default(),
                    body,
                });
                if more == 0 {
                    let entries = std::mem::take(&mut lines.rest);
                    lines.batches.push(Whole { entries, end: at });
                }
            }
            Some((Frame::Value { value }, body)) => {
                lines.values.insert(value.parse().unwrap_or_default(), body);
            }
            None => {
                lines.torn = true;
                break;
            }
        }
    }
    lines
}

fn parse(line: &[u8]) -> Option<(Frame, &[u8])> {
    let at = line.windows(BODY.len()).position(|window| window == BODY)?;
    let (frame, rest) = line.split_at_checked(at)?;
    let body = rest.strip_prefix(BODY)?.strip_suffix(b"}")?;
    let frame = [frame, b"}"].concat();
    Some((serde_json::from_slice(&frame).ok()?, body))
}

impl<'a> Lines<'a> {
    /// All entries, those of the last unfinished batch too.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Line<'a>> {
        let whole = self.batches.iter().flat_map(|batch| &batch.entries);
        whole.chain(&self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str, values: &[&str]) -> Encoded {
        let value = |text: &&str| (Digest::of(text.as_bytes()), text.as_bytes().to_vec());
        Encoded {
            body: text.as_bytes().to_vec(),
            values: values.iter().map(value).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_and_a_torn_end_is_told_apart() {
        let (one, two) = (
            entry("{\"body\":[\",\\\"body\\\":\"]}", &["\"x\""]),
            entry("2", &["\"x\""]),
        );
        let digest = Digest::of(b"d");
        let mut text = write(&[(digest, &one), (digest, &two)], 0, |_| false);
        let first = text.len();
        text.extend(write(&[(digest, &two), (digest, &one)], 2, |known| {
            *known == Digest::of(b"\"x\"")
        }));
        let lines = read(&text);
        assert_eq!(lines.batches.len(), 2);
        assert_eq!(lines.batches[0].end, first);
        assert_eq!(lines.values.len(), 1);
        assert!(!lines.torn && lines.rest.is_empty());
        let numbers: Vec<u64> = lines.entries().map(|line| line.number).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
        assert_eq!(lines.batches[0].entries[0].body, one.body);
        for cut in first..text.len() {
            let lines = read(&text[..cut]);
            assert_eq!(lines.batches.len(), 1, "{cut}");
        }
    }
}
