//! The boundaries to a store of compositions and to a library of patterns.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use super::{AgentConfiguration, Pattern, PatternMatch, PatternQuery, RunOutcome, Tally};
use crate::error::{ErrorKind, Explain};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A name that could leave the store or cannot be kept by all backends.
    #[error(
        "`{given}` is not a usable {what}: use 1 to 128 characters from letters, digits, `_`, `-` and `.`, starting with a letter, digit or `_`"
    )]
    Name {
        /// What was to be named, for example `id`.
        what: &'static str,
        /// What was given.
        given: String,
    },
    /// A value outside of its range.
    #[error("{what} `{given}` is not usable: {possible}")]
    Value {
        /// What it stands for.
        what: &'static str,
        /// What was given.
        given: String,
        /// What was possible.
        possible: &'static str,
    },
    /// There is no such thing in the store.
    #[error("no {what} `{id}` in the store")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// There is one of that id already.
    #[error("a {what} `{id}` exists already")]
    Exists {
        /// What was to be added.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Somebody else holds it, or it is in another state.
    #[error("{what} `{id}` {problem}")]
    Conflict {
        /// What was to be changed.
        what: &'static str,
        /// Its id.
        id: String,
        /// In what state it is.
        problem: String,
    },
    /// A stored document does not have its form; it was left as it is.
    #[error("`{place}` is malformed: {problem}")]
    Malformed {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An address that no backend has.
    #[error(
        "`{given}` is no address of a store: {problem} (possible: `file:DIRECTORY`, `sqlite:FILE`, `postgres://USER@HOST:PORT/DATABASE`)"
    )]
    Address {
        /// What was given, without its password.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store was written by another version than this one can read.
    #[error("the store at `{place}` cannot be used: {problem}")]
    Version {
        /// The store.
        place: String,
        /// What differs.
        problem: String,
    },
    /// The system or the database failed.
    #[error("the store at `{place}` failed")]
    Failed {
        /// The store, or the file in it.
        place: String,
        /// What was said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Explain for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "ORC1201",
            Self::Value { .. } => "ORC1202",
            Self::NotFound { .. } => "ORC1203",
            Self::Exists { .. } => "ORC1204",
            Self::Conflict { .. } => "ORC1205",
            Self::Malformed { .. } => "ORC1206",
            Self::Address { .. } => "ORC1207",
            Self::Version { .. } => "ORC1208",
            Self::Failed { .. } => "ORC1209",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Name { .. }
            | Self::Value { .. }
            | Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::Conflict { .. }
            | Self::Address { .. } => ErrorKind::Argument,
            Self::Malformed { .. } | Self::Version { .. } => ErrorKind::Definition,
            Self::Failed { .. } => ErrorKind::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Name { .. } => "choose another name",
            Self::Value { .. } | Self::Address { .. } => return Vec::new(),
            Self::NotFound { .. } => "list what there is, and check the spelling",
            Self::Exists { .. } => "choose another id, or change the one that is there",
            Self::Conflict { .. } => "look at its present state, then decide again",
            Self::Malformed { .. } => "mend the document, or move it away",
            Self::Version { .. } => {
                "use the version of orchestrate that wrote it, or another store"
            }
            Self::Failed { .. } => {
                "check that the place can be reached and written to, and that the disk is not full"
            }
        };
        vec![hint.to_owned()]
    }
}

/// Checks a name that a backend will use for files and keys.
///
/// # Errors
/// [`StoreError::Name`].
pub fn check_name(what: &'static str, given: &str) -> Result<(), StoreError> {
    // The rule is that of all other names, and a store adds nothing to it.
    match crate::id::StepName::new(given) {
        Ok(_) => Ok(()),
        Err(_) => Err(StoreError::Name {
            what,
            given: given.to_owned(),
        }),
    }
}

/// A question for compositions.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationQuery {
    /// Only those for this pattern.
    pub task_pattern: Option<String>,
    /// Only those that succeeded at least so often per use, from 0 to 1.
    pub min_success_rate: f64,
    /// Only those whose mean quality is at least so high, from 0 to 100.
    pub min_quality_score: f64,
    /// How many at most, 1 or more.
    pub limit: usize,
}

impl Default for ConfigurationQuery {
    fn default() -> Self {
        Self {
            task_pattern: None,
            min_success_rate: 0.0,
            min_quality_score: 0.0,
            limit: 10,
        }
    }
}

impl ConfigurationQuery {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`StoreError::Value`] for the first that does not hold.
    pub fn check(&self) -> Result<(), StoreError> {
        let value = |what, given: &dyn fmt::Display, possible| {
            Err(StoreError::Value {
                what,
                given: given.to_string(),
                possible,
            })
        };
        if !(0.0..=1.0).contains(&self.min_success_rate) {
            return value(
                "min_success_rate",
                &self.min_success_rate,
                "a number from 0 to 1",
            );
        }
        if !(0.0..=100.0).contains(&self.min_quality_score) {
            return value(
                "min_quality_score",
                &self.min_quality_score,
                "a number from 0 to 100",
            );
        }
        if self.limit == 0 {
            return value("limit", &self.limit, "1 or more");
        }
        Ok(())
    }

    /// Those that match, the best record first; equal ones by id.
    #[must_use]
    pub fn answer(
        &self,
        all: impl IntoIterator<Item = AgentConfiguration>,
    ) -> Vec<AgentConfiguration> {
        let mut found: Vec<AgentConfiguration> = all
            .into_iter()
            .filter(|it| {
                self.task_pattern
                    .as_ref()
                    .is_none_or(|pattern| *pattern == it.task_pattern)
            })
            .filter(|it| it.success_rate >= self.min_success_rate)
            .filter(|it| it.avg_quality_score >= self.min_quality_score)
            .collect();
        found.sort_by(|a, b| {
            Tally::of(a)
                .better_first(Tally::of(b))
                .then_with(|| a.id.cmp(&b.id))
        });
        found.truncate(self.limit);
        found
    }
}

/// Where compositions and their records are kept, shared by all processes that use it.
///
/// Counting is safe: however many processes record at the same time, each outcome counts once.
#[async_trait]
pub trait ConfigurationStore: Send + Sync + fmt::Debug {
    /// Writes a composition. What was recorded on it is added to what the store holds by now, and
    /// the composition given is brought up to date. Whether it is disabled is not changed.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    async fn save(&self, configuration: &mut AgentConfiguration) -> Result<(), StoreError>;

    /// Adds outcomes to a composition, which is written as given if the store has none of its id
    /// and otherwise stays as it is there. Gives what the store holds then.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    async fn record(
        &self,
        configuration: &AgentConfiguration,
        outcomes: &[RunOutcome],
    ) -> Result<AgentConfiguration, StoreError>;

    /// The composition of that id.
    ///
    /// # Errors
    /// [`StoreError`], for example when what is stored is malformed.
    async fn load(&self, id: &str) -> Result<Option<AgentConfiguration>, StoreError>;

    /// Compositions that match, the best record first.
    ///
    /// # Errors
    /// [`StoreError::Value`] for a question out of range.
    async fn search(
        &self,
        query: &ConfigurationQuery,
    ) -> Result<Vec<AgentConfiguration>, StoreError>;

    /// The composition with the best record for a pattern that is not disabled.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn get_best_for_task(
        &self,
        task_pattern: &str,
    ) -> Result<Option<AgentConfiguration>, StoreError> {
        let query = ConfigurationQuery {
            task_pattern: Some(task_pattern.to_owned()),
            limit: usize::MAX,
            ..ConfigurationQuery::default()
        };
        let found = self.search(&query).await?;
        Ok(found
            .into_iter()
            .find(|it| !it.disabled && it.usage_count > 0))
    }

    /// Removes a composition and its record; false when there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn delete(&self, id: &str) -> Result<bool, StoreError>;

    /// All compositions, the last used first, those that were never used last.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list_all(&self) -> Result<Vec<AgentConfiguration>, StoreError>;

    /// Tells planners to leave a composition alone, or to consider it again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn set_disabled(&self, id: &str, disabled: bool) -> Result<(), StoreError>;

    /// The newest outcomes of a composition, the newest first. A store keeps a bounded number of
    /// them; the counts of the composition hold all.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn recent_outcomes(&self, id: &str) -> Result<Vec<RunOutcome>, StoreError>;

    /// What was found malformed and left out since this was last asked.
    fn take_warnings(&self) -> Vec<String>;
}

/// Where patterns are kept that have proven themselves.
#[async_trait]
pub trait PatternLibrary: Send + Sync + fmt::Debug {
    /// Adds a pattern, or brings the figures of the one with its id up to date.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn contribute(&self, pattern: &Pattern) -> Result<(), StoreError>;

    /// Patterns that answer a question, with what matched, the best first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn query(&self, query: &PatternQuery) -> Result<Vec<PatternMatch>, StoreError>;

    /// All patterns, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn patterns(&self) -> Result<Vec<Pattern>, StoreError>;

    /// Removes a pattern; false when there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove(&self, id: &str) -> Result<bool, StoreError>;
}

/// Orders as [`ConfigurationStore::list_all`] does.
pub fn sort_by_last_use(all: &mut [AgentConfiguration]) {
    all.sort_by(|a, b| b.last_used.cmp(&a.last_used).then_with(|| a.id.cmp(&b.id)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_store() {
        for bad in ["", "..", "../x", "a/b", "a\\b", "a\0b", ".hidden", "é"] {
            assert_eq!(
                check_name("id", bad).unwrap_err().code(),
                "ORC1201",
                "{bad:?}"
            );
        }
        assert!(check_name("id", "parallel-0a1b").is_ok());
    }

    #[test]
    fn a_question_out_of_range_is_refused() {
        let refused = |query: ConfigurationQuery| query.check().unwrap_err().to_string();
        let own = ConfigurationQuery::default;
        assert_eq!(
            refused(ConfigurationQuery {
                min_success_rate: 1.5,
                ..own()
            }),
            "min_success_rate `1.5` is not usable: a number from 0 to 1"
        );
        assert!(
            refused(ConfigurationQuery {
                min_quality_score: f64::NAN,
                ..own()
            })
            .contains("0 to 100")
        );
        assert!(refused(ConfigurationQuery { limit: 0, ..own() }).contains("1 or more"));
    }
}
