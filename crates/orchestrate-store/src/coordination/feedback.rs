//! Feedback: how good results were, by workflow, stage and tier, and which tier would do.

use orchestrate_core::canonical;
use orchestrate_core::coordination::{FeedbackStats, Sample, TierAdvice, advise};
use orchestrate_core::learning::StoreError;
use orchestrate_core::template::Tier;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::team::{Team, put, whole};
use crate::documents::Read;

const FEEDBACK: &str = "feedback";
/// How long a sample counts: a week.
const KEPT_MS: u64 = 7 * 24 * 3_600_000;
/// How many samples are kept of a stage at a tier.
const KEPT: usize = 500;

/// The samples of a stage at a tier, in the order of time.
#[derive(Debug, Serialize, Deserialize)]
struct Samples {
    workflow: String,
    stage: String,
    tier: Tier,
    samples: Vec<Sample>,
}

impl Samples {
    fn stats(&self, now: u64) -> Option<FeedbackStats> {
        let young = self.samples.iter().filter(|it| is_young(it, now));
        FeedbackStats::of(&young.copied().collect::<Vec<_>>())
    }
}

fn is_young(sample: &Sample, now: u64) -> bool {
    sample.at.saturating_add(KEPT_MS) > now
}

impl Team {
    /// Records how good a result was, from 0 to 1.
    ///
    /// # Errors
    /// [`StoreError::Value`] for a quality out of range.
    pub async fn record_feedback(
        &self,
        workflow: &str,
        stage: &str,
        tier: Tier,
        quality: f64,
    ) -> Result<(), StoreError> {
        if !(0.0..=1.0).contains(&quality) {
            return Err(StoreError::Value {
                what: "quality",
                given: quality.to_string(),
                possible: "a number from 0 to 1",
            });
        }
        let now = self.now();
        let mut own = Samples {
            workflow: workflow.to_owned(),
            stage: stage.to_owned(),
            tier,
            samples: Vec::new(),
        };
        let key = key(workflow, stage, tier);
        self.change(FEEDBACK, &[Read::key(FEEDBACK, &*key)], move |found| {
            if let Some(known) = whole::<Samples>(found, FEEDBACK).into_iter().next() {
                own.samples = known.samples;
            }
            own.samples.push(Sample { quality, at: now });
            own.samples.retain(|it| is_young(it, now));
            let over = own.samples.len().saturating_sub(KEPT);
            own.samples.drain(..over);
            Ok((vec![put(FEEDBACK, key, &own)], ()))
        })
        .await
    }

    /// The figures of a stage at a tier; none without a sample of the last week.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feedback(
        &self,
        workflow: &str,
        stage: &str,
        tier: Tier,
    ) -> Result<Option<FeedbackStats>, StoreError> {
        let read = Read::key(FEEDBACK, key(workflow, stage, tier));
        let found: Vec<Samples> = self.read(FEEDBACK, read).await?;
        Ok(found.first().and_then(|it| it.stats(self.now())))
    }

    /// Which tier a stage that works at `current` should work at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tier_advice(
        &self,
        workflow: &str,
        stage: &str,
        current: Tier,
    ) -> Result<TierAdvice, StoreError> {
        let mut known = Vec::new();
        for tier in Tier::ALL {
            known.push((*tier, self.feedback(workflow, stage, *tier).await?));
        }
        Ok(advise(current, |tier| {
            let found = known.iter().find(|(other, _)| *other == tier);
            found.and_then(|(_, stats)| *stats)
        }))
    }

    /// The stages whose mean is below `least`, the worst first: workflow, stage, tier and figures.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn underperformers(
        &self,
        least: f64,
    ) -> Result<Vec<(String, String, Tier, FeedbackStats)>, StoreError> {
        let now = self.now();
        let all: Vec<Samples> = self.read(FEEDBACK, Read::all(FEEDBACK)).await?;
        let mut found: Vec<_> = all
            .into_iter()
            .filter_map(|it| {
                let stats = it.stats(now).filter(|stats| stats.mean < least)?;
                Some((it.workflow, it.stage, it.tier, stats))
            })
            .collect();
        found.sort_by(|(.., a), (.., b)| a.mean.total_cmp(&b.mean));
        Ok(found)
    }
}

/// A key for any names, whatever characters they have.
fn key(workflow: &str, stage: &str, tier: Tier) -> String {
    canonical::digest(&json!([workflow, stage, tier]))
}
