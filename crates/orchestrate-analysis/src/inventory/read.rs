//! Reads one file as bytes or text. Every file that a scan reads goes through here.
//!
//! Only regular files are opened: a pipe or a device, also behind a link, would keep the reader
//! waiting or never end. Nothing is read beyond a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::decode::{Decoded, decode, is_binary};
use super::skip::SkipReason;

/// How much of a file is read to tell whether it is text at all.
const HEAD_BYTES: u64 = 8 * 1024;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFailure {
    /// A directory, pipe, socket or device.
    #[error("it is no regular file")]
    Special,
    /// It is larger than the limit.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl From<ReadFailure> for SkipReason {
    fn from(failure: ReadFailure) -> Self {
        match failure {
            ReadFailure::Special => Self::Special,
            ReadFailure::TooLarge { .. } => Self::TooLarge,
            ReadFailure::System(_) => Self::Unreadable,
        }
    }
}

/// What a text is read as, which decides what zero bytes in it mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// Source of a known language: text whatever its bytes, so that no byte can hide it.
    Source,
    /// Anything else, which zero bytes tell to be binary.
    Other,
}

/// Reads a regular file of at most `limit` bytes. Links are followed.
///
/// # Errors
/// If it is no regular file, is larger, or cannot be opened or read.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, ReadFailure> {
    let mut bytes = Vec::new();
    read_rest(open_regular(path)?, &mut bytes, limit)?;
    Ok(bytes)
}

/// Reads a regular file of at most `limit` bytes as text. Links are followed.
///
/// # Errors
/// The reason for skipping it. Whether it is binary is told before whether it is too large.
pub fn read_text(path: &Path, limit: u64, kind: TextKind) -> Result<Decoded, SkipReason> {
    let mut file = open_regular(path)?;
    let mut bytes = Vec::new();
    (&mut file)
        .take(HEAD_BYTES)
        .read_to_end(&mut bytes)
        .map_err(ReadFailure::from)?;
    if kind == TextKind::Other && is_binary(&bytes) {
        return Err(SkipReason::Binary);
    }
    read_rest(file, &mut bytes, limit)?;
    if kind == TextKind::Other && is_binary(&bytes) {
        return Err(SkipReason::Binary);
    }
    Ok(decode(bytes))
}

fn open_regular(path: &Path) -> Result<File, ReadFailure> {
    // Asked before it is opened, because opening a pipe already waits for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(ReadFailure::Special);
    }
    Ok(File::open(path)?)
}

/// Appends the rest of a file, as long as all of `bytes` stays within the limit.
fn read_rest(file: File, bytes: &mut Vec<u8>, limit: u64) -> Result<(), ReadFailure> {
    let too_large = ReadFailure::TooLarge { limit };
    if file.metadata()?.len() > limit {
        return Err(too_large);
    }
    // One byte over the limit tells a file that grew since its size was asked.
    let rest = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(rest).read_to_end(bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{ReadFailure, TextKind, read_bytes, read_text};
    use crate::inventory::SkipReason;
    use crate::inventory::testing::{in_time, pipe};

    #[test]
    fn a_limit_is_a_limit() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        fs::write(&path, b"1234").expect("it is writable");
        assert_eq!(read_bytes(&path, 4).expect("it fits"), b"1234");
        let failure = read_bytes(&path, 3).expect_err("it does not fit");
        assert!(matches!(failure, ReadFailure::TooLarge { limit: 3 }));
    }

    #[test]
    fn binary_is_told_before_too_large() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        let why = |bytes: &[u8], limit, kind| {
            fs::write(&path, bytes).expect("it is writable");
            read_text(&path, limit, kind).err()
        };
        let binary = Some(SkipReason::Binary);
        assert_eq!(why(b"a\0bc", 2, TextKind::Other), binary);
        let late = [vec![b'a'; 9_000], vec![0]].concat();
        assert_eq!(why(&late, 1 << 20, TextKind::Other), binary);
        assert_eq!(why(b"abc", 2, TextKind::Other), Some(SkipReason::TooLarge));
        assert_eq!(why(b"a\0b", 9, TextKind::Source), None);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_but_regular_files_is_opened() {
        let directory = tempfile::tempdir().expect("a directory");
        let Some(path) = pipe(directory.path(), "pipe") else {
            return;
        };
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).expect("links are possible");
        for path in [path, link] {
            let failure = in_time(move || read_bytes(&path, 10).expect_err("it is special"));
            assert!(matches!(failure, ReadFailure::Special));
        }
    }
}
