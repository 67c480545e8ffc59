//! Which of several patterns that contradict each other holds: five factors, weighed or one alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorKind, Explain};
use crate::learning::Pattern;
use crate::task::{Context, words};

words! {
    /// By what a conflict is resolved.
    ResolutionStrategy, "resolution strategy", {
        /// The pattern that can be relied on most.
        HighestConfidence = "highest_confidence",
        /// The newest pattern.
        MostRecent = "most_recent",
        /// The pattern whose context fits best.
        BestContextMatch = "best_context_match",
        /// The pattern that fits what the team cares for.
        TeamPriority = "team_priority",
        /// All five factors, weighed.
        Weighted = "weighted_score",
    }
}

/// What speaks for a pattern, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ConflictFactors {
    /// How far it can be relied on.
    pub confidence: f64,
    /// Successes per use; 0.5 where it was never used.
    pub success_rate: f64,
    /// 1 for a pattern of today, 0 for one of a year ago.
    pub recency: f64,
    /// How well its context fits.
    pub context_match: f64,
    /// How well it fits what the team cares for.
    pub team_alignment: f64,
}

/// How much each factor weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the confidence.
    pub confidence: f64,
    /// Of the rate of success.
    pub success_rate: f64,
    /// Of the recency.
    pub recency: f64,
    /// Of the context.
    pub context_match: f64,
    /// Of the team.
    pub team_alignment: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            confidence: 0.25,
            success_rate: 0.25,
            recency: 0.15,
            context_match: 0.2,
            team_alignment: 0.15,
        }
    }
}

/// Why a conflict was not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConflictError {
    /// There is no conflict.
    #[error("a conflict needs at least 2 patterns, got {given}")]
    TooFew {
        /// How many there are.
        given: usize,
    },
}

impl Explain for ConflictError {
    fn code(&self) -> &'static str {
        "ORC1220"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Argument
    }

    fn hints(&self) -> Vec<String> {
        vec!["give every pattern that contradicts another".to_owned()]
    }
}

/// How a conflict was resolved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolution {
    /// The id of the pattern that holds.
    pub winner: String,
    /// The ids of the others, the strongest first.
    pub losers: Vec<String>,
    /// By what.
    pub strategy: ResolutionStrategy,
    /// What the winner came to, from 0 to 1.
    pub confidence: f64,
    /// Why, as a sentence.
    pub reasoning: String,
    /// What each pattern came to, by id.
    pub scores: BTreeMap<String, f64>,
    /// The factors of each pattern, by id.
    pub factors: BTreeMap<String, ConflictFactors>,
}

/// Resolves conflicts. Pure: the same patterns, context and moment give the same winner.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictResolver {
    /// By what.
    pub strategy: ResolutionStrategy,
    /// How much the factors weigh, where they are weighed.
    pub weights: Weights,
    /// How much the team cares for types of patterns, from 0 to 1; others have 0.5.
    pub type_preferences: BTreeMap<String, f64>,
    /// Words that the team likes to see.
    pub preferred_tags: Vec<String>,
}

impl Default for ConflictResolver {
    fn default() -> Self {
        let preferences = [
            ("security", 1.0),
            ("best_practice", 0.8),
            ("performance", 0.7),
            ("warning", 0.6),
            ("style", 0.5),
        ];
        Self {
            strategy: ResolutionStrategy::Weighted,
            weights: Weights::default(),
            type_preferences: preferences
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            preferred_tags: Vec::new(),
        }
    }
}

/// What a `team_priority` in the context favours: types of patterns. Its own word counts as a tag.
const PRIORITIES: [(&str, &[&str]); 4] = [
    ("readability", &["style", "best_practice"]),
    ("performance", &["performance", "optimization"]),
    ("security", &["security", "warning"]),
    ("maintainability", &["best_practice", "style"]),
];

const DAY: f64 = 86_400_000.0;

impl ConflictResolver {
    /// The pattern that holds, and why. Of equal ones the first given.
    ///
    /// # Errors
    /// [`ConflictError::TooFew`].
    pub fn resolve(
        &self,
        patterns: &[Pattern],
        context: &Context,
        now: u64,
    ) -> Result<Resolution, ConflictError> {
        let mut ranked: Vec<(&Pattern, ConflictFactors, f64)> = patterns
            .iter()
            .map(|pattern| {
                let factors = self.factors(pattern, context, now);
                (pattern, factors, self.total(factors))
            })
            .collect();
        // The sort is stable, so equal ones stay in the order given.
        ranked.sort_by(|(.., a), (.., b)| b.total_cmp(a));
        let [(winner, own, score), others @ ..] = &*ranked else {
            return Err(ConflictError::TooFew { given: 0 });
        };
        let [(_, theirs, second), ..] = others else {
            return Err(ConflictError::TooFew { given: 1 });
        };
        let reasoning = format!(
            "`{}` holds by {} with {score:.2} against {second:.2}: {}",
            winner.id,
            self.strategy,
            compared(*own, *theirs)
        );
        Ok(Resolution {
            winner: winner.id.clone(),
            losers: others.iter().map(|(it, ..)| it.id.clone()).collect(),
            strategy: self.strategy,
            confidence: *score,
            reasoning,
            scores: ranked
                .iter()
                .map(|(it, _, score)| (it.id.clone(), *score))
                .collect(),
            factors: ranked
                .iter()
                .map(|(it, factors, _)| (it.id.clone(), *factors))
                .collect(),
        })
    }

    fn factors(&self, pattern: &Pattern, context: &Context, now: u64) -> ConflictFactors {
        let used = pattern.success_count + pattern.failure_count > 0;
        let age = now.saturating_sub(pattern.discovered_at) as f64 / DAY;
        ConflictFactors {
            confidence: pattern.confidence.clamp(0.0, 1.0),
            success_rate: if used { pattern.success_rate() } else { 0.5 },
            recency: (1.0 - age / 365.0).max(0.0),
            context_match: context_match(pattern, context),
            team_alignment: self.team_alignment(pattern, context),
        }
    }

    fn total(&self, it: ConflictFactors) -> f64 {
        let weights = &self.weights;
        match self.strategy {
            ResolutionStrategy::HighestConfidence => it.confidence,
            ResolutionStrategy::MostRecent => it.recency,
            ResolutionStrategy::BestContextMatch => it.context_match,
            ResolutionStrategy::TeamPriority => it.team_alignment,
            ResolutionStrategy::Weighted => {
                weights.confidence * it.confidence
                    + weights.success_rate * it.success_rate
                    + weights.recency * it.recency
                    + weights.context_match * it.context_match
                    + weights.team_alignment * it.team_alignment
            }
        }
    }

    fn team_alignment(&self, pattern: &Pattern, context: &Context) -> f64 {
        let priority = context.get("team_priority").and_then(Value::as_str);
        let favoured = PRIORITIES.iter().find(|(name, _)| Some(*name) == priority);
        let mut alignment = 0.5;
        if let Some((name, types)) = favoured {
            if types.contains(&&*pattern.pattern_type) {
                alignment += 0.3;
            }
            if pattern.tags.iter().any(|tag| tag == name) {
                alignment += 0.1;
            }
        }
        let preference = self.type_preferences.get(&pattern.pattern_type);
        alignment = f64::midpoint(alignment, preference.copied().unwrap_or(0.5));
        if pattern
            .tags
            .iter()
            .any(|tag| self.preferred_tags.contains(tag))
        {
            alignment += 0.1;
        }
        alignment.min(1.0)
    }
}

/// How well the context of a pattern fits: half where either says nothing, little where they
/// have no key in common.
fn context_match(pattern: &Pattern, context: &Context) -> f64 {
    if pattern.context.is_empty() || context.is_empty() {
        return 0.5;
    }
    let common = context
        .iter()
        .filter(|(key, _)| pattern.context.contains_key(*key));
    let (mut keys, mut equal) = (0_u32, 0_u32);
    for (key, value) in common {
        keys += 1;
        equal += u32::from(pattern.context.get(key) == Some(value));
    }
    if keys == 0 {
        return 0.3;
    }
    let tags = context.get("tags").and_then(Value::as_array);
    let shared = tags.into_iter().flatten().filter_map(Value::as_str);
    let shared = shared
        .filter(|tag| pattern.tags.iter().any(|own| own == tag))
        .count();
    let bonus = (0.1 * shared as f64).min(0.2);
    (0.8 * f64::from(equal) / f64::from(keys) + bonus + 0.1).min(1.0)
}

/// The factors in which the winner is ahead, in words.
fn compared(own: ConflictFactors, theirs: ConflictFactors) -> String {
    let pairs = [
        ("confidence", own.confidence, theirs.confidence),
        ("success rate", own.success_rate, theirs.success_rate),
        ("recency", own.recency, theirs.recency),
        ("context", own.context_match, theirs.context_match),
        ("team", own.team_alignment, theirs.team_alignment),
    ];
    let ahead: Vec<String> = pairs
        .iter()
        .filter(|(_, own, theirs)| own > theirs)
        .map(|(name, own, theirs)| format!("{name} {own:.2} over {theirs:.2}"))
        .collect();
    match &*ahead {
        [] => "nothing speaks against it".to_owned(),
        ahead => ahead.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pattern(id: &str, kind: &str, confidence: f64, age_days: u64) -> Pattern {
        serde_json::from_value(json!({
            "id": id, "agent_id": "a", "pattern_type": kind, "name": id, "confidence": confidence,
            "discovered_at": (400 - age_days) * 86_400_000, "tags": [kind],
            "context": {"language": "rust", "id": id},
        }))
        .unwrap()
    }

    fn winner(strategy: ResolutionStrategy, context: Value) -> String {
        let patterns = [
            pattern("sure", "style", 0.95, 300),
            pattern("new", "warning", 0.5, 1),
            pattern("safe", "security", 0.6, 200),
        ];
        let resolver = ConflictResolver {
            strategy,
            ..ConflictResolver::default()
        };
        let context = context.as_object().unwrap().clone();
        let resolution = resolver
            .resolve(&patterns, &context, 400 * 86_400_000)
            .unwrap();
        assert_eq!(resolution.losers.len(), 2);
        assert_eq!(resolution.scores[&resolution.winner], resolution.confidence);
        resolution.winner
    }

    #[test]
    fn every_strategy_has_its_winner() {
        use ResolutionStrategy::{
            BestContextMatch, HighestConfidence, MostRecent, TeamPriority, Weighted,
        };
        assert_eq!(winner(HighestConfidence, json!({})), "sure");
        assert_eq!(winner(MostRecent, json!({})), "new");
        assert_eq!(winner(BestContextMatch, json!({"id": "safe"})), "safe");
        assert_eq!(
            winner(TeamPriority, json!({"team_priority": "security"})),
            "safe"
        );
        assert_eq!(winner(Weighted, json!({"id": "new"})), "new");
    }

    #[test]
    fn of_equals_the_first_holds_and_one_pattern_is_no_conflict() {
        let twins = [pattern("a", "style", 0.5, 1), pattern("b", "style", 0.5, 1)];
        let resolver = ConflictResolver::default();
        let resolution = resolver.resolve(&twins, &Context::new(), 0).unwrap();
        assert_eq!(resolution.winner, "a");
        assert!(
            resolution.reasoning.ends_with("nothing speaks against it"),
            "{}",
            resolution.reasoning
        );
        let error = resolver
            .resolve(&twins[..1], &Context::new(), 0)
            .unwrap_err();
        assert_eq!(error, ConflictError::TooFew { given: 1 });
    }

    #[test]
    fn factors_are_those_that_are_documented() {
        let it = pattern("a", "security", 0.5, 73);
        let context = json!({"language": "rust", "id": "z", "tags": ["security"]});
        let factors = ConflictResolver::default().factors(
            &it,
            context.as_object().unwrap(),
            400 * 86_400_000,
        );
        assert_eq!((factors.confidence, factors.success_rate), (0.5, 0.5));
        assert!((factors.recency - 0.8).abs() < 1e-9);
        assert!(
            (factors.context_match - 0.6).abs() < 1e-9,
            "{}",
            factors.context_match
        );
        assert!((factors.team_alignment - 0.75).abs() < 1e-9);
    }
}
