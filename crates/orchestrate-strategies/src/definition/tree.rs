//! A file as a tree of values that know where they stand.
//!
//! YAML is read by `serde-saphyr`, strictly: no anchors, aliases, merge keys or tags, one document,
//! within bounds of size and depth. JSON is YAML too. Keys that stand twice are kept, so that each
//! of them can be told.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Spanned};

use super::problem::Place;

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;
/// Most values in a file.
const MAX_NODES: usize = 100_000;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Place,
    /// Where its text begins, in bytes.
    pub(super) offset: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a key may stand twice.
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) at: Place,
    pub(super) name: String,
}

/// Why a file is no tree.
#[derive(Debug, Clone)]
pub(super) struct TreeFault {
    pub(super) at: Place,
    pub(super) message: String,
}

impl Node {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Self, TreeFault> {
        let fault = |message: String| TreeFault {
            at: Place::START,
            message,
        };
        if text.len() > MAX_BYTES {
            return Err(fault(format!(
                "it has {} bytes, {MAX_BYTES} are allowed",
                text.len()
            )));
        }
        if text.trim().is_empty() {
            return Err(fault("it is empty".to_owned()));
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_anchors: 0,
                max_aliases: 0,
                max_depth: MAX_DEPTH,
                max_nodes: MAX_NODES,
                max_documents: 1,
                flow_nesting_limit: MAX_DEPTH,
            },
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            merge_keys: MergeKeyPolicy::Error,
            strict_booleans: true,
            non_finite_float_policy: NonFiniteFloatPolicy::Reject,
            reject_unsupported_tags: true,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options::<Self>(text, options).map_err(|error| TreeFault {
            at: error.location().map_or(Place::START, place),
            message: message(&error),
        })
    }

    /// The value without places. Of a key that stands twice the first counts.
    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(it) => Value::Bool(*it),
            Kind::Number(it) => Value::Number(it.clone()),
            Kind::Text(it) => Value::String(it.clone()),
            Kind::List(items) => items.iter().map(Self::value).collect(),
            Kind::Map(pairs) => {
                let mut map = Map::with_capacity(pairs.len());
                for (key, value) in pairs {
                    if !map.contains_key(&key.name) {
                        map.insert(key.name.clone(), value.value());
                    }
                }
                Value::Object(map)
            }
        }
    }

    /// Whether another says the same in the same order, wherever it stands.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::List(ours), Kind::List(theirs)) => {
                let mut both = ours.iter().zip(theirs);
                ours.len() == theirs.len() && both.all(|(a, b)| a.says_the_same(b))
            }
            (Kind::Map(ours), Kind::Map(theirs)) => {
                let mut both = ours.iter().zip(theirs);
                let same = |((key, a), (other, b)): (&(Key, Self), &(Key, Self))| {
                    key.name == other.name && a.says_the_same(b)
                };
                ours.len() == theirs.len() && both.all(same)
            }
            (Kind::List(_) | Kind::Map(_), _) | (_, Kind::List(_) | Kind::Map(_)) => false,
            _ => self.value() == other.value(),
        }
    }

    /// What it is, in words.
    pub(super) fn word(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "an object",
        }
    }

    /// The pairs of an object; none for anything else.
    pub(super) fn pairs(&self) -> &[(Key, Self)] {
        match &self.kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The value under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let found = self.pairs().iter().find(|(it, _)| it.name == key);
        found.map(|(_, value)| value)
    }

    /// The key itself.
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.pairs()
            .iter()
            .map(|(key, _)| key)
            .find(|key| key.name == name)
    }

    /// The value at the end of a path, or the last that is there on the way to it.
    pub(super) fn nearest<'b>(&self, path: impl IntoIterator<Item = &'b str>) -> &Self {
        let mut node = self;
        for segment in path {
            let next = match &node.kind {
                Kind::List(items) => segment.parse().ok().and_then(|i: usize| items.get(i)),
                _ => node.get(segment),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }
}

fn place(location: Location) -> Place {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    Place {
        line: number(location.line()),
        column: number(location.column()),
    }
}

/// What the reader says, without its own account of the place.
fn message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let text = text.lines().next().unwrap_or_default();
    let text = match text.find(" at line ") {
        Some(end) => text.get(..end).unwrap_or(text),
        None => text,
    };
    if text.contains("anchor") || text.contains("alias") {
        "anchors and aliases are not read here: write the value where it is needed".to_owned()
    } else if text.contains("merge") {
        "merge keys are not read here: write the fields where they are needed".to_owned()
    } else if text.contains("Documents") {
        "a file holds one document, and here a second begins".to_owned()
    } else if text.contains("recursion limit") || text.contains("Depth") {
        format!("it is nested more than {MAX_DEPTH} deep")
    } else if text.contains("budget breached") {
        format!("it holds more than is read here ({MAX_NODES} values)")
    } else {
        text.trim_end_matches(':').to_owned()
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Spanned {
            value: kind,
            referenced: location,
            ..
        } = Spanned::<Kind>::deserialize(from)?;
        let offset = location.span().byte_offset().unwrap_or_default();
        Ok(Self {
            at: place(location),
            offset: usize::try_from(offset).unwrap_or_default(),
            kind,
        })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Kind, D::Error> {
        Kind::deserialize(from)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Kind, E> {
        let number = Number::from_f64(value);
        number
            .map(Kind::Number)
            .ok_or_else(|| E::custom("the number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Kind, E> {
        Ok(Kind::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Kind, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = from.next_key::<Spanned<String>>()? {
            let key = Key {
                at: place(key.referenced),
                name: key.value,
            };
            pairs.push((key, from.next_value()?));
        }
        Ok(Kind::Map(pairs))
    }
}
