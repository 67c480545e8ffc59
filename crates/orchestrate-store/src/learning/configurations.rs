//! The store of compositions over documents: every change reads what is there and adds to it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::learning::{
    AgentConfiguration, ConfigurationQuery, ConfigurationStore, RunOutcome, StoreError, check_name,
    sort_by_last_use,
};

use super::{COMPOSITIONS, OUTCOMES, SPACE, form, outcomes};
use crate::documents::{Change, Document, Documents, Read, Select, Warnings, transact};
use crate::store::Now;

/// Compositions with their records, and the library of patterns, in one store.
#[derive(Clone)]
pub struct LearningStore {
    pub(super) documents: Arc<dyn Documents>,
    pub(super) warnings: Arc<Warnings>,
    now: Now,
}

impl LearningStore {
    pub(crate) fn new(documents: Arc<dyn Documents>, now: Now) -> Self {
        Self {
            documents,
            warnings: Arc::default(),
            now,
        }
    }

    /// Where it stands, as it may be shown.
    #[must_use]
    pub fn place(&self) -> &str {
        self.documents.place()
    }

    /// This moment.
    pub(super) fn now_ms(&self) -> u64 {
        (self.now)()
    }

    pub(super) async fn read(
        &self,
        kind: &'static str,
        select: Select,
    ) -> Result<Vec<Document>, StoreError> {
        self.documents.read(SPACE, &[Read { kind, select }]).await
    }

    /// The compositions among documents; a malformed one is left out with a warning.
    fn compositions(&self, found: Vec<Document>) -> Vec<AgentConfiguration> {
        let whole = |it: Document| match whole(&it) {
            Ok(configuration) => Some(configuration),
            Err(problem) => {
                self.warnings.add(format!(
                    "composition `{}` in `{}` is left out: {problem}",
                    it.key,
                    self.place()
                ));
                None
            }
        };
        found.into_iter().filter_map(whole).collect()
    }

    /// Adds outcomes to what is stored. `keep` says whether the rest of it stays as it is there.
    async fn merge(
        &self,
        given: &AgentConfiguration,
        outcomes: &[RunOutcome],
        keep: bool,
    ) -> Result<AgentConfiguration, StoreError> {
        check_name("id", &given.id)?;
        check(given)?;
        let reads = [
            Read::key(COMPOSITIONS, &*given.id),
            Read::key(OUTCOMES, &*given.id),
        ];
        let (mut base, outcomes, now) = (given.clone(), outcomes.to_vec(), self.now_ms());
        base.mark_saved();
        transact(&*self.documents, SPACE, &reads, move |found| {
            Ok(merged(found, base, &outcomes, keep, now))
        })
        .await
    }
}

/// A composition that every backend and every reader takes.
fn check(given: &AgentConfiguration) -> Result<(), StoreError> {
    form::read(&form::write(given))
        .map(drop)
        .map_err(|problem| StoreError::Malformed {
            place: given.id.clone(),
            problem,
        })
}

/// A composition from its document, whose name it must have.
fn whole(document: &Document) -> Result<AgentConfiguration, String> {
    let configuration = form::read(&document.body)?;
    if configuration.id == document.key {
        Ok(configuration)
    } else {
        Err(format!("its id is `{}`", configuration.id))
    }
}

/// What is to be written, and what the store holds then.
fn merged(
    found: &[Document],
    given: AgentConfiguration,
    outcomes: &[RunOutcome],
    keep: bool,
    now: u64,
) -> (Vec<Change>, AgentConfiguration) {
    let mut changes = Vec::new();
    let of = |kind| found.iter().find(|it| it.kind == kind);
    let stored = of(COMPOSITIONS).and_then(|it| match whole(it) {
        Ok(stored) => Some(stored),
        Err(_) => {
            changes.push(Change::SetAside(it.kind, it.key.clone()));
            None
        }
    });
    let first = outcomes.iter().map(|it| it.at).min().unwrap_or(now);
    let mut after = given;
    if let Some(stored) = stored {
        if keep {
            after = stored;
        } else {
            after.success_rate = stored.success_rate;
            after.avg_quality_score = stored.avg_quality_score;
            after.usage_count = stored.usage_count;
            after.success_count = stored.success_count;
            after.failure_count = stored.failure_count;
            after.created_at = stored.created_at;
            after.last_used = stored.last_used;
            after.disabled = stored.disabled;
        }
    } else {
        // What the composition brings besides the outcomes is the record it has had elsewhere.
        for outcome in outcomes.iter().filter(|_| !keep) {
            uncount(&mut after, outcome);
        }
        if after.created_at == 0 {
            after.created_at = first;
        }
    }
    let mut known = of(OUTCOMES)
        .map(|it| outcomes::read(&it.body))
        .unwrap_or_default();
    let before = known.len();
    for outcome in outcomes {
        let counted = |it: &RunOutcome| it.run.is_some() && it.run == outcome.run;
        if !known.iter().any(counted) {
            after.count(outcome);
            known.push(outcome.clone());
        }
    }
    if known.len() > before {
        changes.push(Change::Put(Document {
            kind: OUTCOMES,
            key: after.id.clone(),
            group: String::new(),
            body: outcomes::write(&known),
        }));
    }
    changes.push(Change::Put(Document {
        kind: COMPOSITIONS,
        key: after.id.clone(),
        group: after.task_pattern.clone(),
        body: form::write(&after),
    }));
    (changes, after)
}

/// Takes back an outcome that was counted when it was recorded, before it is counted in the store.
fn uncount(it: &mut AgentConfiguration, outcome: &RunOutcome) {
    let uses = it.usage_count as f64;
    it.usage_count = it.usage_count.saturating_sub(1);
    if outcome.success {
        it.success_count = it.success_count.saturating_sub(1);
    } else {
        it.failure_count = it.failure_count.saturating_sub(1);
    }
    let left = it.usage_count as f64;
    (it.success_rate, it.avg_quality_score) = if it.usage_count == 0 {
        (0.0, 0.0)
    } else {
        let mean = (it.avg_quality_score * uses - outcome.quality) / left;
        (it.success_count as f64 / left, mean.clamp(0.0, 100.0))
    };
}

#[async_trait]
impl ConfigurationStore for LearningStore {
    async fn save(&self, configuration: &mut AgentConfiguration) -> Result<(), StoreError> {
        let unsaved = configuration.unsaved().to_vec();
        *configuration = self.merge(configuration, &unsaved, false).await?;
        Ok(())
    }

    async fn record(
        &self,
        configuration: &AgentConfiguration,
        outcomes: &[RunOutcome],
    ) -> Result<AgentConfiguration, StoreError> {
        self.merge(configuration, outcomes, true).await
    }

    async fn load(&self, id: &str) -> Result<Option<AgentConfiguration>, StoreError> {
        check_name("id", id)?;
        let found = self
            .read(COMPOSITIONS, Select::Keys(vec![id.to_owned()]))
            .await?;
        Ok(self.compositions(found).into_iter().next())
    }

    async fn search(
        &self,
        query: &ConfigurationQuery,
    ) -> Result<Vec<AgentConfiguration>, StoreError> {
        query.check()?;
        let select = match &query.task_pattern {
            Some(pattern) => Select::Group(pattern.clone()),
            None => Select::All,
        };
        let found = self.read(COMPOSITIONS, select).await?;
        Ok(query.answer(self.compositions(found)))
    }

    async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        check_name("id", id)?;
        let reads = [Read::key(COMPOSITIONS, id)];
        let id = id.to_owned();
        transact(&*self.documents, SPACE, &reads, move |found| {
            let changes = match found {
                [] => Vec::new(),
                _ => vec![
                    Change::Delete(COMPOSITIONS, id.clone()),
                    Change::Delete(OUTCOMES, id),
                ],
            };
            Ok((changes, !found.is_empty()))
        })
        .await
    }

    async fn list_all(&self) -> Result<Vec<AgentConfiguration>, StoreError> {
        let found = self.read(COMPOSITIONS, Select::All).await?;
        let mut all = self.compositions(found);
        sort_by_last_use(&mut all);
        Ok(all)
    }

    async fn set_disabled(&self, id: &str, disabled: bool) -> Result<(), StoreError> {
        check_name("id", id)?;
        let reads = [Read::key(COMPOSITIONS, id)];
        let id = id.to_owned();
        transact(&*self.documents, SPACE, &reads, move |found| {
            let Some(mut it) = found.iter().find_map(|it| whole(it).ok()) else {
                return Err(StoreError::NotFound { what: "lesson", id });
            };
            it.disabled = disabled;
            let document = Document {
                kind: COMPOSITIONS,
                key: id,
                group: it.task_pattern.clone(),
                body: form::write(&it),
            };
            Ok((vec![Change::Put(document)], ()))
        })
        .await
    }

    async fn recent_outcomes(&self, id: &str) -> Result<Vec<RunOutcome>, StoreError> {
        check_name("id", id)?;
        let found = self
            .read(OUTCOMES, Select::Keys(vec![id.to_owned()]))
            .await?;
        let mut all: Vec<RunOutcome> = found
            .iter()
            .flat_map(|it| outcomes::read(&it.body))
            .collect();
        all.reverse();
        Ok(all)
    }

    fn take_warnings(&self) -> Vec<String> {
        let mut all = self.documents.take_warnings();
        all.extend(self.warnings.take());
        all
    }
}

impl fmt::Debug for LearningStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LearningStore({})", self.place())
    }
}
