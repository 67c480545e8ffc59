//! A change that gives something back.

use std::sync::{Arc, Mutex, PoisonError};

use orchestrate_core::learning::StoreError;

use super::{Change, Document, Documents, Read};

/// Reads, decides and writes, and gives what the decision came to.
pub(crate) async fn transact<R: Send + 'static>(
    documents: &dyn Documents,
    space: &str,
    reads: &[Read],
    decide: impl FnOnce(&[Document]) -> Result<(Vec<Change>, R), StoreError> + Send + 'static,
) -> Result<R, StoreError> {
    let answer = Arc::new(Mutex::new(None));
    let slot = answer.clone();
    let decide = Box::new(move |found: &[Document]| {
        let (changes, given) = decide(found)?;
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(given);
        Ok(changes)
    });
    documents.change(space, reads, decide).await?;
    let given = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    // A backend that has not asked has not done what it says.
    given.ok_or_else(|| StoreError::Failed {
        place: documents.place().to_owned(),
        source: "the change was not decided".into(),
    })
}
