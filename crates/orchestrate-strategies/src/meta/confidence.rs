//! How sure the planner is: 1, times a documented factor for everything that makes it less so.

use orchestrate_core::task::{TaskComplexity, TaskDomain, TaskRequirements};

use super::analyze::Cues;
use crate::strategy::{Refinement, Teaching};

/// Below this a person is asked when there is one.
pub const ASK_BELOW: f64 = 0.8;

/// From 0 to 1, in thousandths, and the reason as a sentence.
pub(super) fn confidence(
    requirements: &TaskRequirements,
    cues: &Cues,
    strategy: &str,
    agents: usize,
) -> (f64, String) {
    let usual = matches!(
        (strategy, requirements.domain),
        (Teaching::NAME, TaskDomain::Documentation) | (Refinement::NAME, TaskDomain::Refactoring)
    );
    let factors = [
        (
            cues.unclear && cues.skill.is_none(),
            0.7,
            "no word names a domain or a skill",
        ),
        (
            cues.unclear && cues.skill.is_some(),
            0.85,
            "no word names a domain",
        ),
        (agents > 5, 0.8, "more than 5 agents"),
        (
            requirements.complexity == TaskComplexity::Complex,
            0.85,
            "a complex task",
        ),
        (usual, 1.05, "the usual strategy of the domain"),
    ];
    let mut value = 1.0;
    let mut told = String::new();
    for (_, factor, because) in factors.iter().filter(|(holds, ..)| *holds) {
        value *= factor;
        let separator = if told.is_empty() { ": " } else { ", " };
        told.push_str(&format!("{separator}{because} (× {factor})"));
    }
    let value = (f64::min(value, 1.0) * 1000.0).round() / 1000.0;
    (value, format!("confidence {value}{told}"))
}
