//! The journal at an address, for whoever needs nothing else of a store.

use std::path::PathBuf;
use std::sync::Arc;

use orchestrate_core::journal::{JournalError, RunJournal};
use orchestrate_core::learning::StoreError;

use crate::store::Store;

/// Opens the journal of the store at an address, as [`Store::open`] reads it, and makes it if there
/// is none and `create` says so.
///
/// # Errors
/// [`JournalError::Place`] for an address that means nothing, [`JournalError::Empty`] when there is
/// no journal and none is to be made; otherwise why it cannot be opened.
pub fn open(url: &str, create: bool) -> Result<Arc<dyn RunJournal>, JournalError> {
    let store = Store::open(url).map_err(|error| match error {
        StoreError::Address { given, problem } => JournalError::Place {
            path: PathBuf::from(given),
            problem,
        },
        other => JournalError::Place {
            path: PathBuf::from(url),
            problem: other.to_string(),
        },
    })?;
    store.journal(create)
}

#[cfg(test)]
mod tests {
    use orchestrate_core::journal::Durability;

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
        let files = format!("file:{}", folder.path().join("y").display());
        assert_eq!(open(&files, false).unwrap_err(), JournalError::Empty);
        assert_eq!(open(&files, true).unwrap().url(), files);
        assert!(open(&files, false).is_ok());
        for bad in [
            "mysql:x",
            "sqlite:",
            &format!("{at}?quick"),
            &format!("{files}?fast"),
            &format!("file:{at}"),
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
