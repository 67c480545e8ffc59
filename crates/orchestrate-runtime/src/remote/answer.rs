//! What a remote agent gives: parts of messages and artifacts, and the answer that they are together.

use serde_json::{Map, Value, json};

use crate::backends::of_words;

/// A part of what an agent says or has made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Data(Value),
    /// A file: its name, its kind, and where it is if it was not sent along.
    File(Value),
}

/// The parts of a message or an artifact, in either version of the protocol. A part of a kind that is not
/// known is left out.
pub(super) fn parts(of: &Value) -> Vec<Part> {
    let all = of.get("parts").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(part).collect()
}

fn part(part: &Value) -> Option<Part> {
    if let Some(text) = part.get("text").and_then(Value::as_str) {
        return Some(Part::Text(text.to_owned()));
    }
    if let Some(data) = part.get("data") {
        return Some(Part::Data(data.clone()));
    }
    // Version 0.3 has an object of its own for files.
    let file = part.get("file").unwrap_or(part);
    let one_of = |names: [&str; 2]| names.iter().find_map(|name| file.get(name)).cloned();
    let url = one_of(["url", "uri"]);
    let raw = one_of(["raw", "bytes"]);
    if url.is_none() && raw.is_none() {
        return None;
    }
    Some(Part::File(json!({
        "name": one_of(["filename", "name"]),
        "media_type": one_of(["mediaType", "mimeType"]),
        "url": url,
        // What it holds is not kept: an answer is read by models and people.
        "base64_length": raw.as_ref().and_then(Value::as_str).map(str::len),
    })))
}

/// The words among some parts.
pub(super) fn words(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.trim()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// The answer that some parts are together: the object among them, else what stands in the words. Further
/// words are its `summary`, further data is under `data`, files are under `files`. Nothing when there is none.
pub(super) fn answer(parts: &[Part]) -> Option<Value> {
    let words = words(parts);
    let mut data = Vec::new();
    let mut files = Vec::new();
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Data(value) => data.push(value.clone()),
            Part::File(file) => files.push(file.clone()),
        }
    }
    if words.is_empty() && data.is_empty() && files.is_empty() {
        return None;
    }
    let mut object = match data.as_slice() {
        [Value::Object(only)] => {
            let mut only = only.clone();
            data.clear();
            if !words.is_empty() {
                only.entry("summary").or_insert(words.into());
            }
            only
        }
        _ if words.is_empty() => Map::new(),
        _ => match of_words(&words) {
            Value::Object(object) => object,
            other => Map::from_iter([("summary".to_owned(), other)]),
        },
    };
    if !data.is_empty() {
        object.entry("data").or_insert(data.into());
    }
    if !files.is_empty() {
        object.entry("files").or_insert(files.into());
    }
    Some(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(given: &Value, expected: Expect) {
        let told = answer(&parts(&json!({ "parts": given })));
        expected.assert_eq(&told.map_or("nothing".to_owned(), |it| it.to_string()));
    }

    #[test]
    fn parts_become_one_answer() {
        check(
            &json!([{"text": "fine"}]),
            expect![[r#"{"summary":"fine"}"#]],
        );
        check(
            &json!([{"text": "{\"score\": 3}"}]),
            expect![[r#"{"score":3}"#]],
        );
        check(
            &json!([{"data": {"score": 3}}, {"text": "fine"}]),
            expect![[r#"{"score":3,"summary":"fine"}"#]],
        );
        check(
            &json!([{"data": 1}, {"data": [2]}, {"text": "two"}]),
            expect![[r#"{"summary":"two","data":[1,[2]]}"#]],
        );
        check(
            &json!([{"kind": "file", "file": {"uri": "https://x/y", "name": "y", "mimeType": "text/plain"}},
                    {"raw": "aGk=", "filename": "z"}]),
            expect![[
                r#"{"files":[{"name":"y","media_type":"text/plain","url":"https://x/y","base64_length":null},{"name":"z","media_type":null,"url":null,"base64_length":4}]}"#
            ]],
        );
        check(&json!([{"kind": "video"}]), expect!["nothing"]);
        check(&json!([]), expect!["nothing"]);
    }
}
