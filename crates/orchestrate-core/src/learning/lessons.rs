//! What a planner is handed: the compositions that are known for tasks, and how bold it may be.

use super::{AgentConfiguration, Tally};
use crate::id::RunId;

/// A composition with its record as the planner is to weigh it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The composition.
    pub configuration: AgentConfiguration,
    /// Its record, decayed or not.
    pub tally: Tally,
    /// Runs that it comes from, the newest first; not necessarily all.
    pub runs: Vec<RunId>,
}

/// How often something else than the best known composition may be tried.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Exploration {
    /// Share of plans, from 0 (never) to 1 (always).
    pub share: f64,
    /// Seed of the choice; without it one is derived from the task and the record.
    pub seed: Option<u64>,
}

/// What was learned, handed to one planning call. A value: planning with it stays pure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lessons {
    /// What is known, in any order, for any pattern.
    pub lessons: Vec<Lesson>,
    /// How bold the planner may be.
    pub exploration: Exploration,
}

impl Lessons {
    /// The lessons for a pattern that are not disabled, the best first; equal ones by id.
    pub fn for_pattern(&self, pattern: &str) -> impl Iterator<Item = &Lesson> {
        let mut found: Vec<&Lesson> = self
            .lessons
            .iter()
            .filter(|it| it.configuration.task_pattern == pattern && !it.configuration.disabled)
            .collect();
        found.sort_by(|a, b| {
            a.tally
                .better_first(b.tally)
                .then_with(|| a.configuration.id.cmp(&b.configuration.id))
        });
        found.into_iter()
    }
}
