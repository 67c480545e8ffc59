//! Opens a store by its address.

use std::path::PathBuf;
use std::sync::Arc;

use orchestrate_core::journal::{Durability, JournalError, RunJournal};

use crate::address::Address;
use crate::postgres::PostgresJournal;
use crate::sqlite::SqliteJournal;

/// Opens the journal at an address, and makes it if there is none and `create` says so.
///
/// Addresses are `sqlite:FILE`, or a path alone, which means the same; `sqlite:FILE?fast` does not
/// wait for the disk and may lose the newest entries in a power cut.
///
/// # Errors
/// [`JournalError::Place`] for an address that means nothing, [`JournalError::Empty`] when there is
/// no journal and none is to be made; otherwise why it cannot be opened.
pub fn open(url: &str, create: bool) -> Result<Arc<dyn RunJournal>, JournalError> {
    if let Ok(Address::Postgres(url)) = url.parse() {
        let journal = PostgresJournal::open(&url, Durability::Full, create)?;
        return Ok(Arc::new(journal));
    }
    let (address, mode) = match url.split_once('?') {
        Some((address, mode)) => (address, Some(mode)),
        None => (url, None),
    };
    let refused = |problem: String| JournalError::Place {
        path: PathBuf::from(url),
        problem,
    };
    let durability = match mode {
        None | Some("full") => Durability::Full,
        Some("fast") => Durability::Fast,
        Some(other) => {
            return Err(refused(format!(
                "unknown mode `{other}` (possible: full, fast)"
            )));
        }
    };
    let path = match address.split_once(':') {
        Some(("sqlite", path)) => path,
        Some((kind, _)) if kind.len() > 1 && kind.chars().all(|c| c.is_ascii_alphanumeric()) => {
            return Err(refused(format!("unknown kind `{kind}` (possible: sqlite)")));
        }
        _ => address,
    };
    if path.is_empty() {
        return Err(refused("it names no file".to_owned()));
    }
    let journal = SqliteJournal::open(&PathBuf::from(path), durability, create)?;
    Ok(Arc::new(journal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_kind_place_and_mode() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("x/store.db");
        let at = at.display();
        let missing = open(&format!("sqlite:{at}"), false).unwrap_err();
        assert_eq!(missing, JournalError::Empty);
        let full = open(&format!("sqlite:{at}"), true).unwrap();
        assert_eq!(full.durability(), Durability::Full);
        assert_eq!(full.url(), format!("sqlite:{at}"));
        let fast = open(&format!("{at}?fast"), false).unwrap();
        assert_eq!(fast.durability(), Durability::Fast);
        for bad in [
            "mysql:x",
            "sqlite:",
            &format!("{at}?quick"),
            &*folder.path().to_string_lossy(),
        ] {
            let refused = open(bad, true).unwrap_err();
            assert!(
                matches!(refused, JournalError::Place { .. }),
                "{bad}: {refused}"
            );
        }
    }
}
