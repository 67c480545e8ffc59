//! Reads one file as text, within a limit.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::skip::SkipReason;

/// Reads a file as UTF-8 text of at most `limit` bytes.
///
/// A byte order mark is kept, so that byte offsets are those of the file.
///
/// # Errors
/// The reason for skipping it: unreadable, too large, binary or not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String, SkipReason> {
    let file = File::open(path).map_err(|_| SkipReason::Unreadable)?;
    let mut bytes = Vec::new();
    // One byte over the limit tells a file that grew since it was listed.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|_| SkipReason::Unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(SkipReason::TooLarge);
    }
    if bytes.contains(&0) {
        return Err(SkipReason::Binary);
    }
    String::from_utf8(bytes).map_err(|_| SkipReason::NotUtf8)
}
