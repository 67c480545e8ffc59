//! A composition and its record: which agents by which strategy, and how often that went well.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::AgentSeat;
use crate::canonical;
use crate::id::RunId;
use crate::plan::ExecutionPlan;
use crate::template::Tier;

/// A quality that is no number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a quality is a number from 0 to 100, not `{0}`")]
pub struct InvalidQuality(pub f64);

/// How one run of a composition went.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    /// The run it comes from, where there is one. One run is counted once, however often it is recorded.
    pub run: Option<RunId>,
    /// Whether the run came to what it was for.
    pub success: bool,
    /// How good its result was, from 0 to 100.
    pub quality: f64,
    /// When it ended.
    pub at: u64,
}

impl RunOutcome {
    /// An outcome.
    ///
    /// # Errors
    /// [`InvalidQuality`] when the quality is no number from 0 to 100.
    pub fn new(success: bool, quality: f64, at: u64) -> Result<Self, InvalidQuality> {
        if !(0.0..=100.0).contains(&quality) {
            return Err(InvalidQuality(quality));
        }
        Ok(Self {
            run: None,
            success,
            quality,
            at,
        })
    }

    /// The same, of a run.
    #[must_use]
    pub fn of_run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }
}

/// A saved composition for one pattern of tasks, with its record.
///
/// What is recorded after loading is kept apart until it is saved: a store adds it to whatever it
/// holds by then. So two processes that load, record and save at the same time lose nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentConfiguration {
    /// Its name: letters, digits, `_`, `-` and `.`.
    pub id: String,
    /// What kind of task it is for, for example `release_prep`.
    pub task_pattern: String,
    /// Who works on it, in the order that the strategy needs.
    pub agents: Vec<AgentSeat>,
    /// The strategy by which they work together.
    pub strategy: String,
    /// Thresholds that its results are to meet, by name.
    pub quality_gates: BTreeMap<String, Value>,
    /// Successes per use, from 0 to 1; 0 before the first use.
    pub success_rate: f64,
    /// Mean quality of all uses, from 0 to 100.
    pub avg_quality_score: f64,
    /// How often it was used.
    pub usage_count: u64,
    /// How often it succeeded.
    pub success_count: u64,
    /// How often it did not.
    pub failure_count: u64,
    /// When it was first saved.
    pub created_at: u64,
    /// When it was last used.
    pub last_used: Option<u64>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Whether planners are to leave it alone.
    pub disabled: bool,
    /// Recorded since it was loaded, oldest first.
    pub(super) unsaved: Vec<RunOutcome>,
}

impl AgentConfiguration {
    /// A composition without any record.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        task_pattern: impl Into<String>,
        agents: Vec<AgentSeat>,
        strategy: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            task_pattern: task_pattern.into(),
            agents,
            strategy: strategy.into(),
            quality_gates: BTreeMap::new(),
            success_rate: 0.0,
            avg_quality_score: 0.0,
            usage_count: 0,
            success_count: 0,
            failure_count: 0,
            created_at: 0,
            last_used: None,
            tags: Vec::new(),
            disabled: false,
            unsaved: Vec::new(),
        }
    }

    /// A composition named by what it is: equal compositions for one pattern have one id everywhere.
    #[must_use]
    pub fn composed(
        task_pattern: impl Into<String>,
        agents: Vec<AgentSeat>,
        strategy: impl Into<String>,
    ) -> Self {
        let (task_pattern, strategy) = (task_pattern.into(), strategy.into());
        let members: Vec<Value> = agents
            .iter()
            .map(|it| json!([it.template, it.tier.map(Tier::as_str), it.seat]))
            .collect();
        let digest = canonical::digest(&json!([task_pattern, strategy, members]));
        let digest: String = digest.chars().take(12).collect();
        let id = format!("{strategy}-{digest}");
        Self::new(id, task_pattern, agents, strategy)
    }

    /// The composition of a plan.
    #[must_use]
    pub fn of(plan: &ExecutionPlan) -> Self {
        let agents = plan
            .agents
            .iter()
            .map(|choice| {
                let agent = plan.plan.agents.get(&choice.id);
                let template = agent.map_or(choice.id.as_str(), |agent| &agent.template.id);
                AgentSeat::new(template, Some(choice.tier)).with_seat(choice.seat.clone())
            })
            .collect();
        let mut this = Self::composed(&*plan.task_pattern, agents, &*plan.strategy);
        this.quality_gates = plan
            .quality_gates
            .iter()
            .map(|(name, threshold)| (name.clone(), Value::from(*threshold)))
            .collect();
        this
    }

    /// Counts an outcome: counts, rate and mean follow at once, a store learns of it when this is saved.
    pub fn record_outcome(&mut self, outcome: RunOutcome) {
        self.count(&outcome);
        self.unsaved.push(outcome);
    }

    /// What was recorded since it was loaded or saved, oldest first.
    #[must_use]
    pub fn unsaved(&self) -> &[RunOutcome] {
        &self.unsaved
    }

    /// What a store calls when it has written the record.
    pub fn mark_saved(&mut self) {
        self.unsaved.clear();
    }

    /// Takes an outcome into the record without remembering it as unsaved; for stores.
    pub fn count(&mut self, outcome: &RunOutcome) {
        self.usage_count += 1;
        if outcome.success {
            self.success_count += 1;
        } else {
            self.failure_count += 1;
        }
        self.success_rate = self.success_count as f64 / self.usage_count as f64;
        // A true running mean: every outcome weighs the same, whatever its place.
        self.avg_quality_score +=
            (outcome.quality - self.avg_quality_score) / self.usage_count as f64;
        self.last_used = self.last_used.max(Some(outcome.at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcome(success: bool, quality: f64) -> RunOutcome {
        RunOutcome::new(success, quality, 1).unwrap()
    }

    #[test]
    fn a_quality_outside_of_its_range_is_refused() {
        for bad in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
            assert!(RunOutcome::new(true, bad, 0).is_err(), "{bad}");
        }
    }

    #[test]
    fn equal_compositions_have_one_id_and_others_another() {
        let of = |pattern: &str, ids: &[&str], strategy: &str| {
            let agents = ids.iter().map(|id| AgentSeat::new(*id, None)).collect();
            AgentConfiguration::composed(pattern, agents, strategy).id
        };
        let one = of("p", &["a", "b"], "parallel");
        assert_eq!(one, of("p", &["a", "b"], "parallel"));
        for other in [
            of("q", &["a", "b"], "parallel"),
            of("p", &["b", "a"], "parallel"),
            of("p", &["a", "b"], "sequential"),
        ] {
            assert_ne!(one, other);
        }
        assert!(one.starts_with("parallel-"), "{one}");
    }

    proptest! {
        #[test]
        fn prop_the_mean_does_not_depend_on_the_order(mut all in proptest::collection::vec((any::<bool>(), 0.0..100.0f64), 1..60)) {
            let fold = |all: &[(bool, f64)]| {
                let mut it = AgentConfiguration::new("x", "p", Vec::new(), "parallel");
                for (success, quality) in all {
                    it.record_outcome(outcome(*success, *quality));
                }
                it
            };
            let forward = fold(&all);
            let mean = all.iter().map(|(_, quality)| quality).sum::<f64>() / all.len() as f64;
            prop_assert!((forward.avg_quality_score - mean).abs() < 1e-9);
            prop_assert_eq!(forward.success_count + forward.failure_count, forward.usage_count);
            prop_assert_eq!(forward.unsaved().len(), all.len());
            all.reverse();
            let backward = fold(&all);
            prop_assert!((forward.avg_quality_score - backward.avg_quality_score).abs() < 1e-9);
            prop_assert_eq!(forward.success_rate, backward.success_rate);
        }
    }
}
