//! Entries as text and back, the same for every backend.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::values::{self, Value};
use super::{Digest, JOURNAL_FORMAT, JournalError, Pinned};
use crate::event::Event;
use crate::id::RunId;

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Its text, in which large values are references.
    pub body: Vec<u8>,
    /// The large values, each with everything inside of it that is large before it. One can occur twice.
    pub values: Vec<Value>,
}

impl Encoded {
    /// Entry 0.
    #[must_use]
    pub fn pinned(pinned: &Pinned) -> Self {
        Self::of(pinned)
    }

    /// The entry of an event.
    #[must_use]
    pub fn event(event: &Event) -> Self {
        Self::of(event)
    }

    fn of(content: &impl Serialize) -> Self {
        // Strings, numbers, lists and string-keyed maps can always be written.
        let text = serde_json::to_vec(content).unwrap_or_default();
        let (body, values) = values::pack(&text);
        Self { body, values }
    }
}

/// Reads entry 0. `get` gives the text of a value, none when it is not there.
///
/// # Errors
/// [`JournalError::Damaged`] when it cannot be read, [`JournalError::Format`] when another version wrote it.
pub fn decode_pinned(
    run: &RunId,
    body: &[u8],
    get: &mut impl FnMut(Digest) -> Result<Option<Vec<u8>>, JournalError>,
) -> Result<Pinned, JournalError> {
    let format: Format = decode(run, 0, body, get)?;
    if format.format != JOURNAL_FORMAT {
        return Err(JournalError::Format {
            what: run.to_string(),
            found: format.format,
        });
    }
    decode(run, 0, body, get)
}

/// Reads the entry of an event.
///
/// # Errors
/// As [`decode_pinned`].
pub fn decode_event(
    run: &RunId,
    entry: u64,
    body: &[u8],
    get: &mut impl FnMut(Digest) -> Result<Option<Vec<u8>>, JournalError>,
) -> Result<Event, JournalError> {
    decode(run, entry, body, get)
}

/// The one field of entry 0 that every format has.
#[derive(Debug, serde::Deserialize)]
struct Format {
    format: String,
}

fn decode<T: DeserializeOwned>(
    run: &RunId,
    entry: u64,
    body: &[u8],
    get: &mut impl FnMut(Digest) -> Result<Option<Vec<u8>>, JournalError>,
) -> Result<T, JournalError> {
    let damaged = |problem: String| JournalError::Damaged {
        run: run.clone(),
        entry,
        problem,
    };
    let mut whole = |digest: Digest| match get(digest)? {
        Some(text) if Digest::of(&text) == digest => Ok(text),
        Some(_) => Err(damaged(format!("the value {digest} is not what was kept"))),
        None => Err(damaged(format!("the value {digest} is missing"))),
    };
    let text = values::unpack(body, &mut whole)?;
    serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))
}
