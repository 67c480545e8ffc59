//! From the store to what a planner is handed.

use orchestrate_core::learning::{
    ConfigurationQuery, ConfigurationStore, Decay, Exploration, Lesson, Lessons, StoreError, Tally,
};

use super::{LearningStore, OUTCOMES, outcomes};
use crate::documents::Select;

/// Runs that a lesson names.
const RUNS: usize = 5;

impl LearningStore {
    /// The lessons for a pattern, or for all. With a half-life, in milliseconds, older outcomes
    /// weigh less; without one all weigh the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lessons(
        &self,
        task_pattern: Option<&str>,
        half_life_ms: Option<f64>,
        exploration: Exploration,
    ) -> Result<Lessons, StoreError> {
        let query = ConfigurationQuery {
            task_pattern: task_pattern.map(str::to_owned),
            limit: usize::MAX,
            ..ConfigurationQuery::default()
        };
        let now = self.now_ms();
        let found = self.search(&query).await?;
        let ids = found.iter().map(|it| it.id.clone()).collect();
        let kept = self.read(OUTCOMES, Select::Keys(ids)).await?;
        let mut lessons = Vec::new();
        for configuration in found {
            let own = kept.iter().find(|it| it.key == configuration.id);
            let mut recent = own.map(|it| outcomes::read(&it.body)).unwrap_or_default();
            recent.reverse();
            let tally = match half_life_ms {
                Some(half_life_ms) => {
                    Tally::decayed(&configuration, &recent, Decay { half_life_ms, now })
                }
                None => Tally::of(&configuration),
            };
            let runs = recent.into_iter().filter_map(|it| it.run).take(RUNS);
            lessons.push(Lesson {
                configuration,
                tally,
                runs: runs.collect(),
            });
        }
        Ok(Lessons {
            lessons,
            exploration,
        })
    }
}
