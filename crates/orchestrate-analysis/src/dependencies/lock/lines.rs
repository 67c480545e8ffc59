//! Lines of a text, and the lines on which the keys of a JSON document stand.

use std::iter::Peekable;

use super::error::LockError;

/// The line of a byte, from 1.
pub(super) fn line_at(text: &str, byte: usize) -> u32 {
    let before = text.as_bytes().get(..byte).unwrap_or(text.as_bytes());
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX - 1) + 1
}

/// The lines of a text with their numbers, from 1.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines())
}

/// Refuses a file with the marks of a merge that nobody finished: each side of it is another answer.
pub(super) fn refuse_conflicts(text: &str) -> Result<(), LockError> {
    match numbered(text).find(|(_, line)| line.starts_with("<<<<<<< ")) {
        Some((line, _)) => Err(LockError::at(line, "an unfinished merge (`<<<<<<<`)")),
        None => Ok(()),
    }
}

/// The keys of a JSON document with their lines, in the order of the text.
#[derive(Debug)]
pub(super) struct KeyLines<I: Iterator<Item = (String, u32)>> {
    keys: Peekable<I>,
    last: u32,
}

impl KeyLines<std::vec::IntoIter<(String, u32)>> {
    pub(super) fn of(text: &str) -> Self {
        Self {
            keys: keys(text).into_iter().peekable(),
            last: 1,
        }
    }

    /// The line of the next key of this name. Keys must be asked for in the order of the text.
    pub(super) fn next(&mut self, name: &str) -> u32 {
        for (key, line) in self.keys.by_ref() {
            if key == name {
                self.last = line;
                break;
            }
        }
        self.last
    }

    /// Passes over all keys of a value that is not of interest.
    pub(super) fn skip(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    self.next(key);
                    self.skip(value);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.skip(item)),
            _ => {}
        }
    }
}

fn keys(text: &str) -> Vec<(String, u32)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\n' => line += 1,
            b'"' => {
                let start = at;
                while let Some(byte) = bytes.get(at) {
                    match byte {
                        b'\\' => at += 2,
                        b'"' => break,
                        _ => at += 1,
                    }
                }
                let string = text.get(start..at).unwrap_or_default();
                at += 1;
                let rest = bytes.get(at..).unwrap_or_default();
                let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
                if next == Some(&b':') {
                    let key = match string.contains('\\') {
                        false => string.to_owned(),
                        true => serde_json::from_str(&format!("\"{string}\"")).unwrap_or_default(),
                    };
                    found.push((key, line));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{KeyLines, line_at};

    #[test]
    fn keys_are_found_on_their_lines_and_values_are_none() {
        let text = "{\n \"a\": \"b\",\n \"c\" :\n  {\"a\": 1},\n \"d\\\"e\": [\"f\"]\n}";
        let mut lines = KeyLines::of(text);
        let found: Vec<u32> = ["a", "c", "a", "d\"e"].map(|key| lines.next(key)).into();
        assert_eq!(found, [2, 3, 4, 5]);
    }

    #[test]
    fn a_byte_has_a_line() {
        assert_eq!(
            [0, 1, 2, 99].map(|byte| line_at("a\nb", byte)),
            [1, 1, 2, 2]
        );
    }
}
