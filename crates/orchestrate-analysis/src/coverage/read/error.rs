//! Why a report could not be read, and where.

use std::fmt;

/// The largest line number that is believed. No source file is longer, and a larger one could make a small report
/// unfold into gigabytes.
pub(super) const MAX_LINE: u32 = 2_000_000;

/// A place in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line, from 1.
    Line(usize),
    /// A line and a column, from 1.
    Column(usize, usize),
    /// A byte, from 0.
    Byte(u64),
    /// What a report says of one file.
    Entry(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "at line {line}"),
            Self::Column(line, column) => write!(f, "at line {line} column {column}"),
            Self::Byte(byte) => write!(f, "at byte {byte}"),
            Self::Entry(path) => write!(f, "in the entry of `{path}`"),
        }
    }
}

/// A report that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {place}")]
pub struct ReadError {
    /// Where the reader stopped.
    pub place: Place,
    /// What it met there.
    pub what: String,
    /// Whether the text is no report of a known format at all, rather than a broken one.
    pub unknown_format: bool,
}

impl ReadError {
    /// An error at a line of a line-based format.
    pub(super) fn line(line: usize, what: impl Into<String>) -> Self {
        Self {
            place: Place::Line(line),
            what: what.into(),
            unknown_format: false,
        }
    }

    /// An error at a byte.
    pub(super) fn byte(byte: u64, what: impl Into<String>) -> Self {
        Self {
            place: Place::Byte(byte),
            what: what.into(),
            unknown_format: false,
        }
    }

    /// The text is of no known format.
    pub(super) fn unknown(what: impl Into<String>) -> Self {
        Self {
            place: Place::Line(1),
            what: what.into(),
            unknown_format: true,
        }
    }

    /// An error in what the report says of one file, in a format without lines.
    pub(super) fn entry(path: &str, what: impl Into<String>) -> Self {
        Self {
            place: Place::Entry(excerpt(path)),
            what: what.into(),
            unknown_format: false,
        }
    }
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        // The library repeats the position in its message; it is stated once, as the place.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or(&text);
        Self {
            place: Place::Column(error.line(), error.column()),
            what: if error.is_eof() {
                format!("the report is cut off ({what})")
            } else {
                what.to_owned()
            },
            unknown_format: false,
        }
    }
}

/// Checks that a line number is one that a source file can have.
pub(super) fn line_number(line: u64) -> Result<u32, String> {
    u32::try_from(line)
        .ok()
        .filter(|line| (1..=MAX_LINE).contains(line))
        .ok_or_else(|| format!("`{line}` is no line number (1 to {MAX_LINE})"))
}

/// Shortens text of a report for a message, so that a broken report cannot flood one.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.replace(char::is_control, " ")
}
