//! Large values are kept once, under their digest; entries refer to them.
//!
//! An entry's text is JSON without spaces. [`pack`] takes out of it every array, object and string
//! of at least [`LARGE`] bytes, the innermost first, and leaves `{"$":"DIGEST"}` in its place. What
//! is inside of another large value is taken out before that value is, so that a list of outputs
//! and the outputs themselves are kept once. A key that begins with `$` is given one more.

use super::Digest;

/// From this many bytes of JSON on, a value is kept by itself.
pub const LARGE: usize = 512;

/// A value that was taken out, and its text, which may refer to others.
pub type Value = (Digest, Vec<u8>);

/// Takes the large values out of a text. The text must be JSON without spaces, as `serde_json` writes it.
#[must_use]
pub fn pack(text: &[u8]) -> (Vec<u8>, Vec<Value>) {
    let mut out = Vec::with_capacity(text.len().min(4 * LARGE));
    let mut values = Vec::new();
    // Where the containers that are open began.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' => {
                let (string, behind) = rest.split_at(string_length(rest));
                let begin = out.len();
                let key = behind.first() == Some(&b':');
                if key && string.starts_with(b"\"$") {
                    out.extend_from_slice(b"\"$");
                    out.extend_from_slice(string.get(1..).unwrap_or_default());
                } else {
                    out.extend_from_slice(string);
                }
                if !key {
                    take_out(&mut out, begin, open.is_empty(), &mut values);
                }
                rest = behind;
                continue;
            }
            b'{' | b'[' => {
                open.push(out.len());
                out.push(byte);
            }
            b'}' | b']' => {
                out.push(byte);
                let begin = open.pop().unwrap_or_default();
                take_out(&mut out, begin, open.is_empty(), &mut values);
            }
            byte => out.push(byte),
        }
        rest = after;
    }
    (out, values)
}

/// Replaces what was written from `begin` on by a reference, if it is large. The whole text stays where it is.
fn take_out(out: &mut Vec<u8>, begin: usize, whole: bool, values: &mut Vec<Value>) {
    if whole || out.len() - begin < LARGE {
        return;
    }
    let value = out.split_off(begin);
    let digest = Digest::of(&value);
    out.extend_from_slice(format!("{{\"$\":\"{digest}\"}}").as_bytes());
    values.push((digest, value));
}

/// How long the string at the start of a text is, both quotes included.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Puts the values back. `get` gives the text of a value as it was taken out.
///
/// # Errors
/// Whatever `get` fails with.
pub fn unpack<E>(
    text: &[u8],
    get: &mut impl FnMut(Digest) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    const BEGIN: &[u8] = b"{\"$\":\"";
    /// The digits and what closes the string and the object.
    const LENGTH: usize = BEGIN.len() + 32 + 2;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'{'
            && rest.starts_with(BEGIN)
            && let Some(digits) = rest.get(BEGIN.len()..BEGIN.len() + 32)
            && let Some(digest) = std::str::from_utf8(digits)
                .ok()
                .and_then(|it| it.parse().ok())
        {
            let value = get(digest)?;
            out.extend_from_slice(&unpack(&value, get)?);
            rest = rest.get(LENGTH..).unwrap_or_default();
        } else if byte == b'"' {
            let (string, behind) = rest.split_at(string_length(rest));
            if behind.first() == Some(&b':') && string.starts_with(b"\"$$") {
                out.extend_from_slice(b"\"");
                out.extend_from_slice(string.get(2..).unwrap_or_default());
            } else {
                out.extend_from_slice(string);
            }
            rest = behind;
        } else {
            out.push(byte);
            rest = after;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn round(value: &Json) -> (usize, usize) {
        let text = serde_json::to_vec(value).unwrap();
        let (packed, values) = pack(&text);
        let kept = values.iter().map(|(_, text)| text.len()).sum::<usize>() + packed.len();
        let count = values.len();
        let map: HashMap<Digest, Vec<u8>> = values.into_iter().collect();
        let back = unpack(&packed, &mut |digest| map.get(&digest).cloned().ok_or(())).unwrap();
        assert_eq!(
            String::from_utf8(back).unwrap(),
            String::from_utf8(text).unwrap()
        );
        (count, kept)
    }

    #[test]
    fn a_list_of_large_values_costs_little_more_than_the_values() {
        let value = |i: usize| json!({"n": i, "text": "x".repeat(400), "more": "y".repeat(200)});
        let values: Vec<Json> = (0..50).map(value).collect();
        let (count, kept) = round(&json!({"outputs": values, "again": values}));
        // Fifty values and the two lists, which have the same text.
        assert_eq!(count, 102);
        let plain = serde_json::to_vec(&values).unwrap().len();
        assert!(kept < 2 * plain + 2 * 50 * 42 + 200, "{kept} of {plain}");
    }

    #[test]
    fn keys_that_look_like_references_are_told_apart() {
        let digest = Digest::of(b"x").to_string();
        round(&json!({"$": digest}));
        round(&json!({"a": {"$": digest, "$$": 1, "$x": {"$": "short"}}}));
        round(&json!(["{\"$\":\"", "\\\"", "$"]));
        round(&json!({"a": "é\"\\".repeat(300)}));
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<i32>().prop_map(Json::from),
            "[\\$\"\\\\{}a-c]{0,12}".prop_map(Json::from),
            (1usize..700).prop_map(|n| Json::from("z".repeat(n))),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                proptest::collection::vec(("[\\$a\"]{1,3}", inner), 0..6)
                    .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn prop_any_value_comes_back_as_it_was(value in any_json()) {
            round(&value);
        }
    }
}
