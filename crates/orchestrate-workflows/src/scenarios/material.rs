//! The items that a skill works on: read from a file, or made; and slices of them.

use std::path::Path;

use orchestrate_core::canonical;
use serde_json::{Value, json};

use super::error::ScenarioError;

/// How items stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaterialForm {
    /// One JSON array.
    Array,
    /// A line for each item: JSON, or any text.
    Lines,
}

/// The items that there are.
#[derive(Debug, Clone, PartialEq)]
pub enum Material {
    /// As many as are asked for, a number a line; always the same, in no order.
    Generated,
    /// Those of a file.
    Read {
        /// How they stand in it, and in what a skill is given.
        form: MaterialForm,
        /// Each as it is written.
        items: Vec<String>,
    },
}

impl Material {
    /// The items of a file: a JSON array if it ends in `.json`, otherwise one a line; empty lines are none.
    ///
    /// # Errors
    /// [`ScenarioError::Input`] when it cannot be read, has another form, or holds nothing.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let wrong = |problem: String| ScenarioError::Input {
            path: path.display().to_string(),
            problem,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let ending = path.extension().and_then(|it| it.to_str());
        let (form, items): (_, Vec<String>) = if ending == Some("json") {
            let array: Vec<Value> = serde_json::from_str(&text)
                .map_err(|error| wrong(format!("is no JSON array: {error}")))?;
            (
                MaterialForm::Array,
                array.iter().map(Value::to_string).collect(),
            )
        } else {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            (MaterialForm::Lines, lines.map(str::to_owned).collect())
        };
        if matches!(ending, Some("jsonl" | "ndjson")) {
            for (at, line) in items.iter().enumerate() {
                serde_json::from_str::<serde::de::IgnoredAny>(line).map_err(|error| {
                    wrong(format!("has no JSON as its item {}: {error}", at + 1))
                })?;
            }
        }
        if items.is_empty() {
            return Err(wrong("holds no items".to_owned()));
        }
        Ok(Self::Read { form, items })
    }

    /// How many there are; none when there are as many as anybody wants.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Generated => None,
            Self::Read { items, .. } => Some(items.len() as u64),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// So many of them from a place on, in the form of the whole.
    #[must_use]
    pub fn slice(&self, offset: u64, count: u64) -> String {
        match self {
            Self::Generated => {
                let numbers =
                    (offset..offset.saturating_add(count)).map(|at| mixed(at).to_string());
                lines(numbers)
            }
            Self::Read { form, items } => {
                let skip = usize::try_from(offset).unwrap_or(usize::MAX);
                let take = usize::try_from(count).unwrap_or(usize::MAX);
                let part = items.iter().skip(skip).take(take);
                match form {
                    MaterialForm::Array => {
                        let part: Vec<&str> = part.map(String::as_str).collect();
                        format!("[{}]\n", part.join(",\n"))
                    }
                    MaterialForm::Lines => lines(part.cloned()),
                }
            }
        }
    }

    /// The same as values: JSON as what it says, a line as a text, a made one as a number.
    #[must_use]
    pub fn values(&self, offset: u64, count: u64) -> Vec<Value> {
        match self {
            Self::Generated => {
                let numbers = offset..offset.saturating_add(count);
                numbers.map(|at| mixed(at).into()).collect()
            }
            Self::Read { items, .. } => {
                let skip = usize::try_from(offset).unwrap_or(usize::MAX);
                let take = usize::try_from(count).unwrap_or(usize::MAX);
                let part = items.iter().skip(skip).take(take);
                part.map(|it| serde_json::from_str(it).unwrap_or_else(|_| it.as_str().into()))
                    .collect()
            }
        }
    }

    /// What a plan pins of them, so that nobody goes on with a run on others.
    #[must_use]
    pub fn pinned(&self) -> Value {
        match self {
            Self::Generated => json!("generated"),
            Self::Read { items, .. } => json!({
                "items": items.len(),
                "digest": canonical::digest(&json!(items)),
            }),
        }
    }
}

fn lines(items: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for item in items {
        text.push_str(&item);
        text.push('\n');
    }
    text
}

/// A number below two to the 53rd that looks like chance and is always the same.
fn mixed(at: u64) -> u64 {
    let mut z = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Material, ScenarioError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        Material::read(&path)
    }

    #[test]
    fn slices_have_the_form_of_the_whole() {
        let array = read("a.json", r#"[{"a": 1}, 2, "three"]"#).unwrap();
        assert_eq!(array.slice(1, 2), "[2,\n\"three\"]\n");
        let lines = read("a.txt", "one\n\ntwo\nthree").unwrap();
        assert_eq!(
            (lines.slice(0, 2).as_str(), lines.len()),
            ("one\ntwo\n", Some(3))
        );
        let objects = read("a.jsonl", "{\"a\":1}\n{\"a\":2}\n").unwrap();
        assert_eq!(objects.slice(1, 9), "{\"a\":2}\n");
    }

    #[test]
    fn what_is_no_list_of_items_is_refused() {
        for (name, text) in [
            ("a.json", "{}"),
            ("a.jsonl", "{\"a\":1}\n{"),
            ("a.txt", " \n"),
        ] {
            assert!(read(name, text).is_err(), "{name}");
        }
        assert!(Material::read(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn what_is_generated_is_always_the_same_and_slices_join() {
        let made = Material::Generated;
        assert_eq!(made.slice(0, 5), made.slice(0, 2) + &made.slice(2, 3));
        assert_eq!(made.slice(0, 100).lines().count(), 100);
    }
}
