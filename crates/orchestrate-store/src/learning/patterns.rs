//! The library of patterns over documents.

use async_trait::async_trait;
use orchestrate_core::learning::{
    Pattern, PatternLibrary, PatternMatch, PatternQuery, StoreError, check_name,
};

use super::{LearningStore, PATTERNS, SPACE};
use crate::documents::{Change, Document, Read, Select, transact};

/// The longest name of a pattern: that of a composition with what `Pattern::of` puts before it.
const LONGEST: usize = 160;

fn check(id: &str) -> Result<(), StoreError> {
    let bare = id.strip_prefix("orchestration_").unwrap_or(id);
    check_name("pattern id", bare)?;
    if id.len() <= LONGEST {
        return Ok(());
    }
    Err(StoreError::Name {
        what: "pattern id",
        given: id.to_owned(),
    })
}

#[async_trait]
impl PatternLibrary for LearningStore {
    async fn contribute(&self, pattern: &Pattern) -> Result<(), StoreError> {
        check(&pattern.id)?;
        let mut pattern = pattern.clone();
        let reads = [Read::key(PATTERNS, &*pattern.id)];
        transact(&*self.documents, SPACE, &reads, move |found| {
            let known = found
                .iter()
                .find_map(|it| serde_json::from_value::<Pattern>(it.body.clone()).ok());
            if let Some(known) = known {
                pattern.discovered_at = known.discovered_at;
            }
            let document = Document {
                kind: PATTERNS,
                key: pattern.id.clone(),
                group: pattern.pattern_type.clone(),
                // All of it is text, numbers and lists, so this never falls back.
                body: serde_json::to_value(&pattern).unwrap_or_default(),
            };
            Ok((vec![Change::Put(document)], ()))
        })
        .await
    }

    async fn query(&self, query: &PatternQuery) -> Result<Vec<PatternMatch>, StoreError> {
        Ok(query.answer(self.patterns().await?))
    }

    async fn patterns(&self) -> Result<Vec<Pattern>, StoreError> {
        let found = self.read(PATTERNS, Select::All).await?;
        let whole = |it: Document| match serde_json::from_value(it.body) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.warnings.add(format!(
                    "pattern `{}` in `{}` is left out: {error}",
                    it.key,
                    self.place()
                ));
                None
            }
        };
        Ok(found.into_iter().filter_map(whole).collect())
    }

    async fn remove(&self, id: &str) -> Result<bool, StoreError> {
        check(id)?;
        let reads = [Read::key(PATTERNS, id)];
        let id = id.to_owned();
        transact(&*self.documents, SPACE, &reads, move |found| {
            let changes = found.iter().map(|_| Change::Delete(PATTERNS, id.clone()));
            Ok((changes.collect(), !found.is_empty()))
        })
        .await
    }
}
