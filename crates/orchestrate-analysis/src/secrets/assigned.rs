//! Finds the value that is assigned to a name, in any notation: `name = "value"`, `name: value`,
//! `"name": "value"`, `name := value`, `<name>value`, `f("NAME", "value")`.
//!
//! It looks a bounded way from the name, so a whole text is scanned in linear time.

use std::ops::Range;

/// Longest rest of a name after the word that was found.
const NAME_REST: usize = 40;
/// Longest value.
const VALUE: usize = 300;

/// A name with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The whole name around the word.
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    /// Whether the value stands in quotes.
    pub(super) quoted: bool,
}

/// The assignment whose name holds the word at `word`.
pub(super) fn find(text: &str, word: Range<usize>) -> Option<Assignment> {
    let bytes = text.as_bytes();
    let name_start = back_while(bytes, word.start, NAME_REST, is_name);
    let name_end = skip_while(bytes, word.end, NAME_REST, is_name);
    let after_type = skip_while(bytes, name_end, 20, |byte| {
        is_name(byte) || byte == b' ' || byte == b'\t'
    });
    let at = skip_while(bytes, after_type, 4, |byte| {
        matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'`' | b']' | b')' | b'\\'
        )
    });
    let at = operator(bytes, at)?;
    // Behind a comma the next line is the next entry, not the value of this one.
    let may_break = at.checked_sub(1).and_then(|at| bytes.get(at)) != Some(&b',');
    let mut quote = None;
    let start = skip_while(bytes, at, 12, |byte| match byte {
        b'\'' | b'"' | b'`' => {
            quote = Some(byte);
            true
        }
        b'\n' | b'\r' => quote.is_none() && may_break,
        b' ' | b'\t' | b'=' | b'\\' => quote.is_none() || byte == b'\\',
        _ => false,
    });
    let end = skip_while(bytes, start, VALUE, |byte| match quote {
        Some(quote) => byte != quote && byte.is_ascii_graphic() && byte != b'\\',
        None => {
            byte.is_ascii_graphic()
                && !matches!(
                    byte,
                    b'"' | b'\'' | b'`' | b';' | b'<' | b'\\' | b',' | b')' | b'}' | b']'
                )
        }
    });
    (end > start).then_some(Assignment {
        name: name_start..name_end,
        value: start..end,
        quoted: quote.is_some(),
    })
}

/// The position behind an operator at `at`.
fn operator(bytes: &[u8], at: usize) -> Option<usize> {
    const OPERATORS: [&[u8]; 11] = [
        b":::=", b"::=", b":=", b"=>", b"?=", b"||", b"+=", b"=", b":", b">", b",",
    ];
    let rest = bytes.get(at..)?;
    OPERATORS
        .iter()
        .find(|operator| rest.starts_with(operator))
        .map(|operator| at + operator.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn skip_while(bytes: &[u8], from: usize, most: usize, mut wanted: impl FnMut(u8) -> bool) -> usize {
    bytes
        .get(from..)
        .unwrap_or_default()
        .iter()
        .take(most)
        .position(|byte| !wanted(*byte))
        .map_or_else(|| (from + most).min(bytes.len()), |length| from + length)
}

fn back_while(bytes: &[u8], to: usize, most: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let length = bytes
        .get(..to)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(most)
        .take_while(|byte| wanted(**byte))
        .count();
    to - length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str, bool)>) {
        let at = text.find("token").unwrap();
        let found = find(text, at..at + 5);
        let found = found.as_ref().map(|found| {
            (
                &text[found.name.clone()],
                &text[found.value.clone()],
                found.quoted,
            )
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_notation_is_read() {
        check("my_token = \"abc\"", Some(("my_token", "abc", true)));
        check("my_token: abc\n", Some(("my_token", "abc", false)));
        check("{\"my_token\": 'abc'}", Some(("my_token", "abc", true)));
        check("token := `abc`", Some(("token", "abc", true)));
        check("var token string = \"abc\"", Some(("token", "abc", true)));
        check("<token>\n    abc\n</token>", Some(("token", "abc", false)));
        check("set(\"token\", \"abc\")", Some(("token", "abc", true)));
        check("cfg[\"token\"] = \"abc\"", Some(("token", "abc", true)));
        check("token=abc&x", Some(("token", "abc&x", false)));
        check("{\"a\": \"token\",\n\"b\": 1}", None);
        check("a token in a sentence", None);
        check("token", None);
        check("token = é", None);
    }
}
