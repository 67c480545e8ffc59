//! What a run was told, as it stands in its file.

use orchestrate_core::journal::JournalError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{RunRow, Said};

/// Something that a run was told, readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidFile {
    kind: String,
    step: String,
    said: Value,
    seal: String,
}

/// The text of what a run was told.
pub(super) fn write(all: &[Said]) -> Vec<u8> {
    let readable = |said: &Said| SaidFile {
        kind: said.kind.clone(),
        step: said.step.clone(),
        // It was written by ourselves; anything else would not fit its seal.
        said: serde_json::from_str(&said.body).unwrap_or_default(),
        seal: said.seal.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let all: Vec<SaidFile> = all.iter().map(readable).collect();
    // Texts and numbers can always be written.
    let mut text = serde_json::to_vec_pretty(&all).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Reads what a run was told.
pub(super) fn read(row: &RunRow, text: &[u8]) -> Result<Vec<Said>, JournalError> {
    let all: Vec<SaidFile> = serde_json::from_slice(text).map_err(|error| {
        let problem = format!("what it was told cannot be read: {error}");
        row.damaged(row.head, problem)
    })?;
    let said = |file: SaidFile| Said {
        kind: file.kind,
        step: file.step,
        body: file.said.to_string(),
        seal: bytes(&file.seal),
    };
    Ok(all.into_iter().map(said).collect())
}

/// The bytes that hexadecimal digits mean; what is none fits no seal.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map_while(byte).collect()
}
