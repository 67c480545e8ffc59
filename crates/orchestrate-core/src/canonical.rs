//! One byte form per JSON value, so that digests do not depend on the order of keys.
//!
//! `serde_json` keeps keys sorted or in insertion order depending on features that any crate in
//! the build may switch on; everything that is hashed goes through here instead.

use serde_json::Value;

/// The value as compact JSON with the keys of every object sorted.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = Vec::with_capacity(1024);
    write(&mut out, value);
    // JSON is text, so this never falls back.
    String::from_utf8(out).unwrap_or_default()
}

/// A short digest of a value: 32 hexadecimal digits of BLAKE3 over its canonical form.
#[must_use]
pub fn digest(value: &Value) -> String {
    let mut text = Vec::new();
    write(&mut text, value);
    digest_of(&text)
}

/// The digest of a canonical text.
pub(crate) fn digest_of(text: &[u8]) -> String {
    let hash = blake3::hash(text);
    hash.to_hex().chars().take(32).collect()
}

pub(crate) fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(out, item);
            }
            out.push(b']');
        }
        Value::Object(map) => write_object(out, map, |out, _, item| write(out, item)),
        scalar => {
            let _ = serde_json::to_writer(out, scalar);
        }
    }
}

/// Writes an object with its keys sorted; how each value is written is the caller's matter.
pub(crate) fn write_object(
    out: &mut Vec<u8>,
    map: &serde_json::Map<String, Value>,
    write_value: impl Fn(&mut Vec<u8>, &str, &Value),
) {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| key.as_str());
    out.push(b'{');
    for (i, (key, item)) in entries.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, key);
        out.push(b':');
        write_value(out, key, item);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_digest_is_independent_of_key_order(mut pairs in proptest::collection::vec(("[a-z]{1,4}", 0i64..9), 0..8), seed in 0usize..8) {
            pairs.sort();
            pairs.dedup_by(|a, b| a.0 == b.0);
            let forward: serde_json::Map<_, _> = pairs.iter().map(|(k, v)| (k.clone(), Value::from(*v))).collect();
            let turn = if pairs.is_empty() { 0 } else { seed % pairs.len() };
            pairs.rotate_left(turn);
            let turned: serde_json::Map<_, _> = pairs.iter().map(|(k, v)| (k.clone(), Value::from(*v))).collect();
            prop_assert_eq!(digest(&Value::Object(forward)), digest(&Value::Object(turned)));
        }
    }

    #[test]
    fn keys_are_sorted_and_strings_escaped() {
        let value = serde_json::json!({"b": [1, null, true], "a": "q\"\n"});
        assert_eq!(to_string(&value), r#"{"a":"q\"\n","b":[1,null,true]}"#);
    }
}
